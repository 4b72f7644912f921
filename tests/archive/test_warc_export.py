"""`GET /api/v1/archive.warc.gz`: what is stored, as other programs read it."""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.checker import Checker

from inventory.archive.http_lines import ORIGINAL
from tests.archive.conftest import BODY_LIMIT, World, by_fastwarc, by_warcio
from tests.archive.sites import CODED, CONFIRMED, MOVED, PAGE, TAGGED, URL, a_site, coded
from tests.conftest import Build
from tests.fakes import FakeClock


def test_each_hop_is_a_request_and_a_response_byte_for_byte(world: World) -> None:
    world.collect(URL, MOVED, PAGE)

    info, *exchanges, metadata = world.records(url=URL)

    assert [each.kind for each in exchanges] == ["request", "response"] * 2
    assert (info.kind, metadata.kind) == ("warcinfo", "metadata")
    assert [each["WARC-Target-URI"] for each in exchanges] == [URL, URL, "http://name.test/b", "http://name.test/b"]
    asked, moved, asked_again, page = exchanges
    sent = b"User-Agent: Inventory/0.1 (HTTP metadata inventory)\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate, br, zstd"
    assert asked.block == b"GET /a HTTP/1.1\r\nHost: name.test\r\n" + sent + b"\r\n\r\n"
    assert asked_again.block == b"GET /b HTTP/1.1\r\nHost: name.test\r\n" + sent + b"\r\nCookie: a=b\r\n\r\n"
    assert page.block == PAGE.replace(b"Empty:", b"Empty: ")
    assert page["WARC-Payload-Digest"] == f"sha256:{hashlib.sha256(b'hello').hexdigest()}"
    assert moved.head == MOVED.partition(b"\r\n\r\n")[0].replace(b"Content-Length", b"X-Archive-Orig-Content-Length")
    assert (moved.payload, moved["WARC-Truncated"]) == (b"", "unspecified")
    for request, response in ((asked, moved), (asked_again, page)):
        assert request["WARC-Concurrent-To"] == response["WARC-Record-ID"]
        assert response["WARC-Concurrent-To"] == request["WARC-Record-ID"]
    assert {each["WARC-Date"] for each in (*exchanges, metadata)} == {"2026-01-31T12:00:10.123Z"}


def test_a_redirect_that_says_that_it_has_no_body_is_whole(world: World) -> None:
    world.collect(URL, MOVED.replace(b"4", b"0"), PAGE)

    moved, _ = world.records("response", url=URL)

    assert b"\r\nContent-Length: 0\r\n" in moved.block
    assert "warc-truncated" not in moved.fields


@pytest.mark.parametrize("coding", CODED)
def test_a_body_that_was_decoded_says_so_in_the_names_of_its_lines(world: World, coding: str) -> None:
    body = CODED[coding]
    world.collect(URL, coded(coding.encode(), body))

    [response] = world.records("response", url=URL)

    assert response.payload == b"hello" * 20
    assert response.head.split(b"\r\n")[1:] == [
        f"{ORIGINAL}Content-Encoding: {coding}".encode(),
        f"{ORIGINAL}Content-Length: {len(body)}".encode(),
    ]


def test_a_coding_that_could_not_be_undone_is_still_true(world: World) -> None:
    world.collect(URL, coded(b"gzip", b"this is not gzip"))

    [response] = world.records("response", url=URL)

    assert response.block == coded(b"gzip", b"this is not gzip")


@pytest.mark.parametrize("name", [b"identity", b"UTF-8"])
def test_what_is_no_coding_stays_as_it_was_sent(world: World, name: bytes) -> None:
    world.collect(URL, coded(name, b"hello"))

    [response] = world.records("response", url=URL)

    assert response.block == coded(name, b"hello")


def test_the_framing_of_a_chunked_body_is_named_as_gone(world: World) -> None:
    world.collect(URL, b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-End: 1\r\n\r\n")

    [response], [metadata] = world.records("response", url=URL), world.records("metadata", url=URL)

    assert response.block == b"HTTP/1.1 200 OK\r\nX-Archive-Orig-transfer-encoding: chunked\r\n\r\nhello"
    assert json.loads(metadata.block)["response"]["trailers"] == [{"name": "X-End", "value": "1"}]
    assert json.loads(metadata.block)["renamed"] == [[0]]


def test_a_body_that_was_cut_is_marked(world: World) -> None:
    world.collect(URL, b"HTTP/1.0 200 OK\r\nContent-Length: 3000\r\n\r\n" + b"x" * 3_000)

    [response] = world.records("response", url=URL)

    assert response["WARC-Truncated"] == "length"
    assert response.block == b"HTTP/1.0 200 OK\r\nX-Archive-Orig-Content-Length: 3000\r\n\r\n" + b"x" * BODY_LIMIT
    assert response.fields["warc-protocol"] == ["http/1.0"]


def test_an_unchanged_refresh_is_a_revisit_with_the_head_of_the_page(world: World) -> None:
    world.collect(URL, TAGGED)
    world.refresh(URL, CONFIRMED)

    [response], [revisit] = world.records("response", url=URL), world.records("revisit", url=URL)

    assert revisit.block == b'HTTP/1.1 200 OK\r\nETag: "1"\r\nX-Seen: second\r\nContent-Length: 5\r\n\r\n'
    assert revisit["WARC-Profile"].endswith("/revisit/identical-payload-digest")
    assert revisit["WARC-Refers-To"] == response["WARC-Record-ID"]
    assert revisit["WARC-Refers-To-Target-URI"] == URL
    assert revisit["WARC-Refers-To-Date"] == response["WARC-Date"] < revisit["WARC-Date"]
    assert revisit["WARC-Payload-Digest"] == response["WARC-Payload-Digest"]
    metadata = json.loads(world.records("metadata", url=URL)[-1].block)
    assert (metadata["response"]["not_modified"], metadata["response"]["revalidation"]["status"]) == (True, 304)


def test_a_body_is_repeated_where_its_first_record_is_not_in_the_file(world: World) -> None:
    world.collect(URL, TAGGED)
    world.refresh(URL, CONFIRMED)

    assert [each.payload for each in world.records("response", "revisit", url=URL, since="2026-01-31T12:00:11Z")] == [
        b"hello"
    ]
    assert [each.payload for each in world.records("response", "revisit", q="")] == [b"hello"]


def test_a_range_of_a_history_is_from_its_first_instant_on_and_before_its_last(world: World) -> None:
    for number in (b"1", b"2", b"3"):
        world.collect(URL, PAGE.replace(b"hello", b"hell" + number))
    first, second, third = "2026-01-31T12:00:10.123Z", "2026-01-31T12:00:20.123Z", "2026-01-31T12:00:30.123Z"

    def dates(**query: str) -> list[str]:
        return [each["WARC-Date"] for each in world.records("response", url=URL, **query)]

    assert dates() == [first, second, third]
    assert dates(since=second) == [second, third]
    assert dates(until=second) == [first]
    assert dates(since=third, until=third) == []


def test_a_long_history_is_whole_and_in_order(world: World) -> None:
    ids = [world.collect(URL, PAGE.replace(b"hello", b"%05d" % number)) for number in range(50)]

    found = [json.loads(each.block)["snapshot"] for each in world.records("metadata", url=URL)]

    assert found == ids


def test_a_query_gives_the_snapshot_that_is_current_or_was(world: World) -> None:
    world.collect("http://a.test/", PAGE)
    world.collect("http://b.test/", PAGE)
    world.collect("http://a.test/", PAGE.replace(b"hello", b"world").replace(b"200", b"404"))

    def found(**query: str) -> dict[str, bytes]:
        return {each["WARC-Target-URI"]: each.payload for each in world.records("response", **query)}

    assert found(q="") == {"http://a.test/": b"world", "http://b.test/": b"hello"}
    assert found(q="status:404") == {"http://a.test/": b"world"}
    assert found(q="host:a.test", at="2026-01-31T12:00:25Z") == {"http://a.test/": b"hello"}
    assert found(q="host:c.test") == {}


def test_what_warc_has_no_place_for_is_in_a_record_of_its_own(world: World) -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n"
    snapshot = world.collect(URL, MOVED, hints + PAGE)

    [metadata] = world.records("metadata", url=URL)

    assert metadata["WARC-Target-URI"] == f"urn:inventory:snapshot:{snapshot}", "no page is replayed for it"
    document = json.loads(metadata.block)
    stored = world.services.snapshots.find(snapshot)[1].content
    assert (document["url"], document["snapshot"]) == (URL, snapshot)
    [interim] = document["response"]["interim"]
    assert interim == {"status": 103, "reason": "Early Hints", "headers": [{"name": "Link", "value": "</style.css>"}]}
    assert [set(document), document["renamed"]] == [
        {"url", "snapshot", "collected_at", "renamed", *stored},
        [[1], []],
    ]


def test_a_target_that_was_kept_only_in_part_is_whole_in_the_request(world: World) -> None:
    long = "/" + "b" * 5_000
    world.collect(URL, MOVED.replace(b"/b", long.encode()), PAGE)

    _, request = world.records("request", url=URL)

    assert request.block.startswith(f"GET {long} HTTP/1.1\r\n".encode())


def test_the_file_begins_with_what_wrote_it_and_how_it_asks(world: World) -> None:
    [info] = world.records("warcinfo", q="host:a.test", at=None)

    lines = dict(line.split(": ", 1) for line in info.block.decode().splitlines())
    assert lines["software"].startswith("Inventory/")
    assert lines["format"] == "WARC File Format 1.1"
    assert lines["description"] == "What the query 'host:a.test' means"
    assert lines["http-header-user-agent"] == "Inventory/0.1 (HTTP metadata inventory)"
    assert lines["http-header-accept-encoding"] == "gzip, deflate, br, zstd"


def test_the_same_snapshots_are_the_same_bytes(world: World) -> None:
    a_site(world)

    assert world.archive(q="") == world.archive(q="")


@pytest.mark.parametrize("query", [{"q": ""}, {"url": "http://tagged.test/"}, {"url": URL}])
def test_each_record_is_a_member_of_gzip_whose_digests_are_right(world: World, query: dict[str, str]) -> None:
    a_site(world)
    rest, members = world.archive(**query), []
    while rest:
        inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
        members.append(inflate.decompress(rest))
        assert inflate.eof
        rest = inflate.unused_data

    for member in members:
        head, _, block = member.removesuffix(b"\r\n\r\n").partition(b"\r\n\r\n")
        assert head.startswith(b"WARC/1.1\r\nWARC-Type: ")
        named = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        assert named["Content-Length"] == str(len(block))
        assert named["WARC-Block-Digest"] == "sha256:" + hashlib.sha256(block).hexdigest()
        if named["WARC-Type"] == "response":
            payload = block.partition(b"\r\n\r\n")[2]
            assert named["WARC-Payload-Digest"] == "sha256:" + hashlib.sha256(payload).hexdigest()
        if named["WARC-Type"] in ("request", "metadata", "warcinfo"):
            assert "WARC-Payload-Digest" not in named


@pytest.mark.parametrize("query", [{"q": ""}, {"url": "http://tagged.test/"}, {"url": URL}])
def test_two_readers_find_the_same_records_and_no_fault(world: World, query: dict[str, str], tmp_path: Path) -> None:
    a_site(world)
    archive = world.archive(**query)

    assert by_fastwarc(archive) == by_warcio(archive)
    for each in FastIterator(io.BytesIO(archive), parse_http=False):
        assert each.verify_block_digest()
        if each.headers["WARC-Type"] == "response":
            each.parse_http()
            assert each.verify_payload_digest()
    file = tmp_path / "x.warc.gz"
    file.write_bytes(archive)
    checker = Checker(type("Command", (), {"inputs": [str(file)], "verbose": True}))
    checker.process_one(str(file))
    assert checker.exit_value == 0


def test_a_reader_that_parses_heads_finds_the_lines_as_they_were_sent(world: World) -> None:
    world.collect(URL, PAGE)

    archive = FastIterator(io.BytesIO(world.archive(url=URL)))
    page = next(each for each in archive if each.headers["WARC-Type"] == "response")

    assert (page.http_headers.status_code, page.http_headers.reason_phrase) == (200, "All right")
    assert list(page.http_headers) == [
        ("Content-Type", "text/html"), ("X-Twice", "1"), ("x-twice", "2"), ("é", "café"), ("Empty", ""),
        ("", "no name"), ("X-Twice", "1"), ("Content-Length", "5"),
    ]  # fmt: skip
    assert page.reader.read() == b"hello"


def test_a_large_body_goes_out_in_pieces(make_services: Build, clock: FakeClock) -> None:
    world = World(make_services, clock, body_limit=4_000_000)
    noise = hashlib.shake_256(b"noise").digest(3_000_000)
    world.collect(URL, b"HTTP/1.1 200 OK\r\n\r\n" + noise)

    pieces = list(world.services.archive.history(world.services.records.target("webpage", URL), None, None))

    assert max(map(len, pieces)) < 200_000
    assert [each.payload for each in by_warcio(b"".join(pieces)) if each.kind == "response"] == [noise]


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({}, "q"),
        ({"q": "", "url": URL}, "q"),
        ({"q": "", "since": "7d"}, "since"),
        ({"q": "", "until": "7d"}, "until"),
        ({"url": URL, "at": "7d"}, "at"),
        ({"url": URL, "since": "soon"}, "since"),
        ({"url": URL, "since": "1d", "until": "2d"}, "since"),
        ({"url": "ftp://a.test/"}, "url"),
        ({"q": "a:b"}, "q"),
        ({"q": "", "format": "cdx"}, "format"),
    ],
)
def test_what_it_does_not_take_is_a_problem(world: World, query: dict[str, str], named: str) -> None:
    world.collect(URL, PAGE)

    answer = world.client.get("/api/v1/archive.warc.gz", query_string=query)

    assert (answer.status_code, list(answer.json["errors"])) == (422, [named])


def test_a_webpage_that_is_not_known_is_a_problem(world: World) -> None:
    answer = world.client.get("/api/v1/archive.warc.gz", query_string={"url": URL})

    assert (answer.status_code, answer.json["code"]) == (404, "not_in_inventory")


def test_it_is_an_attachment_with_a_name(world: World) -> None:
    answer = world.client.get("/api/v1/archive.warc.gz?q=")

    assert answer.headers["Content-Disposition"] == 'attachment; filename="archive-2026-01-31T120000.123Z.warc.gz"'
    assert answer.mimetype == "application/gzip"


def test_a_snapshot_that_goes_while_the_file_is_sent_is_left_out(world: World) -> None:
    world.collect(URL, PAGE)
    target = world.services.records.target("webpage", URL)
    content = world.services.archive.history(target, None, None)

    info = next(content)
    world.services.records.delete(target)

    assert [each.kind for each in by_warcio(info + b"".join(content))] == ["warcinfo"]


def test_a_download_takes_one_of_the_few_slots(world: World) -> None:
    slots = [world.services.streams.slots.take(None) for _ in range(world.services.settings.live_streams)]

    assert world.client.get("/api/v1/archive.warc.gz?q=").status_code == 503
    slots[0].close()
    for _ in range(2):
        assert world.archive(q="")

"""`kind=archive`: what the inventory exported is imported as it was, and nothing is fetched for it."""

from __future__ import annotations

import gzip
import hashlib
import io

import pytest

from inventory.imports.documents import warc_captures
from inventory.imports.documents.model import Document, Extent
from inventory.imports.documents.warc_captures import MAX_HELD
from inventory.records.model import State
from inventory.webpages.kept_content import attached
from tests.archive.conftest import World, members
from tests.archive.sites import CODED, CONFIRMED, MOVED, PAGE, TAGGED, URL, a_site, coded
from tests.conftest import Build
from tests.fakes import FakeClock

COOKIES = PAGE.replace(b"\r\n\r\n", b"\r\nSet-Cookie: a=b; Secure\r\nSet-Cookie: \xc3\xa9=2; Path=/\r\n\r\n")


def a_long_history(world: World) -> None:
    """Pages that change, come and go, with redirects, cookies, and answers to conditions."""
    a_site(world)
    world.collect(URL, MOVED, PAGE.replace(b"hello", b"HELLO").replace(b"200", b"404"))
    world.collect(URL, COOKIES)
    world.collect(URL, MOVED, PAGE)
    world.refresh("http://tagged.test/", CONFIRMED.replace(b"second", b"third"))
    world.collect("http://tagged.test/", TAGGED.replace(b"hello", b"moved"))
    world.collect("http://hints.test/", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + PAGE)
    world.collect("http://text.test/", b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n\xc3\xa9")


def test_the_histories_of_all_webpages_are_imported_as_they_were(world: World, empty: World) -> None:
    a_long_history(world)
    before = world.known()

    for url in before:
        rows = empty.load(world.archive(url=url))
        assert {each["outcome"] for each in rows} == {"succeeded"}
        assert {each["detail"] for each in rows} == {"Imported."}

    assert empty.known() == before
    assert not empty.transport.requests
    assert not empty.services.store.records.due(now=empty.services.records.clock(), max_attempts=9, limit=9)


def test_what_a_query_means_is_imported_as_it_is(world: World, empty: World) -> None:
    a_long_history(world)
    before = world.known()

    rows = empty.load(world.archive(q=""))

    assert len(rows) == len(before)
    assert {key: each["snapshots"] for key, each in empty.known().items()} == {
        key: each["snapshots"][:1] for key, each in before.items()
    }


def test_an_export_of_an_import_is_the_same_file(world: World, empty: World) -> None:
    a_long_history(world)
    empty.load(world.archive(url=URL))

    assert members(empty.archive(url=URL))[1:] == members(world.archive(url=URL))[1:]


def test_the_same_file_again_adds_nothing(world: World, empty: World) -> None:
    a_long_history(world)
    archive = world.archive(url=URL)
    empty.load(archive)
    before = empty.known()

    again = empty.load(archive)
    collected = world.load(archive)

    assert {each["detail"] for each in (*again, *collected)} == {"It was there already."}
    assert empty.known() == before


def test_what_was_collected_here_stays_the_latest(world: World, empty: World) -> None:
    world.collect(URL, PAGE)
    archive = world.archive(url=URL)
    empty.collect(URL, TAGGED)

    [row] = empty.load(archive)

    assert row["outcome"] == "succeeded"
    answer = empty.client.get("/api/v1/metadata", query_string={"url": URL}).json
    assert {"name": "X-Seen", "value": "first"} in answer["headers"]
    assert (answer["snapshots"], answer["first_collected_at"]) == (2, "2026-01-31T12:00:10.123Z")


def test_the_past_is_searched_and_compared_as_any_other(world: World, empty: World) -> None:
    world.collect(URL, PAGE)
    world.collect(URL, TAGGED)
    empty.load(world.archive(url=URL))

    def found(**query: str) -> list[str]:
        return [each["url"] for each in empty.client.get("/api/v1/search", query_string=query).json["targets"]]

    assert found(q="header.x-seen:first") == [URL]
    assert found(q="header.x-seen:first", at="2026-01-31T12:00:15Z") == []
    assert found(q="header.x-twice:1", at="2026-01-31T12:00:15Z") == [URL]
    assert empty.client.get("/api/v1/metadata/diff", query_string={"url": URL}).status_code == 200
    assert empty.client.get("/api/v1/changes", query_string={"field": "header.x-seen"}).json["changes"]
    memento = empty.client.get(f"/memento/20260131120010123/{URL}")
    assert (memento.status_code, memento.data) == (200, b"hello")
    assert empty.client.get("/cdx", query_string={"url": URL}).text.count(f" {URL} ") == 2


def test_a_webpage_that_is_pending_stays_pending(world: World, empty: World) -> None:
    world.collect(URL, PAGE)
    assert empty.client.get("/api/v1/metadata", query_string={"url": URL}).status_code == 202

    empty.load(world.archive(url=URL))

    record = empty.services.records.find(empty.services.records.collectable("webpage", URL))
    assert record is not None
    assert record.record.state is State.PENDING
    assert record.snapshot is not None


@pytest.mark.parametrize("removed", ["response", "metadata"])
def test_a_snapshot_of_which_a_record_is_missing_is_rejected_and_no_other(world: World, empty: World, removed: str) -> None:
    for number in (b"1", b"2", b"3"):
        world.collect(URL, PAGE.replace(b"hello", b"hell" + number))
    parts = members(world.archive(url=URL))
    second = [at for at, each in enumerate(parts) if b"WARC-Type: " + removed.encode() in gzip.decompress(each)][1]

    rows = empty.load(b"".join(parts[:second] + parts[second + 1 :]))

    assert [each["outcome"] for each in rows] == ["succeeded", "rejected", "succeeded"]
    assert [each["code"] for each in rows] == [None, "incomplete", None]


def test_responses_that_wait_for_their_metadata_are_bounded() -> None:
    """The first one is given up long before the file ends."""
    info = b"WARC/1.1\r\nWARC-Type: warcinfo\r\nContent-Length: 23\r\n\r\nsoftware: Inventory/1.0\r\n\r\n"
    head = b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.test/%d\r\nContent-Length: 10000\r\n\r\n"
    archive = info + b"".join(head % number + b"x" * 10_000 + b"\r\n\r\n" for number in range(3 * MAX_HELD))
    document = Document(io.BytesIO(archive), Extent(), lambda _: None)

    _, entries = warc_captures.read(document)
    first = next(entries)

    assert "http://a.test/0" in first.cells[0]
    assert document.position < len(archive) / 2
    assert len(list(entries)) == 3 * MAX_HELD - 1


def test_a_member_that_is_damaged_costs_only_its_snapshot(world: World, empty: World) -> None:
    for number in (b"1", b"2", b"3"):
        world.collect(URL, PAGE.replace(b"hello", b"hell" + number))
    parts = members(world.archive(url=URL))
    damaged = bytearray(parts[5])
    damaged[30:40] = b"\xff" * 10

    rows = empty.load(b"".join([*parts[:5], bytes(damaged), *parts[6:]]))

    assert [each["detail"] for each in rows if each["outcome"] == "succeeded"] == ["Imported."] * 2
    assert {each["code"] for each in rows if each["outcome"] == "rejected"} == {"malformed_record", "incomplete"}


def test_a_file_that_breaks_off_gives_the_snapshots_before(world: World, empty: World) -> None:
    for number in (b"1", b"2"):
        world.collect(URL, PAGE.replace(b"hello", b"hell" + number))
    archive = world.archive(url=URL)

    job = empty.job(archive[:-20])

    assert [each["code"] for each in empty.rows(job)] == [None, "incomplete"]
    assert "ends in the middle of a record" in job["error"]


def test_metadata_that_is_not_that_of_the_body_is_rejected(world: World, empty: World) -> None:
    world.collect(URL, PAGE)
    plain = b"".join(map(gzip.decompress, members(world.archive(url=URL))))

    [row] = empty.load(plain.replace(b"\r\n\r\nhello", b"\r\n\r\njello"), "a.warc")

    assert (row["outcome"], row["code"]) == ("rejected", "invalid_snapshot")
    assert empty.known() == {}


def test_bodies_as_they_were_sent_come_back_beside_the_decoded_ones(
    make_services: Build, clock: FakeClock, empty: World
) -> None:
    world = World(make_services, clock, keep_wire=True)
    for coding, body in CODED.items():
        world.collect(f"http://{coding}.test/", coded(coding.encode(), body))
    world.collect("http://tagged.test/", TAGGED.replace(b"hello", gzip.compress(b"hello", mtime=0)).replace(
        b"Content-Length: 5", b"Content-Encoding: gzip"))  # fmt: skip
    world.refresh("http://tagged.test/", CONFIRMED)
    before = world.known()
    assert all("wire" in each["snapshots"][0][2]["body"] for each in before.values())

    for url in before:
        empty.load(world.archive(url=url))

    assert empty.known() == before
    for coding, body in CODED.items():
        [(_, _, content, _)] = before[f"http://{coding}.test/"]["snapshots"]
        assert empty.services.snapshots.body(content["body"]["wire"]["sha256"]) == body


def test_a_certificate_is_attached_if_the_file_has_its_bytes() -> None:
    der = b"the certificate"
    content = {"body": {}, "response": {"tls": {"sha256": hashlib.sha256(der).hexdigest(), "size": len(der)}}}

    with_bytes, [attachment] = attached(content, b"", der)
    without_bytes, none = attached(content, b"", b"another one")

    assert (with_bytes, attachment.content) == (content, der)
    assert (without_bytes["response"]["tls"], none) == ({"sha256": attachment.sha256}, ())

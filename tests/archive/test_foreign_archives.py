"""`kind=archive`: what other programs archived, with what they tell and no more."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from inventory.imports.service import ImportRequest
from inventory.imports.upload import Upload
from inventory.limits import Limits
from tests.archive.conftest import BODY_LIMIT, World, members
from tests.archive.hars import URL, entry, har
from tests.fakes import FakeClock

SAMPLES = Path(__file__).parents[1] / "samples" / "archives"
DATE = "2020-05-01T10:00:00Z"
HTML = [("Content-Type", "text/html; charset=utf-8")]
Lines = Sequence[tuple[str, str]]


class Writer(WARCWriter):  # type: ignore[misc]
    """Theirs leaves its temporary files open."""

    @classmethod
    def _create_temp_file(cls) -> io.BytesIO:
        return io.BytesIO()


class Warc:
    """A file that warcio writes."""

    def __init__(self, *, gzipped: bool = True) -> None:
        self._file = io.BytesIO()
        self._writer = Writer(self._file, gzip=gzipped)

    @property
    def content(self) -> bytes:
        return self._file.getvalue()

    def add(
        self,
        payload: bytes = b"hello",
        *,
        url: str = URL,
        date: str = DATE,
        kind: str = "response",
        status: str = "200 OK",
        lines: Lines = HTML,
        fields: Mapping[str, str] | None = None,
    ) -> Any:
        """Write a record of HTTP; the record."""
        protocol = "" if kind == "request" else "HTTP/1.1"
        head = StatusAndHeaders(status, list(lines), protocol=protocol, is_http_request=kind == "request")
        named = {"WARC-Date": date, **(fields or {})}
        made = self._writer.create_warc_record(url, kind, io.BytesIO(payload), warc_headers_dict=named, http_headers=head)
        self._writer.write_record(made)
        return made

    def add_empty(self, *, date: str, fields: Mapping[str, str]) -> None:
        """Write a revisit without a block."""
        made = self._writer.create_warc_record(
            URL, "revisit", io.BytesIO(), warc_headers_dict={"WARC-Date": date, **fields}, http_headers=None
        )
        self._writer.write_record(made)


def look_up(world: World, url: str = URL) -> dict[str, Any]:
    answer = world.client.get("/api/v1/metadata", query_string={"url": url, "collect": "false"})
    assert answer.status_code == 200, answer.text
    return dict(answer.json)


def test_a_response_is_a_snapshot_of_its_url_at_its_date(world: World) -> None:
    warc = Warc()
    response = warc.add(b"<title>old</title>", fields={"WARC-IP-Address": "192.0.2.7"})
    warc.add(kind="request", status="GET /a HTTP/1.1", payload=b"", lines=[("User-Agent", "x"), ("Cookie", "secret=1")],
             fields={"WARC-Concurrent-To": response.rec_headers.get_header("WARC-Record-ID")})  # fmt: skip

    [row] = world.load(warc.content)

    assert (row["outcome"], row["detail"], row["input"]) == ("succeeded", "Imported.", f"{DATE} {URL}")
    found = look_up(world)
    assert (found["collected_at"], found["snapshots"]) == ("2020-05-01T10:00:00.000Z", 1)
    assert found["headers"] == [{"name": "Content-Type", "value": "text/html; charset=utf-8"}]
    assert (found["body"]["size"], found["page"]["title"]) == (18, "old")
    response = found["response"]
    assert (response["remote_address"], response["tls"], response["elapsed_ms"]) == ("192.0.2.7", None, None)
    assert response["request"]["headers"] == [{"name": "User-Agent", "value": "x"}], "cookies of a browser are somebody's"
    assert not world.transport.requests


@pytest.mark.parametrize("gzipped", [True, False])
def test_the_same_file_again_adds_nothing(world: World, gzipped: bool) -> None:
    warc = Warc(gzipped=gzipped)
    for day in range(1, 4):
        warc.add(b"%d" % day, date=f"2020-05-0{day}T10:00:00Z")
    name = "a.warc.gz" if gzipped else "a.warc"

    first, again = world.load(warc.content, name), world.load(warc.content, name)

    assert [each["detail"] for each in first] == ["Imported."] * 3
    assert [each["detail"] for each in again] == ["It was there already."] * 3
    assert look_up(world)["snapshots"] == 3


@pytest.mark.parametrize("coding", ["gzip", "none"])
def test_a_body_is_decoded_as_a_fetched_one(world: World, coding: str) -> None:
    lines = [*HTML, ("Content-Encoding", "gzip"), ("Transfer-Encoding", "chunked")]
    body = gzip.compress(b"hello", mtime=0) if coding == "gzip" else b"hello"
    chunked = b"%x\r\n%s\r\n0\r\nX-End: 1\r\n\r\n" % (len(body), body)
    warc = Warc()
    warc.add(chunked if coding == "gzip" else body, lines=lines)

    world.load(warc.content)

    found = look_up(world)
    assert (found["body"]["size"], found["body"]["encoding"], found["body"]["truncated"]) == (5, "text", False)
    assert found["response"]["trailers"] == ([{"name": "X-End", "value": "1"}] if coding == "gzip" else [])
    said = " ".join(found["response"]["defects"])
    assert ("without the chunks" in said, "without the gzip coding" in said) == ((coding == "none",) * 2)


@pytest.mark.parametrize("end", [b"0\r\n\r\n", b"5\r\nab", b"x\r\n"])
def test_very_small_chunks_are_read_a_large_piece_at_a_time(world: World, end: bytes) -> None:
    body = bytes(range(97, 123)) * 4_000
    warc = Warc()
    warc.add(b"".join(b"1\r\n%c\r\n" % each for each in body) + end, lines=[*HTML, ("Transfer-Encoding", "chunked")])

    world.load(warc.content)

    found = look_up(world)
    kept = body + b"ab" * (end[:1] == b"5")
    assert (found["body"]["sha256"], found["body"]["size"]) == (hashlib.sha256(kept).hexdigest(), len(kept))
    assert found["body"]["truncated"] is (end[:1] != b"0")


def test_the_rest_of_a_line_that_is_too_long_is_not_of_the_body(world: World) -> None:
    warc = Warc()
    chunked = b"2\r\nab\r\n2;%s\r\ncd\r\n0\r\n\r\n" % (b"x" * 2_000)
    warc.add(chunked, lines=[*HTML, ("Transfer-Encoding", "chunked")])

    world.load(warc.content)

    found = look_up(world)
    assert (found["body"]["size"], found["body"]["truncated"]) == (2, True)


def test_names_that_archives_change_are_turned_back(world: World) -> None:
    warc = Warc()
    warc.add(lines=[("X-Archive-Orig-Content-Encoding", "br"), ("x-archive-orig-server", "nginx")])

    world.load(warc.content)

    assert look_up(world)["headers"] == [{"name": "Content-Encoding", "value": "br"}, {"name": "server", "value": "nginx"}]
    assert look_up(world)["body"]["undecoded"] is None


def test_names_that_crawlers_with_a_browser_change_are_turned_back(world: World) -> None:
    warc = Warc()
    warc.add(lines=[*HTML, ("x-orig-content-encoding", "br"), ("X-Orig-Transfer-Encoding", "chunked"), ("x-orig-host", "a")])

    world.load(warc.content)

    found = look_up(world)
    assert [line["name"] for line in found["headers"]] == [
        "Content-Type",
        "content-encoding",
        "Transfer-Encoding",
        "x-orig-host",
    ]
    assert (found["page_source"], found["response"]["defects"]) == ("hello", [])


@pytest.mark.parametrize(
    ("protocol", "version"),
    [("h2", "2"), ("H3", "3"), ("h2,TLS_1_3", "2"), ("http/1.1", "1.1"), ("tls/1.3", "1.1"), (",", "1.1"), ("", "1.1")],
)
def test_later_versions_of_http_are_fields_of_records(world: World, protocol: str, version: str) -> None:
    warc = Warc()
    warc.add(fields={"WARC-Protocol": protocol})

    world.load(warc.content)

    assert look_up(world)["response"]["http_version"] == version
    [response] = world.records("response", url=URL)
    assert response.block.startswith(b"HTTP/1.1 200 OK\r\n")
    assert response["WARC-Protocol"] == {"2": "h2", "3": "h3", "1.1": "http/1.1"}[version]


def test_a_body_beyond_the_limit_is_cut(world: World) -> None:
    warc = Warc()
    warc.add(b"x" * (BODY_LIMIT + 1))
    warc.add(b"short", url="http://cut.test/", fields={"WARC-Truncated": "length"})

    world.load(warc.content)

    limit = world.services.settings.body_limit
    assert look_up(world)["body"]["size"] == min(limit, BODY_LIMIT + 1)
    assert look_up(world, "http://cut.test/")["body"]["truncated"]


def test_a_redirect_is_a_snapshot_of_its_own(world: World) -> None:
    warc = Warc()
    warc.add(b"", status="301 Moved", lines=[("Location", "/b"), ("Content-Length", "0")])
    warc.add(url="http://name.test/b")

    assert len(world.load(warc.content)) == 2

    assert (look_up(world)["response"]["status"], look_up(world)["redirects"]) == (301, [])
    assert look_up(world, "http://name.test/b")["response"]["status"] == 200


def test_a_revisit_has_the_body_of_the_response_that_it_refers_to(world: World) -> None:
    warc = Warc()
    first = warc.add(lines=[*HTML, ("X-Seen", "first"), ("ETag", '"1"')])
    of_first = {"WARC-Payload-Digest": first.rec_headers.get_header("WARC-Payload-Digest")}
    profile = "http://netpreserve.org/warc/1.1/revisit/"
    warc.add(b"", kind="revisit", date="2020-05-02T10:00:00Z", lines=[*HTML, ("X-Seen", "second")],
             fields={"WARC-Profile": profile + "identical-payload-digest", **of_first})  # fmt: skip
    warc.add(b"", kind="revisit", date="2020-05-03T10:00:00Z", status="304 Not Modified", lines=[("X-Seen", "third")],
             fields={"WARC-Profile": profile + "server-not-modified", "WARC-Refers-To-Target-URI": URL,
                     "WARC-Refers-To-Date": DATE})  # fmt: skip
    warc.add(b"", kind="revisit", date="2020-05-04T10:00:00Z", fields={"WARC-Payload-Digest": "sha1:OTHER"})
    warc.add(b"", date="2020-05-05T10:00:00Z", status="304 Not Modified", lines=[])

    rows = world.load(warc.content)

    assert [each["code"] for each in rows] == [None, None, None, "missing_original", "malformed_record"]
    found = look_up(world)
    assert (found["snapshots"], found["collected_at"]) == (3, "2020-05-03T10:00:00.000Z")
    assert (found["response"]["status"], found["response"]["not_modified"], found["body"]["size"]) == (200, True, 5)
    assert {"name": "X-Seen", "value": "third"} in found["headers"]


def test_a_revisit_without_a_block_is_all_of_the_response_that_it_refers_to(world: World) -> None:
    profile = "http://netpreserve.org/warc/1.1/revisit/"
    refers = {"WARC-Refers-To-Target-URI": URL, "WARC-Refers-To-Date": DATE}
    warc = Warc()
    warc.add(lines=[*HTML, ("X-Seen", "first")])
    warc.add_empty(date="2020-05-02T10:00:00Z", fields={**refers, "WARC-Profile": profile + "identical-payload-digest"})
    warc.add_empty(date="2020-05-03T10:00:00Z", fields={**refers, "WARC-Profile": profile + "server-not-modified"})

    rows = world.load(warc.content)

    assert [each["code"] for each in rows] == [None, None, None]
    found = look_up(world)
    assert (found["snapshots"], found["collected_at"]) == (3, "2020-05-03T10:00:00.000Z")
    assert (found["page_source"], found["headers"][1]["value"], found["response"]["not_modified"]) == (
        "hello",
        "first",
        False,
    )


@pytest.mark.parametrize("is_cut", [True, False])
def test_a_revisit_is_cut_if_the_response_is_that_it_refers_to(world: World, is_cut: bool) -> None:
    cut, refers = {"WARC-Truncated": "length"}, {"WARC-Refers-To-Target-URI": URL, "WARC-Refers-To-Date": DATE}
    warc = Warc()
    warc.add(fields=cut if is_cut else {})
    warc.add(b"", kind="revisit", date="2020-05-02T10:00:00Z", fields=refers if is_cut else {**refers, **cut})

    world.load(warc.content)

    found = look_up(world)
    assert found["collected_at"] == "2020-05-02T10:00:00.000Z"
    assert found["body"]["truncated"] is is_cut
    assert ("the archive has only a part of the body" in found["response"]["defects"]) is is_cut


def test_a_field_may_be_folded_and_one_that_is_missing_is_told(world: World) -> None:
    warc = Warc(gzipped=False)
    warc.add(url=URL)
    warc.add(url=URL)
    folded, nameless = warc.content.split(b"WARC/1.0")[1:]
    folded = folded.replace(b"WARC-Target-URI: ", b"WARC-Target-URI:\r\n ")
    nameless = nameless.replace(b"WARC-Target-URI", b"X-Nothing")

    rows = world.load(b"WARC/1.0" + folded + b"WARC/1.0" + nameless, "site.warc")

    assert [each["code"] for each in rows] == [None, "malformed_record"]


def test_what_is_no_snapshot_is_rejected_with_its_number_and_the_reason(world: World) -> None:
    warc = Warc()
    warc.add(kind="request", status="POST /a HTTP/1.1", payload=b"x=1")
    warc.add()
    warc.add(date="2999-01-01T00:00:00Z")
    warc.add(date="1970-01-01T00:00:00Z")
    warc.add(url="http://127.0.0.1/")
    warc.add(url="http://user:word@name.test/")
    warc.add(url="http://name.test/last")

    rows = world.load(warc.content)

    assert [(each["row"], each["code"]) for each in rows] == [
        (1, "not_get"),
        (2, "invalid_date"),
        (3, "invalid_date"),
        (4, "forbidden_address"),
        (5, "credentials_in_url"),
        (6, None),
    ]
    assert all(each["detail"] for each in rows)


def test_a_broken_member_of_gzip_costs_itself(world: World) -> None:
    warc = Warc()
    for number in range(3):
        warc.add(url=f"http://name.test/{number}")
    first, second, third = members(warc.content)

    rows = world.load(first + second[:60] + b"\0" * 9 + second[69:] + third)

    assert [each["outcome"] for each in rows] == ["succeeded", "rejected", "succeeded"]
    assert "the gzip stream is broken" in rows[1]["detail"]


def test_a_record_in_the_middle_that_does_not_say_its_length_costs_itself(world: World) -> None:
    warc = Warc(gzipped=False)
    for number in range(3):
        warc.add(url=f"http://name.test/{number}")
    start = warc.content.index(b"http://name.test/1")
    at = warc.content.rindex(b"Content-Length", 0, warc.content.index(b"HTTP/1.1", start))

    rows = world.load(warc.content[:at] + b"Content-Longth" + warc.content[at + 14 :], "a.warc")

    assert [(each["outcome"], each["code"]) for each in rows] == [
        ("succeeded", None),
        ("rejected", "malformed_record"),
        ("succeeded", None),
    ]


def test_a_file_that_breaks_off_in_its_gzip_gives_what_was_before(world: World) -> None:
    warc = Warc()
    for number in range(3):
        warc.add(url=f"http://name.test/{number}")

    job = world.job(warc.content[:-15])

    assert [each["outcome"] for each in world.rows(job)] == ["succeeded"] * 2
    assert "The file ends in the middle of a record: the gzip stream is incomplete" in job["error"]


def test_rows_beyond_the_limits_of_a_key_are_rejected(world: World) -> None:
    warc = Warc()
    warc.add(url="http://mine.test/")
    warc.add(url="http://other.test/")
    asked = ImportRequest("archive", limits=Limits(hosts=frozenset({"mine.test"})))
    job = world.services.imports.accept(asked, Upload("a.warc.gz", iter([warc.content])))

    world.work()

    rows = world.rows({"job_id": job.id})
    assert [each["code"] for each in rows] == [None, "out_of_scope"]
    assert list(world.known()) == ["http://mine.test/"]


def test_a_har_tells_less_and_that_is_absent(world: World) -> None:
    headers = [{"name": ":status", "value": "200"}, {"name": "content-type", "value": "text/html; charset=windows-1252"},
               {"name": "set-cookie", "value": "a=b\nc=d"}, {"name": "content-encoding", "value": "br"}]  # fmt: skip
    file = har(entry(content={"text": "<title>caf\u00e9</title>"}, headers=headers))

    [row] = world.load(file, "site.har")

    assert row["input"] == f"2020-05-01T12:00:00.5+02:00 {URL}"
    found = look_up(world)
    assert found["collected_at"] == "2020-05-01T10:00:00.500Z"
    assert [each["name"] for each in found["headers"]] == ["content-type", "set-cookie", "set-cookie", "content-encoding"]
    assert [each["name"] for each in found["cookies"]] == ["a", "c"]
    assert (found["body"]["size"], found["body"]["charset"], found["page"]["title"]) == (19, "windows-1252", "caf\u00e9")
    response = found["response"]
    assert (response["http_version"], response["remote_address"], response["tls"]) == ("2", "2001:db8::1", None)
    times = {name: response[f"{name}_ms"] for name in ("elapsed", "dns", "connect", "tls", "first_byte", "body")}
    assert times == {"elapsed": 120.2, "dns": 5, "connect": 10, "tls": 20, "first_byte": 51, "body": 10}
    assert response["request"]["headers"] == []
    assert world.load(file, "site.har")[0]["detail"] == "It was there already."


def test_bodies_of_a_har_are_text_or_base64_or_missing(world: World) -> None:
    urls = [f"http://name.test/{number}" for number in range(4)]
    contents = [
        {"text": base64.b64encode(b"\x89PNG").decode(), "encoding": "base64"},
        {"text": "!", "encoding": "base64"},
        {},
    ]
    entries = [entry(content=each) for each in contents] + [
        entry(status=302, headers=[{"name": "Content-Length", "value": "0"}])
    ]
    for each, url in zip(entries, urls, strict=True):
        each["request"]["url"] = url

    world.load(har(*entries), "site.har")

    bodies = [look_up(world, url)["body"] for url in urls]
    assert [(each["size"], each["truncated"]) for each in bodies] == [(4, False), (0, True), (0, True), (0, False)]
    assert "the HAR does not have the body" in look_up(world, urls[2])["response"]["defects"]


def test_entries_of_a_har_that_are_no_snapshots_are_rejected(world: World) -> None:
    file = har(entry(), entry(method="POST"), entry(status=0), entry(status=304), {"request": {"url": URL}}, entry(
        startedDateTime="yesterday"))  # fmt: skip

    rows = world.load(file, "site.har")

    codes = [each["code"] for each in rows]
    assert codes == [None, "not_get", "malformed_record", "malformed_record", "malformed_record", "invalid_date"]


def test_a_switch_to_a_web_socket_is_no_response(world: World) -> None:
    [row] = world.load(har(entry(status=101)), "site.har")

    assert (row["code"], row["detail"]) == ("malformed_record", "Its status is 101, which is not that of a final response.")


@pytest.mark.parametrize("name", ["wget.warc.gz", "chromium.har"])
def test_files_of_real_programs_are_imported(world: World, clock: FakeClock, name: str) -> None:
    rows = world.load((SAMPLES / name).read_bytes(), name)

    assert [each["outcome"] for each in rows] == ["succeeded"] * 5
    assert look_up(world, "http://name.test/moved")["response"]["status"] == 302
    page = look_up(world, "http://name.test/")
    assert (page["page"]["title"], page["page"]["hosts"]["script"]) == ("Caf\u00e9", ["name.test"])
    assert [each["name"] for each in page["cookies"]] == ["a", "c"]
    assert look_up(world, "http://name.test/none")["response"]["status"] == 404
    sizes = {path: look_up(world, f"http://name.test/{path}")["body"]["size"] for path in ("app.js", "dot.png")}
    assert sizes == {"app.js": 8, "dot.png": 8}


def test_a_job_goes_on_where_a_worker_was_killed(world: World, clock: FakeClock) -> None:
    warc = Warc()
    for number in range(250):
        warc.add(
            b"%d" % number, url=f"http://name.test/{number % 10}", date=f"2020-05-01T10:{number // 60:02}:{number % 60:02}Z"
        )
    job_id = world.upload(warc.content)
    runner = world.services.job_runner()
    for _ in range(2):  # the file is split, and some rows of the first batch are done
        claimed = runner.claim()
        assert claimed is not None
        runner.step(claimed)
    clock.forward(timedelta(minutes=10).total_seconds())

    world.work()

    job = world.client.get(f"/api/v1/jobs/{job_id}").json
    assert (job["status"], job["succeeded"], job["rejected"], job["failed"]) == ("completed", 250, 0, 0)
    assert {each["collected"][2] for each in world.known().values()} == {25}


def test_the_preview_says_what_would_be_imported(world: World) -> None:
    warc = Warc()
    warc.add()
    warc.add(date="2999-01-01T00:00:00Z")

    form = {"file": (io.BytesIO(warc.content), "a.warc.gz")}
    answer = world.client.post("/api/v1/imports/preview", query_string={"kind": "archive"}, data=form)

    assert (answer.status_code, answer.json["format"]["name"]) == (200, "warc")
    assert [(each["row"], each["input"], each["code"]) for each in answer.json["rows"]] == [
        (1, f"{DATE} {URL}", None),
        (2, f"2999-01-01T00:00:00Z {URL}", "invalid_date"),
    ]


@pytest.mark.parametrize(
    ("content", "name", "said"),
    [
        (b"no archive", "a.warc", "It is not a WARC file"),
        (gzip.compress(b"no archive", mtime=0), "a.warc.gz", "It is not a WARC file"),
        (b"{}", "a.har", "none of its first entries"),
        (b"[", "a.har", "It is not JSON as a HAR is"),
        ("{}".encode("utf-16"), "a.har", "It is not JSON as a HAR is: lexical error: invalid char in json text."),
        (b"http://name.test/\n", "a.txt", "is of a type that this import does not take"),
    ],
)
def test_a_file_that_is_no_archive_is_refused_at_once(world: World, content: bytes, name: str, said: str) -> None:
    form = {"file": (io.BytesIO(content), name)}
    answer = world.client.post("/api/v1/imports", query_string={"kind": "archive"}, data=form)

    assert answer.status_code in (415, 422)
    assert said in answer.json["detail"]

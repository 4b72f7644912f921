"""With INVENTORY_KEEP_WIRE_BODIES the archive has coded bodies as they were sent, and the lines about them are true."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from typing import Any

import brotli
import pytest
import zstandard
from fastwarc.warc import ArchiveIterator as FastIterator
from warcio.archiveiterator import ArchiveIterator

from inventory.archive.http_lines import ORIGINAL
from tests.archive.conftest import BODY_LIMIT, World, by_fastwarc, by_warcio
from tests.conftest import Build
from tests.fakes import FakeClock

URL = "http://name.test/a"
TEXT = b"<p>hello" * 20
NOISE = hashlib.shake_256(b"noise").digest(BODY_LIMIT)
CODED = {
    "gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
    "gzip, gzip": gzip.compress(gzip.compress(TEXT)),
    "gzip, of two members": gzip.compress(TEXT[:80]) + gzip.compress(TEXT[80:]),
}
DECODED_BY_WARCIO = {"gzip", "deflate"}
"""Of `gzip, gzip` and zstd it gives the bytes as they are, of several members the first, and br it cannot undo."""


@pytest.fixture
def world(make_services: Build, clock: FakeClock) -> World:
    return World(make_services, clock, keep_wire=True)


def coded(name: str, body: bytes, *lines: bytes) -> bytes:
    coding = name.replace(", of two members", "").encode()
    size = b"Content-Length: %d" % len(body)
    return b"\r\n".join([b"HTTP/1.1 200 OK", b"Content-Encoding: " + coding, size, *lines, b"", body])


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def metadata(world: World) -> dict[str, Any]:
    return dict(world.client.get("/api/v1/metadata", query_string={"url": URL}).json)


@pytest.mark.parametrize("name", CODED)
def test_the_response_is_what_was_sent_byte_for_byte(world: World, name: str) -> None:
    world.collect(URL, coded(name, CODED[name]))

    archive = world.archive(url=URL)

    for records in (by_warcio(archive), by_fastwarc(archive)):
        [response] = [each for each in records if each.kind == "response"]
        assert response.block == coded(name, CODED[name])
        assert response["WARC-Payload-Digest"] == f"sha256:{sha256(CODED[name])}"
        assert "warc-truncated" not in response.fields
    assert json.loads(by_warcio(archive)[-1].block)["renamed"] == [[]]


@pytest.mark.parametrize("name", CODED)
def test_readers_that_undo_codings_find_the_digests_right(world: World, name: str) -> None:
    world.collect(URL, coded(name, CODED[name]))
    archive = world.archive(url=URL)

    for one in ArchiveIterator(io.BytesIO(archive), check_digests="raise"):
        if one.rec_type == "response":
            assert one.raw_stream.read() == CODED[name]
    if name in DECODED_BY_WARCIO:
        found = [
            each.content_stream().read() for each in ArchiveIterator(io.BytesIO(archive)) if each.rec_type == "response"
        ]
        assert found == [TEXT]
    for each in FastIterator(io.BytesIO(archive), parse_http=True, auto_decode="none"):
        if each.headers["WARC-Type"] == "response":
            assert each.reader.read() == CODED[name]


@pytest.mark.parametrize("name", CODED)
def test_what_the_api_shows_is_the_page(world: World, name: str) -> None:
    world.collect(URL, coded(name, CODED[name]))

    shown = metadata(world)

    assert shown["page_source"].encode() == TEXT
    assert (shown["body"]["sha256"], shown["body"]["size"]) == (sha256(TEXT), len(TEXT))
    assert shown["body"]["wire"] == {"sha256": sha256(CODED[name]), "size": len(CODED[name]), "truncated": False}
    for body in (TEXT, CODED[name]):
        assert world.client.get(f"/api/v1/bodies/{sha256(body)}").data == body
    assert f'href="/api/v1/bodies/{sha256(CODED[name])}"' in world.client.get("/record", query_string={"url": URL}).text


def test_without_the_setting_it_is_not_kept(make_services: Build, clock: FakeClock) -> None:
    world = World(make_services, clock)
    world.collect(URL, coded("gzip", CODED["gzip"]))

    assert "wire" not in metadata(world)["body"]
    assert world.client.get(f"/api/v1/bodies/{sha256(CODED['gzip'])}").status_code == 404


def test_the_framing_is_still_named_as_gone(world: World) -> None:
    body = CODED["gzip"]
    chunk = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    lines = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    world.collect(URL, lines + chunk)

    [response] = world.records("response", url=URL)

    assert response.block == lines.replace(b"Transfer", f"{ORIGINAL}Transfer".encode()) + body


def test_a_body_that_is_the_same_coded_and_decoded_is_kept_once(world: World) -> None:
    world.collect(URL, coded("gzip", b""))

    [response] = world.records("response", url=URL)

    assert response.block == coded("gzip", b"")
    assert metadata(world)["body"]["wire"]["sha256"] == metadata(world)["body"]["sha256"]


def test_a_coded_body_that_was_cut_is_marked(world: World) -> None:
    body = gzip.compress(NOISE * 20)
    world.collect(URL, coded("gzip", body))

    [response] = world.records("response", url=URL)

    assert response["WARC-Truncated"] == "length"
    assert response.head.split(b"\r\n")[1] == b"Content-Encoding: gzip"
    assert response.head.split(b"\r\n")[2].startswith(f"{ORIGINAL}Content-Length".encode())
    assert body.startswith(response.payload)
    assert metadata(world)["body"]["wire"]["truncated"]


def test_a_body_of_which_more_was_decoded_than_was_kept_coded_is_written_decoded(world: World) -> None:
    body = gzip.compress(NOISE, 0)
    world.collect(URL, coded("gzip", body))

    [response] = world.records("response", url=URL)

    assert response.payload == NOISE
    assert "warc-truncated" not in response.fields
    assert response.head.split(b"\r\n")[1] == f"{ORIGINAL}Content-Encoding: gzip".encode()


def test_a_revisit_is_of_the_same_bytes_not_of_the_same_page(world: World) -> None:
    once, again = gzip.compress(TEXT, 9, mtime=0), gzip.compress(TEXT, 1, mtime=0)
    for body in (once, again, once):
        world.collect(URL, coded("gzip", body))

    first, second, third = world.records("response", "revisit", url=URL)

    assert [each.kind for each in (first, second, third)] == ["response", "response", "revisit"]
    assert third["WARC-Refers-To"] == first["WARC-Record-ID"]
    assert third["WARC-Payload-Digest"] == f"sha256:{sha256(once)}"
    assert third.block == coded("gzip", once).removesuffix(once)


def test_an_unchanged_refresh_shares_the_coded_body(world: World) -> None:
    body = CODED["gzip"]
    world.collect(URL, coded("gzip", body, b'ETag: "1"'))
    world.refresh(URL, b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nX-Seen: twice\r\n\r\n')

    _, revisit = world.records("response", "revisit", url=URL)
    [current] = world.records("response", q="")

    assert b"\r\nContent-Encoding: gzip\r\n" in revisit.block
    assert current.payload == body
    assert b"\r\nX-Seen: twice" in current.block
    world.services.store.snapshots.retire(keep=1, limit=9)
    assert world.records("response", url=URL)[0].payload == body


def test_coded_bodies_go_with_the_snapshots_that_name_them(world: World) -> None:
    for name in ("gzip", "br"):
        world.collect(URL, coded(name, CODED[name]))

    world.services.store.snapshots.retire(keep=1, limit=9)
    assert world.client.get(f"/api/v1/bodies/{sha256(CODED['gzip'])}").status_code == 404
    assert world.client.get(f"/api/v1/bodies/{sha256(CODED['br'])}").data == CODED["br"]

    world.client.delete("/api/v1/metadata", query_string={"url": URL})
    assert world.client.get(f"/api/v1/bodies/{sha256(CODED['br'])}").status_code == 404

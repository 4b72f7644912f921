"""With `keep_wire` a coded body comes as it was sent, too, and nothing else about it is different."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from dataclasses import replace

import brotli
import pytest
import zstandard

from inventory.http_client.body import Body, WireBody, read_body
from inventory.http_client.received import SHARE
from inventory.memory_budget import MemoryBudget
from tests.http_client.raw import reader_of

LIMIT = 1_000
TEXT = b"hello, world " * 20
NOISE = hashlib.shake_256(b"noise").digest(900)
CODED = {
    "gzip": gzip.compress(TEXT),
    "deflate": zlib.compress(TEXT),
    "br": brotli.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
    "gzip, br": brotli.compress(gzip.compress(TEXT)),
}


def answer(coding: str, body: bytes, *lines: str) -> bytes:
    named = "".join(f"{each}\r\n" for each in (*([f"Content-Encoding: {coding}"] if coding else []), *lines))
    framed = named if "chunked" in named else f"{named}Content-Length: {len(body)}\r\n"
    return f"HTTP/1.1 200 OK\r\n{framed}\r\n".encode() + body


def read(sent: bytes, *, limit: int = LIMIT, keep_wire: bool = True) -> Body:
    response = reader_of(sent)
    response.read_head()
    return read_body(response, limit, keep_wire=keep_wire)


@pytest.mark.parametrize("coding", CODED)
def test_a_coded_body_is_kept_as_it_was_sent(coding: str) -> None:
    body = read(answer(coding, CODED[coding]))

    assert (body.content, body.truncated) == (TEXT, False)
    assert body.wire == WireBody(CODED[coding], truncated=False)


@pytest.mark.parametrize("coding", CODED)
def test_without_it_the_body_is_the_same_but_for_that(coding: str) -> None:
    sent = answer(coding, CODED[coding])

    assert read(sent, keep_wire=False) == replace(read(sent), wire=None)


def test_chunks_are_joined() -> None:
    coded = CODED["gzip"]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(each), each) for each in (coded[:7], coded[7:]))

    body = read(answer("gzip", chunks + b"0\r\n\r\n", "Transfer-Encoding: chunked"))

    assert body.wire == WireBody(coded, truncated=False)


@pytest.mark.parametrize("coding", ["", "identity", "UTF-8"])
def test_a_body_without_a_coding_is_not_doubled(coding: str) -> None:
    body = read(answer(coding, TEXT))

    assert (body.content, body.wire) == (TEXT, None)


def test_a_body_whose_coding_cannot_be_undone_is_as_it_was_sent_already() -> None:
    body = read(answer("gzip", b"this is not gzip"))

    assert (body.content, body.undecoded, body.wire) == (b"this is not gzip", "gzip", None)


def test_a_transfer_coding_upon_it_is_named_by_no_line_of_the_content() -> None:
    coded = gzip.compress(CODED["br"])
    chunked = b"%x\r\n%b\r\n0\r\n\r\n" % (len(coded), coded)

    body = read(answer("br", chunked, "Transfer-Encoding: gzip, chunked"))

    assert (body.content, body.wire) == (TEXT, None)


def test_what_was_sent_of_a_coding_that_ends_too_early_is_whole() -> None:
    coded = CODED["gzip"][:-10]

    body = read(answer("gzip", coded))

    assert body.truncated
    assert body.wire == WireBody(coded, truncated=False)


def test_what_follows_the_end_of_a_coding_was_sent_too() -> None:
    coded = CODED["gzip"] + b"more"

    body = read(answer("gzip", coded))

    assert body.content == TEXT
    assert body.wire == WireBody(coded, truncated=False)


def test_of_a_body_that_is_cut_the_beginning_is_kept_in_both_forms() -> None:
    coded = gzip.compress(NOISE * 1_000)

    body = read(answer("gzip", coded))

    assert (len(body.content), body.truncated) == (LIMIT, True)
    assert body.wire is not None
    assert body.wire.truncated
    assert coded.startswith(body.wire.content)
    assert len(body.wire.content) <= LIMIT


def test_a_body_that_is_larger_coded_than_the_limit_is_cut_there_coded() -> None:
    coded = gzip.compress(NOISE + NOISE[:99], 0)
    assert len(coded) > LIMIT

    body = read(answer("gzip", coded))

    assert (len(body.content), body.truncated) == (999, False)
    assert body.wire == WireBody(coded[:LIMIT], truncated=True)


def test_a_large_body_takes_the_memory_for_one_more_copy() -> None:
    limit = 4 * SHARE
    text = hashlib.shake_256(b"large").digest(3 * SHARE)
    coded = gzip.compress(text)
    budget = MemoryBudget(100 * limit)

    held = []
    for keep_wire in (False, True):
        response, room = reader_of(answer("gzip", coded)), budget.room()
        response.read_head()
        body = read_body(response, limit, room, keep_wire=keep_wire)
        assert body.content == text
        assert body.wire == (WireBody(coded, truncated=False) if keep_wire else None)
        held.append(room.held)

    assert held[1] - held[0] == limit

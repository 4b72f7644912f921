"""A body takes about its size in memory while it is read, however many pieces it comes in."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from inventory.http_client.body import read_body
from tests.http_client.raw import reader_of

SIZE = 200_000
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
TINY = {
    "chunks of two bytes": CHUNKED + b"\r\n" + b"2\r\nxy\r\n" * (SIZE // 2) + b"0\r\n\r\n",
    "gzip of tiny members": b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"xy") * (SIZE // 2),
}


@pytest.mark.parametrize("answer", TINY.values(), ids=TINY)
def test_a_body_of_many_small_pieces_takes_little_more_than_its_size(answer: bytes) -> None:
    response = reader_of(answer)
    response.read_head()
    tracemalloc.start()
    try:
        body = read_body(response, 10 * SIZE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert len(body.content) == SIZE
    sent = len(answer) if b"gzip" in answer else 0  # its coded bytes are kept in case that they cannot be decoded
    assert peak < 4 * SIZE + sent + 500_000

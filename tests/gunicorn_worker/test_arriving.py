"""When a request has arrived: however its bytes arrive, it gets a thread neither too early nor too late."""

from __future__ import annotations

import pytest

from inventory.client_speed import BUFFERED_BODY
from inventory.gunicorn_worker.arriving import MAX_CHUNKS, Arrived, ChunkedBody, SizedBody, head_has_arrived

HEAD = b"GET /a HTTP/1.1\r\nHost: h\r\nX: y\r\n\r\n"
CHUNKED = b"5\r\nabcde\r\nA;name=value\r\n0123\r\n\r\n56\r\n0\r\nTrailer: x\r\n\r\n"


def arrives_at(arrived: Arrived, content: bytes, step: int) -> int | None:
    """How many bytes are there when it has arrived, if they come so many at a time."""
    inbox = bytearray()
    while len(inbox) < len(content):
        known = len(inbox)
        inbox += content[known : known + step]
        if arrived(inbox, known):
            return len(inbox)
    return None


@pytest.mark.parametrize("step", range(1, len(HEAD) + 1))
def test_a_head_has_arrived_with_its_last_byte(step: int) -> None:
    assert arrives_at(head_has_arrived, HEAD, step) == min(len(HEAD), -(-len(HEAD) // step) * step)


@pytest.mark.parametrize("content", [b"GET /a HTTP/1.1\n", b"\n", b"GET /a HTTP/1.1\r\nX: y\n", b"GET /a HTTP/1.1\r\n\n"])
def test_a_line_that_ends_wrongly_is_not_waited_for(content: bytes) -> None:
    assert arrives_at(head_has_arrived, content, 1) == len(content)


@pytest.mark.parametrize("content", [b"GET /a HTTP/1.1\r\n", b"\r\n", b"GET", HEAD[:-1], b"\x16\x03\x01\x02\x00"])
def test_the_rest_of_a_head_is_waited_for(content: bytes) -> None:
    assert arrives_at(head_has_arrived, content, 1) is None


@pytest.mark.parametrize("step", range(1, len(CHUNKED) + 1))
def test_a_chunked_body_has_arrived_with_its_last_byte(step: int) -> None:
    chunks = ChunkedBody()

    assert arrives_at(chunks, CHUNKED, step) == min(len(CHUNKED), -(-len(CHUNKED) // step) * step)
    assert (chunks.size, chunks.whole(b"")) == (15, True)


@pytest.mark.parametrize("content", [b"ZZ\r\n", b"-1\r\n", b"\r\n", b"1" * 16 + b"\r\n", b"1\r\nab\r\n\r\n"])
def test_a_chunked_body_that_is_malformed_is_the_parsers_to_refuse(content: bytes) -> None:
    assert arrives_at(ChunkedBody(), content, 1) is not None


@pytest.mark.parametrize(
    "content", [CHUNKED[:-1], CHUNKED[:-2], b"5\r\nabc", b"5", b"0\r\n", b"fffffffff\r\n" + b"x" * 10_000]
)
def test_the_rest_of_a_chunked_body_is_waited_for(content: bytes) -> None:
    chunks = ChunkedBody()

    assert arrives_at(chunks, content, 1) is None
    assert not chunks.whole(content)


def test_a_line_before_a_chunk_is_not_waited_for_without_end() -> None:
    assert arrives_at(ChunkedBody(), b"1" * 10_000, 100) == 8_200


def test_only_so_many_chunks_are_waited_for() -> None:
    chunks = ChunkedBody()

    assert arrives_at(chunks, b"1\r\nx\r\n" * (MAX_CHUNKS + 10), 1) == 6 * MAX_CHUNKS + len(b"1\r\n")
    assert not chunks.whole(b"")


@pytest.mark.parametrize("length", [1, 1_000, BUFFERED_BODY])
def test_a_body_of_known_length_has_arrived_with_its_last_byte(length: int) -> None:
    body = SizedBody(length)

    assert arrives_at(body, b"x" * (length + 1), 1) == length


@pytest.mark.parametrize("body", [SizedBody(10**9), ChunkedBody()])
def test_of_a_large_body_the_beginning_is_waited_for(body: SizedBody | ChunkedBody) -> None:
    content = b"3B9ACA00\r\n" + b"x" * BUFFERED_BODY

    assert arrives_at(body, content, 1024) == BUFFERED_BODY
    assert not body.whole(content)

"""Where a body ends: as RFC 9112 says, and as curl takes it where nothing can be mistaken."""

from __future__ import annotations

import gzip

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import SourceFailure
from inventory.http_client.body import Body, read_body
from inventory.http_client.framing import chunk_size
from inventory.http_client.response_reader import ResponseReader
from tests.http_client.raw import reader_of

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CHUNKS = b"2\r\nok\r\n0\r\n\r\n"
TOGETHER = "Transfer-Encoding and Content-Length together; Content-Length was ignored"
NO_LENGTH = "Content-Length is not one number of bytes"
AFTER_END = "bytes after the end of the response were ignored"


def read(sent: bytes) -> tuple[ResponseReader, Body]:
    """What reads these bytes as a response, and its body."""
    response = reader_of(sent)
    response.read_head()
    return response, read_body(response, 1_000)


def defects_of(response: ResponseReader, body: Body) -> list[str]:
    return [*response.head.defects, *body.defects]


LENGTHS: dict[str, tuple[bytes, ...]] = {
    "one": (b"2",),
    "in a list": (b"2, 2",),
    "in a list without blanks": (b"2,2,2",),
    "in lists with empty elements": (b",2,, 2,",),
    "on two lines": (b"2", b"2"),
    "on two lines, one a list": (b"2, 2", b"2"),
    "with leading zeros": (b"0000000000000000000000000000000000002",),
    "with leading zeros on one of two lines": (b"2", b"02"),
    "among blanks": (b" \t2\t ",),
}


@pytest.mark.parametrize("lengths", LENGTHS.values(), ids=LENGTHS)
def test_lengths_that_agree_are_one_length(lengths: tuple[bytes, ...]) -> None:
    lines = b"".join(b"Content-Length: %b\r\n" % length for length in lengths)
    response, body = read(OK + lines + b"\r\nok, and more")

    assert (body.content, body.truncated, defects_of(response, body)) == (b"ok", False, [AFTER_END])


@pytest.mark.parametrize(
    "lengths",
    [(b"2, 3",), (b"2", b"3"), (b"2", b"x"), (b"x",), (b"2 2",), (b"2;",), (b"+2",), (b"-2",), (b"0x2",), (b"2.0",),
     (b'"2"',), (b"\xb2",), (b"",), (b",",), (b"1" * 19,), (b"9" * 5_000,), (b"2\x0b",)],
    ids=lambda lengths: repr(lengths)[:20],
)  # fmt: skip
def test_lengths_that_are_not_one_number_are_no_http(lengths: tuple[bytes, ...]) -> None:
    lines = b"".join(b"Content-Length: %b\r\n" % length for length in lengths)
    with pytest.raises(SourceFailure, match=NO_LENGTH) as caught:
        read(OK + lines + b"\r\nok")

    assert (caught.value.code, caught.value.permanent) == ("invalid_response", True)


NEEDLESS: dict[str, tuple[bytes, bytes, list[str]]] = {
    "204": (b"HTTP/1.1 204 No Content\r\nContent-Length: x\r\n\r\n", b"", [NO_LENGTH]),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 2, 3\r\n\r\n", b"", [NO_LENGTH]),
    "304 with the length of the page": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n", b"", []),
    "101": (b"HTTP/1.1 101 Switching\r\nContent-Length: x\r\n\r\n", b"", [NO_LENGTH]),
    "chunks": (OK + b"Content-Length: x\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS, b"ok", [NO_LENGTH, TOGETHER]),
    "chunks, and two lengths": (
        OK + b"Content-Length: 2\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
        b"ok",
        [NO_LENGTH, TOGETHER],
    ),
}


@pytest.mark.parametrize(("sent", "content", "defects"), NEEDLESS.values(), ids=NEEDLESS)
def test_a_malformed_length_that_is_not_needed_is_a_defect(sent: bytes, content: bytes, defects: list[str]) -> None:
    response, body = read(sent)

    assert (body.content, defects_of(response, body)) == (content, defects)


@pytest.mark.parametrize(
    ("head", "reusable"),
    [
        (b"HTTP/1.1 204 No Content\r\n", True),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n", True),
        (b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n", False),
        (b"HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n", False),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n", True),
        (b"HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n", False),
    ],
)
def test_a_body_that_is_none_may_come_all_the_same(head: bytes, reusable: bool) -> None:
    response, body = read(head + b"\r\n")

    assert (body.content, body.undecoded, response.reusable()) == (b"", None, reusable)


CODINGS = [b"chunked", b"Chunked", b"chunked,", b", chunked", b",,chunked , ,", b"identity, chunked", b"chunked, identity",
           b"chunked, chunked", b"\tchunked\t"]  # fmt: skip


@pytest.mark.parametrize("value", CODINGS, ids=repr)
def test_chunks_are_undone_however_they_are_named(value: bytes) -> None:
    response, body = read(OK + b"Transfer-Encoding: " + value + b"\r\n\r\n" + CHUNKS)

    assert (body.content, body.undecoded, defects_of(response, body)) == (b"ok", None, [])
    assert response.reusable()


@pytest.mark.parametrize("value", [b"", b",", b" , ,", b"identity", b"identity, ,"], ids=repr)
def test_a_transfer_coding_that_is_none_leaves_the_length_in_force(value: bytes) -> None:
    response, body = read(OK + b"Transfer-Encoding: " + value + b"\r\nContent-Length: 2\r\n\r\nok")

    assert (body.content, defects_of(response, body)) == (b"ok", [])
    assert not response.reusable()


@pytest.mark.parametrize(
    "value",
    [b"\x0bchunked", b"chunked\xa0", b'"chunked"', b"chunked;q=1", b"chunked, gzip", b"x-chunked", b"chunked gzip"],
    ids=repr,
)
def test_what_is_not_chunks_as_the_last_coding_is_kept_as_it_came(value: bytes) -> None:
    response, body = read(OK + b"Transfer-Encoding: " + value + b"\r\n\r\n" + CHUNKS)

    assert body.content == CHUNKS
    assert body.undecoded is not None
    assert not response.reusable()


@pytest.mark.parametrize("value", [b"binary", b"None", b"8bit, utf-8"], ids=repr)
def test_what_is_no_coding_leaves_the_length_in_force_and_is_a_defect(value: bytes) -> None:
    response, body = read(OK + b"Transfer-Encoding: " + value + b"\r\nContent-Length: 2\r\n\r\nok")

    name = value.decode().lower().partition(",")[0]
    assert (body.content, body.undecoded) == (b"ok", None)
    assert defects_of(response, body) == [f"Transfer-Encoding names {name!r}, which is not a coding"]


def test_a_body_ends_where_its_codings_have_too_much_between_them() -> None:
    packed = brotli.compress(gzip.compress(b"page") + gzip.compress(b"") * 200_000)
    response, body = read(OK + b"Content-Encoding: gzip\r\nContent-Encoding: br\r\n\r\n" + packed)

    assert (body.content, body.truncated, body.undecoded) == (b"page", True, None)
    assert defects_of(response, body) == ["the gzip, br coding has far more inside than a body"]


def test_little_of_what_is_no_coding_is_quoted() -> None:
    long = b"a/" + b"x" * 60_000
    response, body = read(OK + b"Transfer-Encoding: " + long + b"\r\nContent-Encoding: " + long + b"\r\n\r\nok")

    assert body.content == b"ok"
    assert all(len(defect) < 100 for defect in defects_of(response, body))


def test_chunks_of_http_1_0_are_undone_and_the_connection_is_not_used_again() -> None:
    response, body = read(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS)

    assert (body.content, defects_of(response, body)) == (b"ok", ["Transfer-Encoding in a response of HTTP/1.0"])
    assert not response.reusable()


@pytest.mark.parametrize("name", [b"Transfer-Encoding ", b"TRANSFER-ENCODING", b"transfer-encoding\t"], ids=repr)
def test_a_name_counts_in_any_case_and_with_blanks_after_it(name: bytes) -> None:
    assert read(OK + name + b": chunked\r\n\r\n" + CHUNKS)[1].content == b"ok"
    assert read(OK + b"Transfer-Encoding:\r\n chunked\r\n\r\n" + CHUNKS)[1].content == b"ok"


@pytest.mark.parametrize("value", [b"close", b"Keep-Alive, Close", b"x,close ,", b"\tclose"], ids=repr)
def test_a_connection_that_is_to_be_closed_is_not_used_again(value: bytes) -> None:
    assert not read(OK + b"Connection: " + value + b"\r\nContent-Length: 0\r\n\r\n")[0].reusable()
    assert read(OK + b"Connection: keep-alive\r\nContent-Length: 0\r\n\r\n")[0].reusable()


SIZES: dict[bytes, tuple[int, bool] | None] = {
    b"2": (2, True),
    b"a": (10, True),
    b"A": (10, True),
    b"0": (0, True),
    b"00000000000000000000000000000000000002": (2, True),
    b"0" * 5_000: (0, True),
    b"0" * 5_000 + b"2": (2, True),
    b"fffffffffffffff": (16**15 - 1, True),
    b"2;x=y": (2, True),
    b"2;": (2, True),
    b"2;;": (2, True),
    b'2;x="a;b"': (2, True),
    b"2 ": (2, True),
    b"2\t \t": (2, True),
    b"2 ; x": (2, True),
    b"2;\xff": (2, True),
    b" 2": (2, False),
    b"2 words": (2, False),
    b"2words": (2, False),
    b"2,2": (2, False),
    b"0 words": (0, False),
    b"": None,
    b" ": None,
    b";x": None,
    b"0x2": None,
    b"0_2": None,
    b"+2": None,
    b"-2": None,
    b"x": None,
    b"\xb2": None,
    b"1000000000000000": None,
    b"f" * 5_000: None,
}


@pytest.mark.parametrize("line", SIZES, ids=lambda line: repr(line[:20]))
def test_the_size_of_a_chunk(line: bytes) -> None:
    assert chunk_size(line + b"\r\n") == chunk_size(line + b"\n") == chunk_size(line + b"\r\r\n") == SIZES[line]


@given(st.integers(0, 16**15 - 1), st.integers(0, 40), st.sampled_from(["", ";a", ' ; a="b"', "\t"]), st.booleans())
def test_any_size_is_read_with_any_zeros_before_it(size: int, zeros: int, extension: str, upper: bool) -> None:
    digits = f"{size:X}" if upper else f"{size:x}"

    assert chunk_size(("0" * zeros + digits + extension + "\r\n").encode()) == (size, True)


def test_a_malformed_chunk_size_is_a_defect_once() -> None:
    response, body = read(CHUNKED + b" 2\r\nok\r\n2 words\r\nok\r\n0\r\n\r\n")

    assert (body.content, defects_of(response, body)) == (b"okok", ["a chunk size is malformed: ' 2'"])


@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_chunks_may_end_their_lines_with_a_bare_newline(end: bytes) -> None:
    response, body = read(CHUNKED + end.join([b"2", b"ok", b"0", b"X: y", b"", b""]))

    assert (body.content, response.trailers, defects_of(response, body)) == (b"ok", (("X", "y"),), [])


ENDS: dict[bytes, tuple[tuple[tuple[str, str], ...], str]] = {
    b"": ((), "the response ends inside its trailers"),
    b"X: y\r\n": ((("X", "y"),), "the response ends inside its trailers"),
    b"X: y\r\nZ: ": ((("X", "y"),), "the response ends inside its trailers: 'Z: '"),
    b"\r": ((), "the response ends inside its trailers: '\\r'"),
}


@pytest.mark.parametrize("end", ENDS, ids=repr)
def test_a_body_is_whole_once_its_last_chunk_was_received(end: bytes) -> None:
    """RFC 9112, section 8: what follows the chunk of size zero may be missing."""
    trailers, defect = ENDS[end]
    response, body = read(CHUNKED + b"2\r\nok\r\n0\r\n" + end)

    assert (body.content, body.truncated, response.trailers) == (b"ok", False, trailers)
    assert defects_of(response, body) == [defect]
    assert not response.reusable()


@pytest.mark.parametrize(
    "chunks",
    [b"", b"2", b"2\r\n", b"2\r\no", b"2\r\nok", b"2\r\nok\r\n", b"2\r\nok\r\n0", b"\r\n2\r\nok", b"2\r\nok0\r\n\r\n"],
)
def test_without_its_last_chunk_a_response_is_incomplete(chunks: bytes) -> None:
    with pytest.raises(SourceFailure) as caught:
        read(CHUNKED + chunks)

    assert (caught.value.code, caught.value.permanent) == ("incomplete_response", False)


def test_a_value_of_64_kib_is_read_and_70_kb_are_not() -> None:
    assert (
        read(OK + b"Location: " + b"x" * 65_536 + b"\r\nContent-Length: 0\r\n\r\n")[0].head.values("location")[0][-1] == "x"
    )
    with pytest.raises(SourceFailure, match="longer than"):
        read(OK + b"X: " + b"x" * 70_000 + b"\r\n\r\n")

"""A head that is read at one go is read as line by line; one that has anything odd is left to the reader of lines."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inventory.errors import SourceFailure
from inventory.http_client.head import Head
from inventory.http_client.head_reader import MAX_HEAD_LINES, read_final_head
from inventory.http_client.plain_head import plain_head
from tests.growth import assert_linear

OK = b"HTTP/1.1 200 OK\r\n"
PLAIN = OK + b"Server: a b\r\nX: \r\nSet-Cookie: a=b\r\nset-cookie:\tc=d \t\r\nY: \xe9:\x0b\xa0\r\n\r\n"


def line_by_line(sent: bytes) -> tuple[Head, int] | None:
    """The head, and how many bytes it has; None if it is none."""
    source = io.BytesIO(sent)
    try:
        return read_final_head(lambda _what: source.readline()), source.tell()
    except SourceFailure:
        return None


STATUS_LINES = st.sampled_from(
    [
        OK,
        b"HTTP/1.0 404\r\n",
        b"HTTP/1.1 500 \r\n",
        b"HTTP/1.1 200  D\xe9\t \r\n",
        b"HTTP/1.1 299 O\x7fK\r\n",
        b"HTTP/1.1 103 E\r\n",
        b"http/1.1 200 OK\r\n",
        b"HTTP/1.1 200 OK\n",
        b"HTTP/1.1 200 O\rK\r\n",
        b"HTTP/1.1 2000 OK\r\n",
        b"\r\n",
        b"HTTP/1.1 200OK\r\n",
        b"",
    ]
)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\r\r\n", b""])
LINES = st.builds(
    lambda name, colon, value, end: name + colon + value + end,
    st.sampled_from([b"X", b"Content-Length", b"x y", b"", b" X", b"\xe9", b"X\0", b"!#$%&'*+-.^_`|~09"]),
    st.sampled_from([b":", b": ", b" :", b"", b":\t "]),
    st.sampled_from([b"a", b"", b"a b ", b"\0", b"a\rb", b"\xe9\x85", b"a:b", b"\x0b", b"  \t"]) | st.binary(max_size=4),
    ENDS,
)


@given(STATUS_LINES, st.lists(LINES, max_size=4), ENDS, st.binary(max_size=4))
@example(PLAIN, [], b"", b"")
def test_a_head_is_read_at_one_go_as_line_by_line_or_not_at_all(
    status_line: bytes, lines: list[bytes], end: bytes, body: bytes
) -> None:
    sent = status_line + b"".join(lines) + end + body
    found, slowly = plain_head(sent), line_by_line(sent)

    assert found in (None, slowly)
    if found is None and slowly is not None:
        head, size = slowly
        assert head.defects or head.interim or b"\n" in sent[:size].replace(b"\r\n", b""), "a plain head was not read"


def test_a_plain_head_is_read_at_one_go() -> None:
    assert plain_head(PLAIN + b"body\r\n\r\n") == (line_by_line(PLAIN + b"body")[0], len(PLAIN))  # type: ignore[index]


@pytest.mark.parametrize("size", range(len(PLAIN)))
def test_a_head_that_is_not_there_whole_is_not_read(size: int) -> None:
    assert plain_head(PLAIN[:size]) is None


def test_a_head_of_too_many_lines_is_not_read() -> None:
    assert plain_head(OK + b"X: a\r\n" * MAX_HEAD_LINES + b"\r\n") is not None
    assert plain_head(OK + b"X: a\r\n" * (MAX_HEAD_LINES + 1) + b"\r\n") is None


@pytest.mark.parametrize(
    "head",
    [
        lambda size: OK + b"X: " + b" " * size + b"\r\n\r\n",
        lambda size: OK + b"X: " + b" " * size + b"a\r\n\r\n",
        lambda size: OK + b"X" * size + b"\r\n\r\n",
        lambda size: OK + b"X: a\r\n" * size + b"\r\n",
        lambda size: OK + b"X\r\n" * size + b"\r\n",
        lambda size: b"HTTP/1.1 200 " + b" " * size + b"\r\n\r\n",
        lambda size: b"HTTP/1.1 200 " + b"\t" * size,
    ],
)
def test_it_takes_linear_time(head: Callable[[int], bytes]) -> None:
    assert_linear(plain_head, head, small=20_000)

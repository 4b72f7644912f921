"""Nothing of a head vanishes: every byte is in a field, in the status line's parts, or quoted in a defect."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inventory.errors import SourceFailure
from inventory.http_client.body import read_body
from inventory.http_client.fetcher import MAX_REDIRECT_CHARACTERS, Fetcher
from inventory.http_client.head import MAX_QUOTED_CHARACTERS, Fields, Head
from inventory.http_client.head_reader import MAX_INTERIM
from inventory.http_client.response_reader import ResponseReader
from tests.fuzz.targets import URL, Answers
from tests.http_client.raw import reader_of

OK = b"HTTP/1.1 200 OK\r\n"


def read(sent: bytes) -> ResponseReader:
    response = reader_of(sent)
    response.read_head()
    return response


def head_of(*lines: bytes) -> Head:
    return read(OK + b"".join(lines) + b"\r\n").head


LINES: dict[str, tuple[tuple[bytes, ...], Fields, tuple[str, ...]]] = {
    "folded": (
        (b"X: a\r\n", b"  b\r\n", b"\tc\r\n", b"Y: d\r\n"),
        (("X", "a b c"), ("Y", "d")),
        ("header line 2 is folded onto the one before it", "header line 3 is folded onto the one before it"),
    ),
    "indented, after nothing": (
        (b" X: a\r\n", b"\tb\r\n", b"Y: d\r\n"),
        (("Y", "d"),),
        (
            "header line 1 is indented, but continues no header line: ' X: a'",
            "header line 2 is indented, but continues no header line: '\\tb'",
        ),
    ),
    "indented, after a line without a colon": (
        (b"X: a\r\n", b"nothing\r\n", b" more\r\n", b"Y: d\r\n"),
        (("X", "a"), ("Y", "d")),
        (
            "header line 2 has no colon: 'nothing'",
            "header line 3 is indented, but continues no header line: ' more'",
        ),
    ),
    "indented, after a bare CR": (
        (b"X: a\r\n", b"\r\r\n", b" more\r\n"),
        (("X", "a"),),
        (
            "header line 2 is a bare CR and nothing else: '\\r'",
            "header line 3 is indented, but continues no header line: ' more'",
        ),
    ),
    "folded, after fields that follow a line without a colon": (
        (b"nothing\r\n", b"X: a\r\n", b" b\r\n"),
        (("X", "a b"),),
        ("header line 1 has no colon: 'nothing'", "header line 3 is folded onto the one before it"),
    ),
    "folded, with a NUL": (
        (b"X: a\r\n", b" b\0\r\n"),
        (("X", "a b\0"),),
        ("header line 2 is folded onto the one before it, and has a bare CR or a NUL: ' b\\x00'",),
    ),
    "without a colon, and long": (
        (b"x" * 60_000 + b"\r\n", b"Y: d\r\n"),
        (("Y", "d"),),
        (f"header line 1 has no colon: {'x' * 60_000!r}",),
    ),
    "without a colon, and not ASCII": ((b"caf\xe9\r\n",), (), ("header line 1 has no colon: 'café'",)),
    "with nothing before the colon": ((b": a\r\n",), (("", "a"),), ("header line 1 has a malformed name: ''",)),
    "with a space before the colon": ((b"X : a\r\n",), (("X", "a"),), ("header line 1 has a malformed name: 'X '",)),
    "with a NUL": ((b"X: a\0b\r\n",), (("X", "a\0b"),), ("header line 1 has a bare CR or a NUL: 'X: a\\x00b'",)),
    "with CRs at the end": (
        (b"X: a\r\r\r\n",),
        (("X", "a"),),
        ("header line 1 has a bare CR or a NUL: 'X: a\\r\\r'",),
    ),
    "with a bare CR in the name": (
        (b"X\rY: a\r\n",),
        (("X\rY", "a"),),
        (
            "header line 1 has a malformed name: 'X\\rY'",
            "header line 1 has a bare CR or a NUL: 'X\\rY: a'",
        ),
    ),
    "a second status line": ((OK, b"X: a\r\n"), (("X", "a"),), ("header line 1 has no colon: 'HTTP/1.1 200 OK'",)),
    "blanks alone": ((b"X: a\r\n", b" \r\n"), (("X", "a"),), ("header line 2 is folded onto the one before it",)),
    "of bytes that Python takes for blanks": ((b"X: \x0ba\xa0\x85\r\n",), (("X", "\x0ba\xa0\x85"),), ()),
}


@pytest.mark.parametrize(("lines", "fields", "defects"), LINES.values(), ids=LINES)
def test_a_header_line_is_kept_or_quoted(lines: tuple[bytes, ...], fields: Fields, defects: tuple[str, ...]) -> None:
    head = head_of(*lines)

    assert head.fields == fields
    assert head.defects == defects


@pytest.mark.parametrize(("lines", "fields", "defects"), LINES.values(), ids=LINES)
def test_a_trailer_is_kept_or_quoted(lines: tuple[bytes, ...], fields: Fields, defects: tuple[str, ...]) -> None:
    response = read(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"".join(lines) + b"\r\n")
    body = read_body(response, 9)

    assert response.trailers == fields
    assert body.defects == tuple(f"trailers: {defect}" for defect in defects)


STATUS_LINES: dict[bytes, tuple[int, str, str, bool]] = {
    b"HTTP/1.1 200 OK\r\n": (200, "OK", "1.1", True),
    b"HTTP/1.1 200 OK\n": (200, "OK", "1.1", True),
    b"HTTP/1.1 200 \r\n": (200, "", "1.1", True),
    b"HTTP/1.1 200\r\n": (200, "", "1.1", True),
    b"HTTP/1.0 404 Not  Found\r\n": (404, "Not  Found", "1.0", True),
    b"HTTP/1.1 200  OK\t \r\n": (200, "OK", "1.1", True),
    b"HTTP/1.1 200 D\xe9j\xe0 vu\xa0\r\n": (200, "Déjà vu\xa0", "1.1", True),
    b"HTTP/1.2 999 x\r\n": (999, "x", "1.2", True),
    b"http/1.1 200 ok\r\n": (200, "ok", "1.1", False),
    b"Http/1.0 200 OK\r\n": (200, "OK", "1.0", False),
    b"HTTP/1.1  200  OK\r\n": (200, "OK", "1.1", False),
    b"HTTP/1.1\t200\tOK \r\n": (200, "OK", "1.1", False),
    b"HTTP/1.1 200OK\r\n": (200, "OK", "1.1", False),
    b" \tHTTP/1.1 200 OK\r\n": (200, "OK", "1.1", False),
    b"HTTP/1.1 200;OK\r\n": (200, ";OK", "1.1", False),
    b"HTTP/1.1 200 O\rK\0\r\n": (200, "O\rK\0", "1.1", False),
}


@pytest.mark.parametrize("line", STATUS_LINES)
def test_a_status_line_is_read_as_browsers_read_it_and_quoted_if_it_is_malformed(line: bytes) -> None:
    status, reason, version, proper = STATUS_LINES[line]
    head = read(line + b"X: a\r\n\r\n").head

    assert (head.status, head.reason, head.http_version) == (status, reason, version)
    assert head.fields == (("X", "a"),)
    assert head.defects == (() if proper else (f"the status line is malformed: {line[:-2].decode('latin-1')!r}",))


@pytest.mark.parametrize(
    "line",
    [b"HTTP/2 200 OK", b"HTTP/1 200 OK", b"HTTP/1.1 2000 OK", b"HTTP/1.1 99 OK", b"HTTP/1.1 099 OK", b"HTTP/1.1 OK",
     b"HTTP 200 OK", b"HTTP/1.1", b"ICY 200 OK", b"\xa0HTTP/1.1 200 OK", b"HTTP/1.10 200 OK", b"HTTP/0.9 200 OK",
     b"HTTP/1.1\xa0200 OK", b"<html>"],
)  # fmt: skip
def test_what_is_no_status_line_is_no_http(line: bytes) -> None:
    with pytest.raises(SourceFailure) as caught:
        read(line + b"\r\n\r\n")

    assert (caught.value.code, caught.value.permanent) == ("invalid_response", True)


def test_empty_lines_before_a_status_line_are_passed_over() -> None:
    head = read(b"\r\n\r\n" + OK + b"X: a\r\n\r\n").head

    assert (head.status, head.fields, head.defects) == (200, (("X", "a"),), ("empty lines before the status line",))


def test_empty_lines_and_nothing_else_are_no_http() -> None:
    for sent in (b"\r\n" * 9 + OK + b"\r\n", b"\r\n"):
        with pytest.raises(SourceFailure, match="not valid HTTP"):
            read(sent)


def test_a_head_whose_lines_all_end_in_cr_cr_lf_ends_at_an_empty_one() -> None:
    response = read(b"HTTP/1.1 200 OK\r\r\nContent-Length: 2\r\r\n\r\r\nok")

    assert response.head.fields == (("Content-Length", "2"),)
    assert response.head.defects[0] == "the status line is malformed: 'HTTP/1.1 200 OK\\r'"
    assert read_body(response, 9).content == b"ok"


def test_interim_responses_are_kept_with_what_was_wrong_with_them() -> None:
    hints = b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b>\r\n\r\n"
    head = read(b"HTTP/1.1 100 Continue\r\n\r\n" + hints + b"http/1.1 199 X\r\nodd\r\n\r\n" + OK + b"X: a\r\n\r\n").head

    assert [(each.status, each.reason, each.fields) for each in head.interim] == [
        (100, "Continue", ()),
        (103, "Early Hints", (("Link", "</a.css>; rel=preload"), ("Link", "</b>"))),
        (199, "X", ()),
    ]
    assert head.interim[2].defects == (
        "the status line is malformed: 'http/1.1 199 X'",
        "header line 1 has no colon: 'odd'",
    )
    assert (head.more_interim, head.fields, head.defects) == (0, (("X", "a"),), ())


def test_only_so_many_interim_responses_are_kept_and_the_rest_is_counted() -> None:
    small, large = b"HTTP/1.1 103 E\r\n\r\n", b"HTTP/1.1 103 E\r\n" + b"X: " + b"x" * 60_000 + b"\r\n" + b"\r\n"
    many = read(small * (MAX_INTERIM + 5) + OK + b"\r\n").head
    big = read(large * 3 + OK + b"\r\n").head

    assert (len(many.interim), many.more_interim) == (MAX_INTERIM, 5)
    assert (len(big.interim), big.more_interim) == (1, 2)


def test_the_quotes_of_a_head_are_bounded_and_the_rest_is_counted() -> None:
    head = head_of(*[b"\0" * 15_000 + b"\r\n"] * 15)

    assert sum(map(len, head.defects)) < MAX_QUOTED_CHARACTERS + 100
    assert len(head.defects) == 5
    assert head.defects[-1] == "and 11 more defects of the header lines"


def test_a_head_within_its_room_is_as_it_was() -> None:
    head = head_of(b"X: " + b"x" * 90 + b"\r\n", b"odd\r\n")

    assert head.size == 91 + len("header line 2 has no colon: 'odd'")
    assert head.within(head.size) is head


def test_a_head_that_is_larger_than_its_room_keeps_its_first_lines_and_says_so() -> None:
    head = read(
        b"HTTP/1.1 103 E\r\n\r\n" + OK + b"X: " + b"x" * 90 + b"\r\nY: " + b"y" * 90 + b"\r\nodd\r\n\r\n"
    ).head.within(130)

    assert (head.fields, head.interim, head.more_interim) == ((("X", "x" * 90),), (), 1)
    assert head.defects == (
        "header line 3 has no colon: 'odd'",
        "2 header lines were received; the first 1 are kept, and less of all else",
    )


def test_the_heads_of_many_redirects_are_held_within_one_limit() -> None:
    lines = (b"X: " + b"x" * 60_000 + b"\r\n") * 16 + b"\0" * 30_000 + b"\r\n"
    redirect = b"HTTP/1.1 302 Found\r\nLocation: /next\r\n" + lines + b"\r\n"
    answers = Answers([redirect] * 20 + [OK + lines + b"\r\n"])
    fetched = Fetcher(answers, deadline=60, body_limit=9, max_redirects=20).fetch(URL)

    assert len(fetched.redirects) == 20
    assert fetched.redirects[0].head.fields[0] == ("Location", "/next")
    assert len(fetched.redirects[0].head.fields) == len(fetched.final.head.fields) + 1 == 17
    assert sum(hop.head.size for hop in fetched.redirects) < MAX_REDIRECT_CHARACTERS + 20 * 100
    assert "17 header lines were received; the first 1 are kept" in fetched.redirects[-1].head.defects[-1]


BLANK = re.compile(r"[ \t\r\n]+")
PIECES = st.one_of(
    st.sampled_from(
        [b"X: y", b"X:y", b" ", b"\t", b":", b"\r", b"\0", b"no colon", b"\xe9", b"  folded", b"A-B: \xff", b"\x0b"]
    ),
    st.binary(max_size=6).map(lambda piece: piece.replace(b"\n", b"")),
)
RAW_LINES = st.lists(st.lists(PIECES, max_size=3).map(b"".join), max_size=8)


@settings(max_examples=300)
@given(lines=RAW_LINES, ends=st.lists(st.sampled_from([b"\r\n", b"\n"]), min_size=8, max_size=8))
@example(lines=[b" X: y", b"\r", b"odd", b"\todd", b"a\r: b"], ends=[b"\r\n"] * 8)
def test_every_byte_of_any_head_is_in_a_field_or_quoted(lines: list[bytes], ends: list[bytes]) -> None:
    sent = [line + end for line, end in zip(lines, ends, strict=False) if line + end not in (b"\r\n", b"\n")]
    head = head_of(*sent)

    told = [f"{name}:{value}" for name, value in head.fields] + list(head.defects)
    for line in sent:
        text = line.decode("latin-1")
        words = [word for word in BLANK.split(text.replace(":", " ", 1)) if word]
        assert all(any(word in each or repr(word)[1:-1] in each for each in told) for word in words), (line, told)
    assert len(head.fields) <= len(sent)

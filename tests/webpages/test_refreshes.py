"""Where a page asks a browser to go after a while: what is recorded of `Refresh` headers and `<meta http-equiv=refresh>`."""

from __future__ import annotations

from typing import Any

import pytest

from inventory.http_client.decoding import Text
from inventory.webpages import refreshes

PAGE = "http://a.test/b/c?d"

VALUES: list[tuple[str, tuple[int, str] | None]] = [
    # value, and the seconds and the absolute URL
    ("0; url=/target", (0, "http://a.test/target")),
    ("0;URL=/target", (0, "http://a.test/target")),
    ("5", (5, PAGE)),
    (" 5 ; ", (5, PAGE)),
    ("5; url=", (5, PAGE)),
    ("5, x", (5, "http://a.test/b/x")),
    ("5 x", (5, "http://a.test/b/x")),
    ("5.75; x", (5, "http://a.test/b/x")),
    (".5; x", (0, "http://a.test/b/x")),
    ("0; url = 'a b'c", (0, "http://a.test/b/a%20b")),
    ('0; url="//b.test/', (0, "http://b.test/")),
    ("0; 'x'", (0, "http://a.test/b/x")),
    ("0; urlx", (0, "http://a.test/b/urlx")),
    ("0; url", (0, "http://a.test/b/url")),
    ("0; u='x'", (0, "http://a.test/b/u='x'")),
    ("0; url=http://b.test/?a=1;b=2#c", (0, "http://b.test/?a=1;b=2#c")),
    ("0; url=mailto:a@b.test", (0, "mailto:a@b.test")),
    ("9" * 5_000 + "; x", (2**53, "http://a.test/b/x")),
    ("0" * 5_000 + "7; x", (7, "http://a.test/b/x")),
    ("", None),
    ("x", None),
    ("-1; x", None),
    ("5x", None),
    ("5 ; url=http://[", None),
    ("0; url=JavaScript:alert(1)", None),
    ("0; url=" + "x" * 200_000, None),
]


@pytest.mark.parametrize(("value", "expected"), VALUES, ids=[ascii(value[:30]) for value, _ in VALUES])
def test_a_value_is_read_as_the_html_standard_says(value: str, expected: tuple[int, str] | None) -> None:
    found = refreshes.of_headers([value], PAGE)

    assert found == ([] if expected is None else [{"source": "header", "seconds": expected[0], "url": expected[1]}])


METAS: list[tuple[str, list[tuple[int, str]]]] = [
    # source of a page, and its refreshes
    ('<meta http-equiv="refresh" content="0; url=/x">', [(0, "http://a.test/x")]),
    ("<META CONTENT='1;url=x' HTTP-EQUIV=Refresh />", [(1, "http://a.test/b/x")]),
    ("<meta\nhttp-equiv = refresh\ncontent = 2;x>", [(2, "http://a.test/b/x")]),
    ("<meta http-equiv=refresh content=1;/a><meta http-equiv=refresh content=2;/b>", [(1, "http://a.test/a"), (2, "http://a.test/b")]),
    ("<p>late<meta http-equiv=refresh content=3>", [(3, PAGE)]),
    ("<base href=/q/><meta http-equiv=refresh content='0;x'>", [(0, "http://a.test/q/x")]),
    ("<base href=/q/><base href=/z/><meta http-equiv=refresh content='0;x'>", [(0, "http://a.test/q/x")]),
    ("<base target=_top><base href=/q/><meta http-equiv=refresh content='0;x'>", [(0, "http://a.test/q/x")]),
    ("<base href='http://['><base href=/q/><meta http-equiv=refresh content='0;x'>", [(0, "http://a.test/b/x")]),
    ("<base href='data:,a'><base href=/q/><meta http-equiv=refresh content='0;x'>", [(0, "http://a.test/b/x")]),
    ("<base href=JavaScript:1><meta http-equiv=refresh content='0;/x'>", [(0, "http://a.test/x")]),
    ("<meta http-equiv=refresh content='0;x'><base href=/q/>", [(0, "http://a.test/b/x")]),
    ("<base href=/q/><meta http-equiv=refresh content=4>", [(4, PAGE)]),
    ("<meta http-equiv=refresh content='0;/?a=1&amp;b=2&copy=3&reg;&#x41;&#66'>", [(0, "http://a.test/?a=1&b=2&copy=3%C2%AEAB")]),
    ("<meta http-equiv=refresh content='0;/&nothing;&#99999999999;'>", [(0, "http://a.test/&nothing;%EF%BF%BD")]),
    ("<meta http-equiv='&#82;efresh' content=1>", [(1, PAGE)]),
    ("<meta HTTP-Equiv=\n\"ref&#x52;esh\" content=1>", [(1, PAGE)]),
    ("<meta http-equiv='&nothing;refresh' content=1>", []),
    ("<meta http-equiv=refresh http-equiv=x content=1 content=2>", [(1, PAGE)]),
    ("<!-- a > b --><meta http-equiv=refresh content=1>", [(1, PAGE)]),
    ("<!--><meta http-equiv=refresh content=1>", [(1, PAGE)]),
    ("<a title='>' x=\"<\"><meta http-equiv=refresh content=1>", [(1, PAGE)]),
    ("<script>x = '<'</script ><meta http-equiv=refresh content=1>", [(1, PAGE)]),
    ("<script><!-- write('<script></script>') --></script><meta http-equiv=refresh content=1>", [(1, PAGE)]),
    ("<script><!-- </script><meta http-equiv=refresh content=1>", [(1, PAGE)]),
    ("<script><!--> <script> </script><meta http-equiv=refresh content=1>", [(1, PAGE)]),
    ("<script><script></script><meta http-equiv=refresh content=1>", [(1, PAGE)]),
    ("<script><!--<script></script><meta http-equiv=refresh content=1>--></script>", []),
    ("<script><!--<script>--><!--</script><meta http-equiv=refresh content=1>", [(1, PAGE)]),
    ("<script><!--<script></script><meta http-equiv=refresh content=1>", []),
    ("<meta =http-equiv=refresh content=1>", []),
    ("<meta http-equiv=refresh content=\u00e9>", []),
    ("<meta http-equiv=refresh>", []),
    ("<meta name=refresh content=1>", []),
    ("<!-- <meta http-equiv=refresh content=1> -->", []),
    ("<!-- <meta http-equiv=refresh content=1>", []),
    ("<a title=\"<meta http-equiv=refresh content=1>\">", []),
    ("<title><meta http-equiv=refresh content=1></title>", []),
    ("<textarea><meta http-equiv=refresh content=1>", []),
    ("<SCRIPT>'<meta http-equiv=refresh content=1>'</script>", []),
    ("<noscript><meta http-equiv=refresh content=1></noscript>", []),
    ("<template><meta http-equiv=refresh content=1></template>", []),
    ("<plaintext><meta http-equiv=refresh content=1>", []),
    ("<meta http-equiv=refresh content=1", []),
    ("<meta http-equiv=refresh content='1>", []),
]  # fmt: skip


@pytest.mark.parametrize(("source", "expected"), METAS, ids=[source for source, _ in METAS])
def test_a_page_is_read_as_browsers_do(source: str, expected: list[tuple[int, str]]) -> None:
    found = refreshes.of_page(source.encode(), Text("text/html", "utf-8"), PAGE)

    assert [(one["seconds"], one["url"]) for one in found] == expected
    assert {one["source"] for one in found} <= {"meta"}


@pytest.mark.parametrize("charset", ["utf-8", "utf-16le", "utf-16be", "windows-1252", "shift_jis", "iso-2022-jp"])
def test_a_page_is_read_in_its_encoding(charset: str) -> None:
    body = "<p>a<meta http-equiv=refresh content='0;/b'>".encode(charset)

    assert [one["url"] for one in refreshes.of_page(body, Text("text/html", charset), PAGE)] == ["http://a.test/b"]


@pytest.mark.parametrize("text", [Text("text/plain", "utf-8"), Text("application/json", "utf-8"), Text("text/html", None)])
def test_only_html_asks_for_a_refresh(text: Text) -> None:
    assert refreshes.of_page(b"<meta http-equiv=refresh content=1>", text, PAGE) == []


def test_no_more_are_looked_for_than_show_that_there_are_more() -> None:
    page: Any = b"<meta http-equiv=refresh content=1>" * 500

    assert len(refreshes.of_page(page, Text("text/html", "utf-8"), PAGE)) == refreshes.MAX_REFRESHES + 1


def test_only_the_first_of_very_many_refreshes_are_looked_at() -> None:
    idle = ["0;url=javascript:x"]

    assert refreshes.of_headers([*idle * (refreshes.MAX_TRIED - 1), "5;url=/a"], PAGE) != []
    assert refreshes.of_headers([*idle * refreshes.MAX_TRIED, "5;url=/a"], PAGE) == []

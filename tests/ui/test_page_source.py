"""The beginning of a page source: marked by its syntax for a while, and bytes as numbers."""

from __future__ import annotations

import base64
from itertools import count
from typing import Any

import pytest

from inventory.ui.records.page_source import Excerpt, excerpt


def document(source: str, media_type: str | None = "text/html", encoding: str = "text", size: int = 0) -> dict[str, Any]:
    return {"page_source": source, "body": {"media_type": media_type, "encoding": encoding, "size": size}}


def text_of(found: Excerpt) -> str:
    return "".join(text for _, text in found.tokens)


@pytest.mark.parametrize(
    ("media_type", "source", "styled"),
    [
        ("text/html", '<a href="x">y</a>', ("nt", "a")),
        ("text/html", "<script>var a = 1</script>", ("kd", "var")),
        ("application/json", '{"a": 1}', ("nt", '"a"')),
        ("application/ld+json", '{"a": 1}', ("nt", '"a"')),
        ("text/css", "a { color: red }", ("nt", "a")),
        ("image/svg+xml", "<svg/>", ("nt", "<svg/>")),
    ],
)
def test_what_is_known_is_marked(media_type: str, source: str, styled: tuple[str, str]) -> None:
    found = excerpt(document(source, media_type), 10_000)

    assert (text_of(found), found.more) == (source, 0)
    assert styled in found.tokens


@pytest.mark.parametrize("media_type", ["text/plain", None, "text/x-unknown"])
def test_anything_else_is_text(media_type: str | None) -> None:
    assert excerpt(document("<b>\ntwo", media_type), 10_000).tokens == [("", "<b>\ntwo")]


def test_it_ends_where_there_is_no_room_and_says_how_much_is_left() -> None:
    found = excerpt(document("<p>'\n" * 10_000), 5_000)

    assert text_of(found) == ("<p>'\n" * 10_000)[: len(text_of(found))]
    assert found.more == 50_000 - len(text_of(found))
    assert 500 < len(text_of(found)) < 5_000


def test_after_a_while_the_rest_is_not_marked_any_more() -> None:
    ticks = count(0, 0.01)

    found = excerpt(document("<p>x</p>\n" * 50), 100_000, clock=lambda: next(ticks))

    assert text_of(found) == "<p>x</p>\n" * 50
    assert [style for style, _ in found.tokens][:-1] == ["", "nt"]
    assert found.tokens[-1][1].endswith("<p>x</p>\n" * 48)


def test_controls_are_seen_and_lines_stay() -> None:
    assert text_of(excerpt(document("a\tb\n\x00\u202e", "text/plain"), 1_000)) == "a\tb\n\\x00\\u202e"


def test_bytes_are_numbers_with_what_can_be_read_of_them() -> None:
    body = b"\x89PNG\r\n" + bytes(range(256)) * 3

    found = excerpt(document(base64.b64encode(body).decode(), "image/png", "base64", len(body)), 1_000)

    assert found.lines[0] == "0000  89 50 4e 47 0d 0a 00 01 02 03 04 05 06 07 08 09  .PNG............"
    assert (len(found.lines), found.more) == (32, len(body) - 512)


def test_a_few_bytes_are_whole() -> None:
    found = excerpt(document(base64.b64encode(b"ab").decode(), None, "base64", 2), 1_000)

    assert found.lines == [f"0000  {'61 62':<47}  ab"]
    assert found.more == 0

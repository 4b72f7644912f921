"""Bodies read as Chromium and Firefox read them, but for the differences that are listed here."""

from __future__ import annotations

from typing import Any

import pytest

from inventory import web_encodings
from inventory.http_client import decoding
from tests.http_client import facts

CASES: list[list[Any]] = facts.read("texts")

UTF_8 = (
    "No charset is declared, and the bytes are UTF-8. Browsers never guess that over http, lest authors come to rely on it."
)
GUESSED = "No charset is declared, and the bytes are not UTF-8. Browsers guess by statistics; the default is windows-1252."

ACCEPTED: dict[str, tuple[str, set[str]]] = {
    "utf-8": (
        UTF_8,
        {"unknown-header-none", "meta-comment-only", "label-utf7", "label-utf32", "label-cp437", "no-type", "no-type-plain"}
        | {"empty-type", "garbage-charset", "star", "plain-meta", "js", "x-mixed"},
    ),
    "windows-1252": (
        GUESSED,
        {"meta-textarea", "xml-in-html-space", "single-quoted", "colon", "meta-late-body", "euckr-none", "gb-none"},
    ),
}
"""Another encoding than that of both browsers: which it is, why, and of which cases."""

OURS = {case: encoding for encoding, (_, cases) in ACCEPTED.items() for case in cases}

STANDARD = {"json-charset": "firefox"}
"""Where the browsers differ: the one that does as the standard says. JSON is UTF-8, whatever its header says."""


def body_of(sent: str | list[tuple[str, int]]) -> bytes:
    """A body; long ones are stored as pieces, each with how often it is repeated."""
    return "".join([sent] if isinstance(sent, str) else [piece * times for piece, times in sent]).encode("latin-1")


@pytest.mark.parametrize(("case", "lines", "sent", "chromium", "firefox"), CASES, ids=[case[0] for case in CASES])
def test_a_body_reads_as_browsers_read_it(
    case: str, lines: list[str], sent: Any, chromium: list[str], firefox: list[str]
) -> None:
    body = body_of(sent)
    said = {"chromium": chromium, "firefox": firefox}[STANDARD.get(case, "firefox")]
    assert (case in OURS) or (case in STANDARD) == (chromium != firefox)

    text = decoding.examine(body, ", ".join(lines))

    assert text.media_type == chromium[1] == firefox[1]
    assert text.charset == OURS.get(case, said[0].lower())
    assert text.charset is not None
    if case not in OURS:
        assert marked(web_encodings.decode(body, text.charset)) == said[2]


def marked(text: str) -> str | None:
    """What stands between the marks, with the line ends that an HTML parser makes of those of a page."""
    _, mark, rest = text.replace("\r\n", "\n").replace("\r", "\n").partition("[[")
    return rest.partition("]]")[0] if mark else None


def test_a_difference_is_listed_once_and_is_one() -> None:
    known = {case[0]: case for case in CASES}

    assert sum(len(cases) for _, cases in ACCEPTED.values()) == len(OURS)
    for case, encoding in OURS.items():
        _, _, _, chromium, firefox = known[case]
        assert encoding not in (chromium[0].lower(), firefox[0].lower())

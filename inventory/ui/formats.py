"""How pages write numbers, durations and instants: filters of all templates."""

from __future__ import annotations

import unicodedata

from flask import Blueprint
from markupsafe import escape

blueprint = Blueprint("formats", __name__)

UNSEEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""The categories of what has no shape, or changes how other characters are shown: controls, formats, lone surrogates."""
ESCAPED = {character: len(escape(character)) for character in "&<>'\""}
"""The bytes that a page takes for these characters."""
JOINERS = "\u200c\u200d"
"""Of these, what ordinary words and emoji have."""


@blueprint.app_template_filter()
def number(value: int | None) -> str:
    """A count, such as `12,345`."""
    return "?" if value is None else f"{value:,}"


@blueprint.app_template_filter()
def counted(value: int, noun: str) -> str:
    """So many of something, such as `1 target` or `12,345 targets`."""
    return f"{value:,} {noun}{'' if value == 1 else 's'}"


@blueprint.app_template_filter()
def percent(value: float | None) -> str:
    """A share of 100."""
    return "–" if value is None else f"{value:.1f} %"


@blueprint.app_template_filter()
def rate(value: float | None) -> str:
    """Rows a second."""
    return "–" if value is None else f"{value:,g} rows/s"


@blueprint.app_template_filter()
def milliseconds(value: float | None) -> str:
    """How long something took."""
    return "–" if value is None else f"{value:,.0f} ms" if value >= 10 else f"{value:.1f} ms"


@blueprint.app_template_filter()
def duration(seconds: int | None) -> str:
    """A time to wait, in its two largest units."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(seconds, 60)
    if minutes >= 60:
        return f"{minutes // 60} h {minutes % 60} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


@blueprint.app_template_filter()
def instant(text: str | None) -> str:
    """An instant to the second, in UTC."""
    return "–" if text is None else f"{text[:19].replace('T', ' ')}Z"


@blueprint.app_template_filter()
def visible(text: object, *, lines: bool = False) -> str:
    r"""A text of others, with its control characters as `\x07` or `\u202e`; with `lines`, ends of lines and tabs stay."""
    written = str(text)
    if written.isprintable():
        return written
    kept = JOINERS + "\n\t" * lines
    return "".join(c if c in kept or unicodedata.category(c) not in UNSEEN else _escaped(c) for c in written)


@blueprint.app_template_filter()
def short(text: object, size: int) -> str:
    """A text of others as `visible` writes it, at most so many characters of it and of the sign that there are more."""
    shown = visible(text)
    return shown if len(shown) <= size else f"{shown[: size - 1]}…"


@blueprint.app_template_filter()
def cut(text: object, room: int, *, lines: bool = False) -> str:
    """A text of others as `visible` writes it, as much of its beginning as takes `room` bytes of a page."""
    shown, left = visible(str(text)[: room + 1], lines=lines), room
    for number, character in enumerate(shown):
        left -= ESCAPED.get(character) or len(character.encode())
        if left < 0:
            return f"{shown[:number]}…"
    return shown


@blueprint.app_template_filter()
def sendable(text: str) -> str:
    """A text of others as an address can have it: `?` in place of half a surrogate pair."""
    return text.encode("utf-8", "replace").decode()


def _escaped(character: str) -> str:
    code = ord(character)
    return f"\\x{code:02x}" if code <= 0xFF else f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"

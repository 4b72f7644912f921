"""Postcodes beside the name of a city: lists have them, and providers do not find a city with one."""

from __future__ import annotations

import re

_BRITISH = r"[a-z]{1,2}\d[a-z\d]? ?\d[a-z]{2}"
_CANADIAN = r"[a-z]\d[a-z] ?\d[a-z]\d"
_DUTCH = r"\d{4} ?(?!(?:ad|al|am|as|da|de|di|do|du|el|im|in|la|le|os|st)\b)[a-z]{2}"
"""Without what may be the first word of a city."""
_DIGITS = r"\d{5}-\d{3,4}|\d{4}-\d{3}|\d{3}-\d{4}|\d{2}-\d{3}|\d{3} \d{2,3}|\d{4,6}"

_BEFORE = re.compile(rf"(?:{_DUTCH}|(?:[a-z]{{1,3}}-)?(?:{_DIGITS})) (?=[^\W\d])", re.IGNORECASE)
_AFTER = re.compile(
    rf"(?<=[^\s\d_-])(?: ?[-–] ?| )(?:{_DIGITS}|{_BRITISH}|{_CANADIAN})$|(?<=\w) cedex(?: \d{{1,2}})?$", re.IGNORECASE
)
_AROUND = ' \t"“”„«»'
_HINT = re.compile(r"\d| cedex", re.IGNORECASE)
_ALONE = re.compile(rf"{_DIGITS}|\d[\d -]{{2,8}}\d|{_BRITISH}|{_CANADIAN}", re.IGNORECASE)


def without(part: str) -> str:
    """What stands between two commas, without quotes around it and postcodes before and after it: `Sydney NSW 2000`."""
    part = part.strip(_AROUND)
    while _HINT.search(part):
        before = _BEFORE.match(part)
        rest = part[before.end() if before else 0 :]
        after = _AFTER.search(rest)
        rest = rest[: after.start()] if after else rest
        if rest == part:
            return part
        part = rest.strip(_AROUND)
    return part


def is_one(part: str) -> bool:
    """Whether a part is nothing but a postcode."""
    return _ALONE.fullmatch(part) is not None

"""Shapes: what stays the same of values that differ in each response, such as dates, nonces and ids of requests.

A shape is one of `{date}`, `{uuid}`, `{number}`, `{hex:32}` and `{base64:44}` with their length if that is at most
`MAX_LENGTH`, or `{text}` where nothing stays the same.
"""

from __future__ import annotations

import re

MAX_LENGTH = 64
"""Characters of an identifier whose length belongs to its shape. Digests and nonces have one length; payloads have many."""
TEXT = "{text}"

_DATE = (
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},? {0,2})?"
    r"(?:\d{1,2}[ -](?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}[ -]\d{2,4}(?: \d{1,2}:\d\d(?::\d\d)?)?"
    r"|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6} {1,2}\d{1,2} \d{1,2}:\d\d:\d\d \d{4}"
    r"|\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d{1,9})?)?)?)"
    r"(?: ?(?:GMT|UTC|Z|[+-]\d\d:?\d\d))?(?![0-9A-Za-z])"
)
_UUID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}(?![0-9A-Za-z])"
_SHAPE = r"\{(?:date|uuid|number|text|(?:hex|base64)(?::\d{1,2})?)\}"
_RUN = r"([0-9A-Za-z+/_\-]++)((?:\.\d++(?![0-9A-Za-z]))*+={0,2})"
_PARTS = re.compile(rf"({_SHAPE})|({_DATE})|({_UUID})|{_RUN}", re.ASCII)
_WHOLE_DATE, _WHOLE_UUID = re.compile(_DATE, re.ASCII), re.compile(_UUID)
_WHOLE_NUMBER = re.compile(r"[+-]?[0-9]++(?:[.,][0-9]++)*+")
_HEX = re.compile(r"[0-9a-f]+|[0-9A-F]+")
_BASE64 = re.compile(r"[0-9A-Za-z+/_\-]+={0,2}")
_DIGITS = re.compile(r"[0-9]++(?:\.[0-9]++)*+")
_SHORTEST_ID = 8
"""Characters of what may be an identifier; a shorter word with digits keeps its letters."""
_SHORTEST_PADDED = 16
_LENGTHS_OF_DIGESTS = frozenset({24, 32, 40, 64})
"""Hexadecimal digits of common digests and ids, which by chance may all be decimal."""


def shape(value: str) -> str:
    """A value with a shape in place of each date, number and identifier in it; its other words stay. Shapes stay, too."""
    return _PARTS.sub(_shape_of_part, value)


def token_shape(value: str) -> str:
    """The shape of a value that is one date, number or identifier; `{text}` if it is anything else, empty if it is empty.

    It depends on the characters of an identifier as little as can be, so that random ones have the same shape.
    """
    if _WHOLE_NUMBER.fullmatch(value):
        return _of_length("hex", len(value)) if len(value) in _LENGTHS_OF_DIGESTS else "{number}"
    if _BASE64.fullmatch(value):
        if _WHOLE_UUID.fullmatch(value):
            return "{uuid}"
        if not _WHOLE_DATE.fullmatch(value):
            is_hex = len(value) >= _SHORTEST_ID and _HEX.fullmatch(value)
            return _of_length("hex" if is_hex else "base64", len(value))
        return "{date}"
    if not value:
        return ""
    return "{date}" if _WHOLE_DATE.fullmatch(value) else TEXT


def _shape_of_part(part: re.Match[str]) -> str:
    known, date, uuid, run, rest = part.groups()
    if known is not None:
        return str(known)
    if date is not None:
        return "{date}"
    if uuid is not None:
        return "{uuid}"
    return _shape_of_run(run, rest)


def _shape_of_run(run: str, rest: str) -> str:
    """The shape of letters, digits and the other characters of base64. Without digits it is a word, unless it is padded.

    `rest` has the decimals of a number, and padding.
    """
    if rest and run.isdecimal():
        return "{number}" + rest.lstrip("0123456789.")
    length = len(run) + len(rest)
    if rest.startswith("=") and length >= _SHORTEST_PADDED and length % 4 == 0:
        return _of_length("base64", length)
    if len(run) >= _SHORTEST_ID and _DIGITS.search(run):
        return token_shape(run) + _DIGITS.sub("{number}", rest)
    return _DIGITS.sub("{number}", run + rest)


def _of_length(kind: str, length: int) -> str:
    return f"{{{kind}:{length}}}" if length <= MAX_LENGTH else f"{{{kind}}}"

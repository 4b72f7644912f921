"""Parses one line of JSON, exactly or not at all."""

from __future__ import annotations

import json
import re
from collections import Counter
from math import isinf
from typing import Any, NoReturn

MAX_DEPTH = 32
"""Levels of nested objects and lists."""
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class Inexact(ValueError):
    """Valid JSON that could not be stored as it was sent."""


def parse(text: str) -> Any:
    """The value of a line of JSON; `ValueError` with a sentence if it is not JSON, or could not be stored exactly.

    Whole numbers are exact, up to 4,300 digits. Rejected are a name that an object has twice, NaN, a number beyond a double,
    half of a surrogate pair, and nesting deeper than `MAX_DEPTH`.
    """
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"Not JSON: {error.msg}, at character {error.pos + 1}. Send one JSON object per line.") from error
    except Inexact:
        raise
    except ValueError as error:  # of `int`
        raise ValueError("A whole number has more than 4,300 digits. Send it as a string.") from error
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    if text.count("{") + text.count("[") > MAX_DEPTH and _too_deep(value):
        raise ValueError(TOO_DEEP)
    if "\\u" in text and _SURROGATE.search(text) and not _encodable(value):
        raise ValueError(
            "Half of a surrogate pair, such as \\ud83d alone, is not a character. Send both halves, or neither."
        )
    return value


TOO_DEEP = f"Nested deeper than {MAX_DEPTH} levels. Send it flatter, or as a string."


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        times = Counter(name for name, _ in pairs)
        twice = next(name for name in times if times[name] > 1)
        raise Inexact(f"One object has the name {twice[:60]!r} twice. Send it once.")
    return members


def _finite(text: str) -> float:
    number = float(text)
    if isinf(number):
        raise Inexact(f"The number {text[:60]} is too large for a double. Send it as a string.")
    return number


def _no_number(text: str) -> NoReturn:
    raise Inexact(f"{text} is not JSON. Send null, or a string.")


_decode = json.JSONDecoder(object_pairs_hook=_unique, parse_float=_finite, parse_constant=_no_number).decode


def _too_deep(value: Any) -> bool:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return False
    return True


def _encodable(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True

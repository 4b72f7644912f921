"""Parses one line of JSON: exactly, or with what cannot be stored exactly as text."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable
from math import isinf
from typing import Any, NoReturn

import orjson

MAX_DEPTH = 32
"""Levels of nested objects and lists."""
_HEX = re.compile(r"(?<!\\)((?:\\\\)*)\\x([0-9A-Fa-f]{2})")
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


MAX_DIGITS = 4_300
"""Digits of a whole number, as Python has it."""


class Inexact(ValueError):
    """JSON that could not be stored as it was sent; Python's and JavaScript's loggers write it all the same."""


def read(text: str) -> Any:
    """The value of a line of JSON as loggers write it; `ValueError` with a sentence if it is not JSON.

    A name that an object has twice gets a number the second time. NaN, infinities, and numbers that are too long or too
    large become text, and so do objects below `MAX_DEPTH`. Half of a surrogate pair becomes its escape.
    """
    try:
        return _parse_bytes(text) if "\\x" in text else parse(text)
    except Inexact:
        try:
            return _storable(_tolerant(text), MAX_DEPTH)
        except (RecursionError, json.JSONDecodeError) as error:
            raise ValueError(TOO_DEEP) from error


def _parse_bytes(text: str) -> Any:
    """The value of a line in which nginx wrote bytes as `\\x22`, which JSON has not; those beyond ASCII stay escaped."""
    try:
        return parse(text)
    except Inexact:
        raise
    except ValueError:
        return parse(_HEX.sub(lambda found: f"{found[1]}{_of_byte(found[2])}", text))


def _of_byte(digits: str) -> str:
    return f"\\u00{digits}" if int(digits, 16) < 0x80 else f"\\\\x{digits}"


def united(pairs: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """An object of all pairs: a name that is there already with another value gets a number."""
    values, numbers = dict[str, Any](), dict[str, int]()
    for name, value in pairs:
        if name not in values:
            values[name] = value
        elif values[name] != value:
            number = numbers.get(name, 2)
            while f"{name}_{number}" in values:
                number += 1
            numbers[name] = number + 1
            values[f"{name}_{number}"] = value
    return values


def parse(text: str) -> Any:
    """The value of a line of JSON; `ValueError` with a sentence if it is not JSON, or could not be stored exactly.

    Whole numbers are exact, up to 4,300 digits. Rejected are a name that an object has twice, NaN, a number beyond a double,
    half of a surrogate pair, and nesting deeper than `MAX_DEPTH`.
    """
    fast = _exact(text)
    if fast is not None:
        return fast
    try:
        value = _decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"Not JSON: {error.msg}, at character {error.pos + 1}. Send one JSON object per line.") from error
    except Inexact:
        raise
    except ValueError as error:  # of `int`
        raise Inexact("A whole number has more than 4,300 digits. Send it as a string.") from error
    except RecursionError as error:
        raise ValueError(TOO_DEEP) from error
    if text.count("{") + text.count("[") > MAX_DEPTH and _too_deep(value):
        raise Inexact(TOO_DEEP)
    if "\\u" in text and _SURROGATE.search(text) and not _encodable(value):
        raise Inexact("Half of a surrogate pair, such as \\ud83d alone, is not a character. Send both halves, or neither.")
    return value


TOO_DEEP = f"Nested deeper than {MAX_DEPTH} levels. Send it flatter, or as a string."


_EXACT_BELOW = 2.0**63
"""orjson makes a double of a whole number beyond 64 bits, and every such double is at least as large."""


def _exact(text: str) -> dict[str, Any] | None:
    """The object in a line, in a third of the time; None if that may not be all that the line says."""
    try:
        value = orjson.loads(text)
    except (orjson.JSONDecodeError, RecursionError):
        return None
    if type(value) is not dict or not are_exact(value.values(), MAX_DEPTH - 1):
        return None
    return value if has_quotes(text, orjson.dumps(value).count(b'"')) else None


def has_quotes(text: str, count: int) -> bool:
    """Whether a line of JSON has no more quotes than what orjson read of it, as it would write that: `count`.

    orjson says nothing of a name that comes twice. All but the last are left out then, with the quotes around them. Those
    within texts are as many in the line, if it has none as `\\u0022`.
    """
    return text.count('"') == count and not ("\\" in text and "\\u0022" in text)


def are_exact(values: Iterable[Any], depth: int) -> bool:
    """Whether none is a number that orjson may have read as another one, nor deeper than `depth` levels."""
    for value in values:
        kind = type(value)
        if kind is float:
            if not -_EXACT_BELOW < value < _EXACT_BELOW:
                return False
        elif kind is dict:
            if not depth or not are_exact(value.values(), depth - 1):
                return False
        elif kind is list and not (depth and are_exact(value, depth - 1)):
            return False
    return True


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


def _finite_or_text(text: str) -> float | str:
    number = float(text)
    return text if isinf(number) else number


def _whole_or_text(text: str) -> int | str:
    return text if len(text) > MAX_DIGITS else int(text)


_tolerant = json.JSONDecoder(
    object_pairs_hook=united, parse_float=_finite_or_text, parse_constant=str, parse_int=_whole_or_text
).decode
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


def _storable(value: Any, depth: int) -> Any:
    """The value with what is deeper as text, and each half of a surrogate pair as its escape."""
    if type(value) is str:
        return value if value.isascii() else value.encode("utf-8", "backslashreplace").decode()
    if type(value) not in (dict, list):
        return value
    if depth == 0:
        return json.dumps(value)
    if type(value) is list:
        return [_storable(each, depth - 1) for each in value]
    return united((_storable(name, depth), _storable(each, depth - 1)) for name, each in value.items())

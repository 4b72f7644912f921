"""The current observations of a target as a few bytes: pairs of the numbers of a field and of a value."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache

Pair = tuple[int, int]
"""The numbers of a field and of one of its values."""


def pack(pairs: Iterable[Pair]) -> bytes:
    """The pairs, in any order: each number in seven bits a byte."""
    return b"".join(map(_pieces, pairs))


@lru_cache(maxsize=20_000)
def _pieces(pair: Pair) -> bytes:
    return _piece(pair[0]) + _piece(pair[1])


@lru_cache(maxsize=4_096)
def _piece(number: int) -> bytes:
    """Remembered, because the next numbers end in the same bytes."""
    return bytes((number,)) if number <= 0x7F else bytes((number & 0x7F | 0x80,)) + _piece(number >> 7)


def unpack(packed: bytes) -> list[Pair]:
    """The pairs that were packed."""
    pairs: list[Pair] = []
    field = number = shift = 0
    is_field = True
    for byte in packed:
        number |= (byte & 0x7F) << shift
        if byte > 0x7F:
            shift += 7
            continue
        if is_field:
            field = number
        else:
            pairs.append((field, number))
        is_field, number, shift = not is_field, 0, 0
    return pairs


def values_of(field: int, packed: bytes) -> str:
    """The numbers of the values of one field, as JSON."""
    return json.dumps([value for number, value in unpack(packed) if number == field])

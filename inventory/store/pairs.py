"""The current observations of a target as a few bytes: pairs of the numbers of a field and of a value."""

from __future__ import annotations

from collections.abc import Iterable

Pair = tuple[int, int]
"""The numbers of a field and of one of its values."""


def pack(pairs: Iterable[Pair]) -> bytes:
    """The pairs in their order: for each the difference of the fields and the value, in seven bits a byte."""
    packed = bytearray()
    before = 0
    for field, value in sorted(pairs):
        _append(packed, field - before)
        _append(packed, value)
        before = field
    return bytes(packed)


def _append(packed: bytearray, number: int) -> None:
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)


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
            field += number
        else:
            pairs.append((field, number))
        is_field, number, shift = not is_field, 0, 0
    return pairs

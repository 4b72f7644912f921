"""Sets of targets as bits of integers: bit n is the target of number n. They are kept in blocks of `BLOCK` targets.

The packed form of a block is two bytes for each of its targets, in any order. Where that is shorter, it is one bit for
each target that there may be.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Collection, Iterable, Iterator, Mapping, MutableMapping
from functools import lru_cache, reduce
from operator import or_

BLOCK = 4_096
SHIFT = 12
BYTES = BLOCK // 8

_EMPTY = bytearray()
_NOT_EMPTY = re.compile(rb"[^\0]")
_BITS = tuple(tuple(bit for bit in range(8) if byte >> bit & 1) for byte in range(256))


def pack(bits: int) -> bytes:
    """The packed form of the bits of a block."""
    is_short = bits.bit_count() * 2 < BYTES
    return pack_offsets(list(numbers(bits))) if is_short else bits.to_bytes(BYTES, "little")


def pack_offsets(offsets: Collection[int]) -> bytes:
    """The packed form of targets by their offsets in the block, each once."""
    if len(offsets) * 2 < BYTES:
        return struct.pack(f"<{len(offsets)}H", *offsets)
    return of_numbers(offsets, BLOCK - 1).to_bytes(BYTES, "little")


@lru_cache(maxsize=64)
def with_added(packed: bytes, added: bytes) -> bytes:
    """A packed block with the targets of another one. Remembered: many values are shown by the same targets of a block."""
    return pack(bits_of(packed) | bits_of(added))


def bits_of(packed: bytes) -> int:
    """The bits of a packed block."""
    if len(packed) == BYTES:
        return int.from_bytes(packed, "little")
    return reduce(or_, (1 << offset for offset in _offsets(packed)), 0)


def size_of(packed: bytes) -> int:
    """How many targets a packed block has."""
    return len(packed) // 2 if len(packed) < BYTES else int.from_bytes(packed, "little").bit_count()


def add(found: MutableMapping[int, bytearray], rows: Iterable[tuple[int, bytes]]) -> int:
    """Add packed blocks to the bits of blocks by their numbers; how many there were."""
    count = 0
    for number, packed in rows:
        count += 1
        block = found.setdefault(number, _EMPTY)
        if block is _EMPTY:
            block = found[number] = bytearray(BYTES)
        if len(packed) == 2:  # by far the most of them, where values are many
            offset = packed[0] | packed[1] << 8
            block[offset >> 3] |= 1 << (offset & 7)
        elif len(packed) < BYTES:
            for offset in _offsets(packed):
                block[offset >> 3] |= 1 << (offset & 7)
        else:
            block[:] = (int.from_bytes(block, "little") | bits_of(packed)).to_bytes(BYTES, "little")
    return count


def add_offsets(found: MutableMapping[int, bytearray], rows: Iterable[tuple[int, bytes]]) -> int:
    """Add offsets, two bytes each, to the bits of blocks by their numbers; how many there were."""
    count = 0
    for number, packed in rows:
        count += len(packed) // 2
        block = found.setdefault(number, bytearray(BYTES))
        for offset in _offsets(packed):
            block[offset >> 3] |= 1 << (offset & 7)
    return count


def joined(blocks: Mapping[int, bytes | bytearray]) -> int:
    """The bits of all targets from those of blocks by their numbers."""
    packed = (blocks.get(number, bytes(BYTES)) for number in range(max(blocks, default=-1) + 1))
    return int.from_bytes(b"".join(packed), "little")


def of_numbers(targets: Iterable[int], below: int) -> int:
    """The bits of targets with numbers below a number."""
    data = bytearray(below // 8 + 1)
    for number in targets:
        data[number >> 3] |= 1 << (number & 7)
    return int.from_bytes(data, "little")


def numbers(bits: int) -> Iterator[int]:
    """The numbers of the targets, in their order."""
    data = to_bytes(bits)
    for found in _NOT_EMPTY.finditer(data):
        start = found.start()
        for bit in _BITS[data[start]]:
            yield start * 8 + bit


def to_bytes(bits: int) -> bytes:
    """The bits, eight targets a byte, in which a single one is tested faster."""
    return bits.to_bytes((bits.bit_length() + 7) // 8, "little")


def _offsets(packed: bytes) -> tuple[int, ...]:
    return struct.unpack(f"<{len(packed) // 2}H", packed)

"""Every byte sequence that an encoding gives a meaning to, and every one of two bytes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

LEADS, DIGITS, BYTES = range(0x81, 0xFF), range(0x30, 0x3A), range(0x100)
_UNITS = 0x10000


def every_sequence(encoding: str) -> Iterator[bytes]:
    """Sequences after each of which a decoder stands where it began; a line feed ends each that may be incomplete."""
    if encoding in ("utf-16le", "utf-16be"):
        order = "little" if encoding == "utf-16le" else "big"
        yield from (unit.to_bytes(2, order) + "\n".encode(f"utf-16-{order[0]}e") for unit in range(_UNITS))
        return
    start, end = (b"\x1b$B", b"\x1b(B\n") if encoding == "iso-2022-jp" else (b"", b"\n")
    yield from (bytes([byte]) + b"\n" for byte in BYTES)
    yield from (start + bytes(pair) + end for pair in product(BYTES, BYTES))
    if encoding == "iso-2022-jp":
        yield from (escape + bytes([byte]) + end for escape in (b"\x1b(J", b"\x1b(I") for byte in BYTES)
    if encoding == "euc-jp":
        yield from (b"\x8f" + bytes(pair) + b"\n" for pair in product(BYTES, BYTES))
    if encoding in ("gb18030", "gbk"):
        yield from (bytes(four) + b"\n" for four in product(LEADS, DIGITS, LEADS, DIGITS))

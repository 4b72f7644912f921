"""Values of both stores as zstd frames (RFC 8878), with dictionaries of what snapshots and pages usually say.

A frame names its dictionary, and every dictionary that was ever shipped stays, so that all frames can be read. A frame also
says how many bytes it makes, so that nothing can make more.
"""

from __future__ import annotations

import threading
from functools import cache
from pathlib import Path

from zstandard import ZstdCompressionDict, ZstdCompressor, ZstdDecompressor, ZstdError, get_frame_parameters

from inventory.errors import Unstorable

MAGIC = b"\x28\xb5\x2f\xfd"
"""How a frame begins, and no JSON does."""
LEVEL = 1
"""Level 3 makes frames 2 to 5 % smaller in 1.2 times the time (docs/speed.md)."""
MAX_PLAIN = 64 * 1024 * 1024
"""Bytes of one value: several times what a snapshot or a body can have, whatever the settings. No frame makes more."""

SNAPSHOTS, PAGES = 32_769, 32_770
"""The dictionaries that are used now, by their numbers: those of RFC 8878 for private use begin at 32,768."""
FOLDER = Path(__file__).with_name("dictionaries")


class _Tools(threading.local):
    """Compressors and decompressors by dictionary: each thread makes its own once, because none may be shared."""

    def __init__(self) -> None:
        self.compressors: dict[int, ZstdCompressor] = {}
        self.decompressors: dict[int, ZstdDecompressor] = {}


_tools = _Tools()


def compressed(plain: bytes, dictionary: int) -> bytes:
    """A frame that makes these bytes again; `Unstorable` if they are too many."""
    if len(plain) > MAX_PLAIN:
        raise Unstorable(f"It has {len(plain):,} bytes; a store keeps at most {MAX_PLAIN:,} of one value.")
    tool = _tools.compressors.get(dictionary)
    if tool is None:
        tool = _tools.compressors[dictionary] = ZstdCompressor(LEVEL, dict_data=_dictionary(dictionary))
    return tool.compress(plain)


def decompressed(frame: bytes) -> bytes:
    """The bytes that a frame was made of; `ValueError` if it is damaged."""
    try:
        found = get_frame_parameters(frame)
        if found.content_size > MAX_PLAIN:
            raise ValueError(f"A stored value of {len(frame):,} bytes says that it makes {found.content_size:,}.")
        tool = _tools.decompressors.get(found.dict_id)
        if tool is None:
            tool = _tools.decompressors[found.dict_id] = ZstdDecompressor(dict_data=_dictionary(found.dict_id))
        return tool.decompress(frame)
    except ZstdError as error:
        raise ValueError(f"A stored value of {len(frame):,} bytes is damaged: {error}.") from error


@cache
def _dictionary(number: int) -> ZstdCompressionDict:
    try:
        kept = ZstdCompressionDict((FOLDER / f"{number}.zdict").read_bytes())
    except FileNotFoundError as error:
        raise ValueError(f"A stored value needs the dictionary {number}, which this version does not have.") from error
    kept.precompute_compress(LEVEL)
    return kept

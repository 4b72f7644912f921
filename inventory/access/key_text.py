"""The text of a key: `inv_live_`, 32 random characters, and 6 that follow from these: a typing error is seen at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from hashlib import sha256
from secrets import choice
from zlib import crc32

PREFIX = "inv_live_"
"""By this, programs that look for secrets in files recognise a key."""
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
RANDOM, CHECKSUM = 32, 6
"""Characters: 190 bits of entropy, and the 32 bits of a CRC."""
LENGTH = len(PREFIX) + RANDOM + CHECKSUM
_SHAPE = re.compile(rf"{PREFIX}([0-9A-Za-z]{{{RANDOM}}})([0-9A-Za-z]{{{CHECKSUM}}})")


def new_key_text(choose: Callable[[Sequence[str]], str] = choice) -> str:
    """The text of a new key; `choose` picks one of several characters."""
    drawn = "".join(choose(ALPHABET) for _ in range(RANDOM))
    return f"{PREFIX}{drawn}{_checksum(drawn)}"


def is_key_text(text: str) -> bool:
    """Whether a text has the shape and the checksum of a key. That says nothing of whether there is such a key."""
    found = _SHAPE.fullmatch(text) if len(text) == LENGTH else None
    return found is not None and _checksum(found[1]) == found[2]


def digest_of(text: str) -> str:
    """What is kept of a key: the SHA-256 of its text, in hexadecimal digits.

    No slow hash is needed, because nobody can try 190 bits of entropy.
    """
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _checksum(drawn: str) -> str:
    """The CRC-32 of the random characters, in base 62."""
    number, digits = crc32(drawn.encode("ascii")), ""
    for _ in range(CHECKSUM):
        number, digit = divmod(number, len(ALPHABET))
        digits = ALPHABET[digit] + digits
    return digits

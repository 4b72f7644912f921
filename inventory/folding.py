"""Texts without case, so that what differs in case alone is the same."""

from __future__ import annotations


def folded(text: str) -> str:
    """The text without case: each character in lower case by itself, so that parts of a text fold as the whole does."""
    return text.lower() if text.isascii() else "".join(map(_lower, text))


def _lower(character: str) -> str:
    lower = character.lower()
    return lower if len(lower) == 1 else character

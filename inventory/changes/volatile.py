"""What of a difference tells nothing: values that differ in each response by their nature, as observations have them."""

from __future__ import annotations

import re

from inventory.observations.volatility import is_volatile_change

COME_AND_GO = frozenset({"age", "x-cache-hits"})
"""Caches send these for what they have, so not even their presence tells anything."""
COOKIE_ATTRIBUTES = frozenset({"value", "expires"})

_NONCE = re.compile(r"\bnonce\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]*)", re.IGNORECASE)
_FIELD = re.compile(r"<(?:input|meta)\b[^>]*", re.IGNORECASE)
_TOKEN_NAME = re.compile(
    r"csrf|xsrf|authenticity_token|verificationtoken|__viewstate|__eventvalidation|nonce", re.IGNORECASE
)
_CONTENT = re.compile(r"\b(?:value|content)\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]*)", re.IGNORECASE)


def is_volatile_header(name: str, old: str | None, new: str | None) -> bool:
    """Whether a header line of this name, in lower case, tells nothing by differing so; None where there is none."""
    if old is None or new is None:
        return name in COME_AND_GO
    return is_volatile_change(f"header.{name}", old, new)


def is_volatile_text(old: str, new: str) -> bool:
    """Whether lines of a page differ in nothing but nonces and the tokens of forms."""
    return _without_tokens(old) == _without_tokens(new)


def _without_tokens(text: str) -> str:
    return _FIELD.sub(_without_content, _NONCE.sub("nonce", text))


def _without_content(field: re.Match[str]) -> str:
    return _CONTENT.sub("", field[0]) if _TOKEN_NAME.search(field[0]) else field[0]

"""What is observed of the cookies of a snapshot: their attributes, never their values."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any

from inventory.observations.texts import MAX_NAME_BYTES, bounded, text_of
from inventory.records.model import Statement

ATTRIBUTES = ("secure", "httponly", "samesite", "accepted", "reason", "host_only", "partitioned")
"""What a condition can ask of one cookie: the last part of a field's name."""
NO_SAME_SITE = "unset"
"""What `samesite` is of a cookie without one, so that a search finds those."""

_FLAGS = (
    *(("secure", "secure"), ("httponly", "http_only"), ("accepted", "accepted")),
    *(("host_only", "host_only"), ("partitioned", "partitioned")),
)
"""Attributes that are true or false, each with the member of the snapshot that has it."""
_TEXTS = ("name", "same_site", "domain", "path", "reason")
_MEMBERS = (*_TEXTS, *(member for _, member in _FLAGS))
_values_of = itemgetter(*_MEMBERS)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_ENDINGS = tuple(f".{attribute}" for attribute in ATTRIBUTES)


def field_of(name: str) -> str:
    """The field of a cookie of that name.

    A dot is escaped by a backslash if the name would else end like an attribute: `cookie.a\\.secure` is the cookie
    `a.secure`, and `cookie.a.secure` whether the cookie `a` is secure. A backslash itself is doubled.
    """
    escaped = bounded(name, MAX_NAME_BYTES).replace("\\", "\\\\")
    if escaped.endswith(_ENDINGS):
        start, _, end = escaped.rpartition(".")
        escaped = f"{start}\\.{end}"
    return f"cookie.{escaped}"


def name_of(field: str) -> tuple[str, str | None] | None:
    """The cookie that a field is of, and the attribute if the field is one; None for a field of anything else."""
    if not field.startswith("cookie."):
        return None
    name, attribute = field.removeprefix("cookie."), None
    if name.endswith(_ENDINGS) and not _is_escaped(name, name.rindex(".")):
        name, _, attribute = name.rpartition(".")
    return _ESCAPED.sub(r"\1", name), attribute


def statements_of(cookie: Mapping[str, Any]) -> Sequence[Statement]:
    """A statement with all attributes of a cookie, and one for each of the `ATTRIBUTES`, of bounded size."""
    is_persistent = cookie.get("expires") is not None or cookie.get("max_age") is not None
    try:
        return _remembered(is_persistent, *_values_of(cookie))
    except (KeyError, TypeError):  # a snapshot of an older version lacks a member, or one that is damaged has a list there
        return _statements(is_persistent, *map(cookie.get, _MEMBERS))


def _statements(persistent: bool, *members: Any) -> Sequence[Statement]:
    name, same_site, domain, path, reason = map(text_of, members[: len(_TEXTS)])
    flags = map(bool, members[len(_TEXTS) :])
    field = field_of(name or "")
    named = dict(zip((attribute for attribute, _ in _FLAGS), flags, strict=True))
    parts = (
        "secure" if named["secure"] else "",
        "httponly" if named["httponly"] else "",
        f"samesite={same_site.lower()}" if same_site else "",
        "" if named["host_only"] else f"domain={domain or ''}",
        f"path={path or '/'}",
        "persistent" if persistent else "",
        "partitioned" if named["partitioned"] else "",
    )
    statements = [
        (field, "; ".join(filter(None, parts))),
        *((f"{field}.{attribute}", "true" if flag else "false") for attribute, flag in named.items()),
        (f"{field}.samesite", (same_site or NO_SAME_SITE).lower()),
        *([(f"{field}.reason", reason)] if reason else []),
    ]
    return tuple(Statement(field, bounded(value)) for field, value in statements)


_remembered = lru_cache(maxsize=4_096, typed=True)(_statements)
"""Remembered, because a site sets the same cookies on all of its pages."""


def _is_escaped(text: str, position: int) -> bool:
    """Whether an odd number of backslashes stands before a position."""
    start = text[:position]
    return (len(start) - len(start.rstrip("\\"))) % 2 == 1

"""What is observed of the cookies of a snapshot: their attributes, never their values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inventory.observations.values import MAX_NAME_BYTES, bounded, text_of

ATTRIBUTES = ("secure", "httponly", "samesite", "accepted", "reason", "host_only", "partitioned")
"""What a condition can ask of one cookie: the last part of a field's name."""
NO_SAME_SITE = "unset"
"""What `samesite` is of a cookie without one, so that a search finds those."""

_FLAGS = (
    *(("secure", "secure"), ("httponly", "http_only"), ("accepted", "accepted")),
    *(("host_only", "host_only"), ("partitioned", "partitioned")),
)
"""Attributes that are true or false, each with the member of the snapshot that has it."""
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
    """The cookie that a field is of, and the attribute if it is one of that; None for fields of nothing of a cookie."""
    if not field.startswith("cookie."):
        return None
    name, attribute = field.removeprefix("cookie."), None
    if name.endswith(_ENDINGS) and not _is_escaped(name, name.rindex(".")):
        name, _, attribute = name.rpartition(".")
    elif name.endswith(_ENDINGS):
        dot = name.rindex(".")
        name = name[: dot - 1] + name[dot:]
    return name.replace("\\\\", "\\"), attribute


def statements_of(cookie: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """A statement with all attributes of a cookie, and one for each of the `ATTRIBUTES`."""
    get, field = cookie.get, field_of(text_of(cookie.get("name")) or "")
    same_site = (text_of(get("same_site")) or NO_SAME_SITE).lower()
    yield field, _in_order(cookie, same_site)
    for name, member in (
        ("secure", "secure"),
        ("httponly", "http_only"),
        ("accepted", "accepted"),
        ("host_only", "host_only"),
    ):
        yield f"{field}.{name}", "true" if get(member) else "false"
    yield f"{field}.partitioned", "true" if get("partitioned") else "false"
    yield f"{field}.samesite", same_site
    if reason := text_of(get("reason")):
        yield f"{field}.reason", reason


def _in_order(cookie: Mapping[str, Any], same_site: str) -> str:
    get = cookie.get
    parts = [
        "secure" if get("secure") else "",
        "httponly" if get("http_only") else "",
        "" if same_site == NO_SAME_SITE else f"samesite={same_site}",
        "" if get("host_only") else f"domain={text_of(get('domain')) or ''}",
        f"path={text_of(get('path')) or '/'}",
        "" if get("expires") is None and get("max_age") is None else "persistent",
        "partitioned" if get("partitioned") else "",
    ]
    return "; ".join(filter(None, parts))


def _is_escaped(text: str, position: int) -> bool:
    """Whether an odd number of backslashes stands before a position."""
    start = text[:position]
    return (len(start) - len(start.rstrip("\\"))) % 2 == 1

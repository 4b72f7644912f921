"""Reads the head of a plain GET: one that means the same to every reader, and has no body.

Everything else is left to gunicorn's parser. It reads what is read here to the same target and header fields.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_HEAD = 8190
"""Bytes of a head. It is gunicorn's limit of a line, so no line of such a head is too long for it."""
MAX_FIELDS = 100
"""Gunicorn's limit."""
HEAD = re.compile(rb"GET (/[!-\"$-~]*) HTTP/1\.1\r\n((?:[A-Za-z][A-Za-z0-9-]*: ?(?:[!-~](?:[ -~]*[!-~])?)?\r\n)+)\r\n")
FIELD = re.compile(r"([^:]+): ?([^\r]*)\r\n")
NOT_PLAIN = frozenset(
    {"content-length", "transfer-encoding", "expect", "upgrade", "http2-settings", "x-forwarded-protocol", "x-forwarded-ssl"}
)
"""Fields that announce a body, want more than an answer, or may contradict another one of a proxy."""


def read(head: bytes) -> tuple[str, Mapping[str, str]] | None:
    """Target and header fields, by lower-case name, of a plain GET on a connection that is kept; None of all else."""
    found = HEAD.fullmatch(head) if len(head) <= MAX_HEAD else None
    if found is None:
        return None
    lines = FIELD.findall(found[2].decode("ascii"))
    fields = {name.lower(): value for name, value in lines}
    if len(fields) != len(lines) or len(fields) > MAX_FIELDS or not NOT_PLAIN.isdisjoint(fields):
        return None
    if fields.get("connection", "keep-alive").lower() != "keep-alive":
        return None
    return found[1].decode("ascii"), fields

"""Reads a head with nothing odd, which nearly all are, in one step: line by line it takes five times as long."""

from __future__ import annotations

import re

from inventory.http_client.head import Head
from inventory.http_client.head_reader import MAX_HEAD_LINES

_STATUS_LINE = re.compile(rb"HTTP/(1\.\d) ([2-9]\d\d)(?: ([\t -~\x80-\xff]*+))?\r\n")
"""Of a final response: interim ones are left to the reader of lines."""
_FIELD = re.compile(r"^([!#$%&'*+\-.^_`|~0-9A-Za-z]++):([^\r\n\0]*+)\r\n", re.MULTILINE)


def plain_head(start: bytes) -> tuple[Head, int] | None:
    """The head with which these bytes begin, and how many bytes it has; None if it is not there whole, or not plain.

    Plain is what has no defect and ends its lines in CR LF. The result is that of `head_reader.read_final_head`.
    """
    status_line, end = _STATUS_LINE.match(start), start.find(b"\r\n\r\n")
    if status_line is None or end < 0:
        return None
    lines = start[status_line.end() : end + 2].decode("latin-1")
    found = _FIELD.findall(lines)
    if len(found) != lines.count("\n") or len(found) > MAX_HEAD_LINES:
        return None
    version, status, reason = status_line.groups(b"")
    fields = tuple([(name, value.strip(" \t")) for name, value in found])
    return Head(int(status), reason.decode("latin-1").strip(" \t"), version.decode(), fields, ()), end + 4

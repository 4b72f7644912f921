"""Reads heads and trailers line by line, within their limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from inventory.http_client.failures import incomplete_response, invalid_response
from inventory.http_client.head import FieldReader, Fields, Head, StatusLine, read_status_line

MAX_HEAD_LINES = 2_000
MAX_HEAD_BYTES = 1024 * 1024
MAX_INTERIM = 10
MAX_INTERIM_BYTES = 64 * 1024
"""Interim responses (1xx) that are kept, and what their heads may have together."""
MAX_EMPTY_LINES = 4
"""Passed over before a status line, as browsers do."""

LINE_ENDS = (b"\r\n", b"\n")
DOUBLED_ENDS = (b"\r\r\n", *LINE_ENDS)
"""A server that writes CR LF to a stream which makes CR LF of every LF ends its lines so, and its head."""

NextLine = Callable[[str], bytes]
"""The next line with its end, empty after the last; told what it is, for the failure if it is too long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldLines:
    """Header or trailer lines, and what is wrong with them. `ended`: the empty line after them was there.

    `size` is in bytes; `rest` is a line that the end of the connection cut.
    """

    fields: Fields
    defects: tuple[str, ...]
    size: int
    ended: bool = True
    rest: bytes = b""


def read_final_head(next_line: NextLine) -> Head:
    """The head of the final response, with the first of the interim ones; `SourceFailure` when there is none."""
    interim: list[Head] = []
    more = size = 0
    while True:
        head, read = _read_head(next_line)
        if head.status // 100 != 1 or head.status == 101:
            return replace(head, interim=tuple(interim), more_interim=more) if interim or more else head
        size += read
        if len(interim) < MAX_INTERIM and size <= MAX_INTERIM_BYTES:
            interim.append(head)
        else:
            more += 1


def read_field_lines(next_line: NextLine, ends: tuple[bytes, ...] = LINE_ENDS) -> FieldLines:
    """The lines up to the empty one, or to the end of the connection; `SourceFailure` when there are too many."""
    reader = FieldReader()
    size = 0
    for number in range(1, MAX_HEAD_LINES + 2):
        line = next_line("header line")
        size += len(line)
        ended = line.endswith(b"\n")
        if line in ends or not ended:
            fields, defects = reader.end()
            return FieldLines(fields=fields, defects=tuple(defects), size=size, ended=ended, rest=b"" if ended else line)
        if size > MAX_HEAD_BYTES:
            break
        reader.add(number, line)
    raise invalid_response(f"the headers exceed {MAX_HEAD_LINES} lines or {MAX_HEAD_BYTES} bytes")


def _read_head(next_line: NextLine) -> tuple[Head, int]:
    """A head, and how many bytes its header lines have."""
    line, skipped = _read_status_line(next_line)
    lines = read_field_lines(next_line, DOUBLED_ENDS if line.doubled_end else LINE_ENDS)
    if not lines.ended:
        raise incomplete_response("it ends inside its headers")
    defects = (*skipped, *line.defects, *lines.defects)
    return Head(line.status, line.reason, line.http_version, lines.fields, defects), lines.size


def _read_status_line(next_line: NextLine) -> tuple[StatusLine, tuple[str, ...]]:
    """The status line, and what is wrong before it."""
    line, skipped = next_line("status line"), 0
    while line in LINE_ENDS and skipped < MAX_EMPTY_LINES:
        line, skipped = next_line("status line"), skipped + 1
    if not line:
        raise invalid_response("the connection was closed without a response")
    status_line = read_status_line(line)
    if status_line is None:
        raise invalid_response("its first line is not the status line of HTTP/1.x", line)
    if not line.endswith(b"\n"):
        raise incomplete_response("it ends inside its status line")
    return status_line, ("empty lines before the status line",) if skipped else ()

"""Puts together what the drivers of containers' logs take apart: long lines, and the lines of a stack trace."""

from __future__ import annotations

import json
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from typing import Any

import orjson

from inventory.events import levels, text_lines
from inventory.events.normaliser import MAX_MESSAGE
from inventory.jobs.model import InputRow

SHAPES = frozenset({"docker", "cri"})
PIECE = 16_384
"""Bytes after which Docker takes a line apart. All but the last piece lack the end of a line."""
MAX_JOINED = 1024 * 1024
"""Characters of a line that is put together."""
MAX_OPEN = 16
"""Entries that wait for their rest, because lines of other streams are between."""
MAX_FIRST, MAX_FIRST_CHARACTERS = 200, 1024 * 1024
"""Rows that tell whether lines of a file have their ends."""

_INDENTED = re.compile(r"\s+\S|[\])}]+[;,]?\s*\Z")
_TRACEBACK = "Traceback (most recent call last):"
_TRACE = re.compile(
    r"Traceback \(most recent call last\):|Caused by: |During handling of the above |The above exception was "
    r"|goroutine \d{1,10} \[|\S{1,300}:\d{1,7}:in [`']|Stack trace:"
    r"|(?:[a-z_$][\w$]{0,60}\.){1,12}[A-Z][\w$]{0,100}(?:Exception|Error|Throwable)\b"
)
"""How those lines of a stack trace begin that are not indented, in Python, Go, Ruby, PHP and Java."""
_FRAME = re.compile(r"#\d{1,4} |created by |[\w./*()\[\]{}-]{1,300}\(.{0,2000}\)\Z")
"""A frame in PHP or Go, which counts only within a trace."""
_UNTIMED = re.compile(r"panic: |fatal error: |PHP ")
"""How an event begins that has no time and may have a trace."""

_STAMPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) ", re.ASCII)
"""What `docker logs -t` and `kubectl logs --timestamps` write in front of each line."""

Pair = tuple[InputRow, int]
Writer = Callable[[str, bool], str]
"""Writes a line as the driver does; the second argument says whether it is part of one."""


@dataclass(slots=True)
class _Entry:
    """A row of a container's log, and the lines of its stream that were put to it."""

    row: InputRow
    end: int
    stream: str
    lines: list[str]
    is_partial: bool
    write: Writer
    pieces: int = 1
    length: int = field(init=False)
    is_closed: bool = False
    _parts: list[str] = field(init=False)
    _unindented: str = ""

    def __post_init__(self) -> None:
        self.length = len(self.lines[0])
        self._parts = list(self.lines)
        self._note(self.lines[0])

    def takes(self, entry: _Entry, now: datetime) -> bool:
        """Whether the next entry of the stream is the rest of this one, which has it then."""
        (line,) = entry.lines
        limit = MAX_JOINED if self.is_partial else MAX_MESSAGE
        if self.length + len(line) >= limit or not (self.is_partial or self._goes_on_with(line, now)):
            return False
        if self.is_partial:
            self._parts.append(line)
            if not entry.is_partial:
                self.lines[-1] = "".join(self._parts)
                self._note(self.lines[-1])
        else:
            self.lines.append(line)
            self._parts = [line]
            self._note(line)
        self.pieces += 1
        self.length += len(line) + 1
        self.end, self.is_partial = entry.end, entry.is_partial
        return True

    def _note(self, line: str) -> None:
        """Remember the last line that is not indented: it tells of what a trace is."""
        if line[:1] != " ":
            self._unindented = line

    def _goes_on_with(self, line: str, now: datetime) -> bool:
        """Whether a line continues an event of text."""
        first, has_more = self.lines[0], len(self.lines) > 1
        if _is_object(first) or line.startswith("{"):
            return False
        if _INDENTED.match(line) or (not line and (has_more or _UNTIMED.match(first))):
            return True
        if has_more and self._is_within_trace(line):
            return True
        if not _TRACE.match(line):
            return False
        is_event = has_more or _UNTIMED.match(first) or levels.of_beginning(first)
        return bool(is_event) or text_lines.read(first, now) is not None

    def _is_within_trace(self, line: str) -> bool:
        """Whether a line that is not indented is the end of a traceback of Python, or a frame in PHP or Go."""
        last = self.lines[-1]
        if last[:1] == " " and self._unindented == _TRACEBACK:
            return True
        return last.startswith(("#", "\t", "goroutine ", "Stack trace:")) and _FRAME.match(line) is not None

    def joined(self) -> Pair:
        """The row with all of its line."""
        if self.pieces == 1:
            return self.row, self.end
        if self.is_partial:
            self.lines[-1] = "".join(self._parts)
        return self.row._replace(text=self.write("\n".join(self.lines), self.is_partial)), self.end


def _is_object(line: str) -> bool:
    return line.startswith("{") and line.endswith("}")


def joined(rows: Iterator[Pair], now: datetime) -> Iterator[Pair]:
    """The rows of a file, each with the rest of its line and of its stack trace, in the order in which they begin."""
    first = _beginning(rows)
    shortest = 0 if any(_has_end(row.text) for row, _ in first) else PIECE
    open_entries: deque[_Entry] = deque()
    for row, end in chain(first, rows):
        entry = _entry(row, end, shortest)
        if entry is None:
            while open_entries:
                yield open_entries.popleft().joined()
            yield row, end
            continue
        before = next((each for each in reversed(open_entries) if each.stream == entry.stream), None)
        if before is not None:
            if before.takes(entry, now):
                continue
            before.is_closed = True
        open_entries.append(entry)
        while open_entries[0].is_closed or len(open_entries) > MAX_OPEN:
            yield open_entries.popleft().joined()
    while open_entries:
        yield open_entries.popleft().joined()


def _beginning(rows: Iterator[Pair]) -> list[Pair]:
    first, length = [], 0
    for pair in rows:
        first.append(pair)
        length += len(pair[0].text)
        if len(first) >= MAX_FIRST or length >= MAX_FIRST_CHARACTERS:
            break
    return first


def _has_end(text: str) -> bool:
    document = _document(text)
    return document is not None and document["log"].endswith("\n")


def _document(text: str) -> dict[str, Any] | None:
    """What Docker's `json-file` driver says of a line; None if the text is nothing of it."""
    if '"log"' not in text:
        return None
    try:
        document = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    is_one = type(document) is dict and type(document.get("log")) is str and type(document.get("time")) is str
    return document if is_one else None


def _entry(row: InputRow, end: int, shortest: int) -> _Entry | None:
    """The line of a container in a row; None if there is none. A piece without an end has `shortest` bytes at least."""
    if row.code is not None:
        return None
    if row.text.startswith("{"):
        document = _document(row.text)
        if document is None:
            return None
        line = document["log"].rstrip("\r\n")
        is_partial = not document["log"].endswith("\n") and len(line.encode()) >= shortest
        return _Entry(row, end, str(document.get("stream")), [line], is_partial, _docker(document))
    if container := text_lines.container(row.text):
        members = container[1]
        return _Entry(row, end, members["stream"], [members["log"]], "partial" in members, _cri(members))
    if stamped := _STAMPED.match(row.text):
        stamp, line = stamped[0], row.text[stamped.end() :]
        return _Entry(row, end, "", [line], False, lambda joined_line, _: stamp + joined_line)
    if composed := text_lines.composed(row.text):
        service, line = composed
        return _Entry(row, end, service, [line], False, lambda joined_line, _: f"{service} | {joined_line}")
    return None


def _docker(document: dict[str, Any]) -> Writer:
    return lambda line, is_partial: json.dumps({**document, "log": line if is_partial else f"{line}\n"}, ensure_ascii=False)


def _cri(members: dict[str, Any]) -> Writer:
    return lambda line, is_partial: f"{members['time']} {members['stream']} {'P' if is_partial else 'F'} {line}"

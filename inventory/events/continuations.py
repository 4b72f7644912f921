"""Lines that continue the one before: a stack trace belongs to the event that it follows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from inventory.events import colours, logfmt, served_lines, text_lines
from inventory.events.normaliser import MAX_MESSAGE
from inventory.jobs.model import InputRow

SHAPES = frozenset({"text", "monolog", "klog", "zap", "postgresql"})
"""The shapes of text whose events may span lines."""
_JSON = "{"

_LEVEL_FIRST = re.compile(r"(?:TRACE|DEBUG|INFO|WARNING|ERROR|CRITICAL):[\w.]{1,200}:")
"""How a line of Python's `logging` begins that nobody configured; it has no time."""

Rows = Iterable[tuple[InputRow, int]]


def joined(rows: Rows, now: datetime) -> Iterator[tuple[InputRow, int]]:
    """The rows of a file, each with the lines after it that do not begin as an event does.

    A row takes as many lines as a message has room for. Those after them are rows of their own, as are those that follow no
    event of text.
    """
    texts: list[str] = []
    begun: tuple[InputRow, int] | None = None
    room = 0
    for row, end in rows:
        text = colours.without(row.text).strip()
        is_closed = row.code is not None or _stands_alone(text)
        is_event = not is_closed and text_lines.read(text, now) is not None
        if begun is not None and not (is_closed or is_event) and len(row.text) < room:
            texts.append(row.text)
            begun, room = (begun[0], end), room - len(row.text) - 1
            continue
        if begun is not None:
            yield begun[0]._replace(text="\n".join(texts)), begun[1]
        begun = None
        if is_event:
            begun, texts, room = (row, end), [row.text], MAX_MESSAGE - len(row.text)
        else:
            yield row, end
    if begun is not None:
        yield begun[0]._replace(text="\n".join(texts)), begun[1]


def _stands_alone(text: str) -> bool:
    """Whether a line that begins with no time is one of another logger all the same, and continues nothing."""
    if text.startswith(_JSON) or _LEVEL_FIRST.match(text) or served_lines.read(text):
        return True
    return logfmt.is_of_logger(text)

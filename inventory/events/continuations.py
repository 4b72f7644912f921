"""Lines that continue the one before: a stack trace belongs to the event that it follows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime

from inventory.events import access_lines, colours, text_lines
from inventory.events.normaliser import MAX_MESSAGE
from inventory.jobs.model import InputRow

SHAPES = frozenset({"text", "monolog", "klog", "zap"})
"""The shapes of text whose events may span lines."""
_JSON = "{"

Rows = Iterable[tuple[InputRow, int]]


def joined(rows: Rows, now: datetime) -> Iterator[tuple[InputRow, int]]:
    """The rows of a file, each with the lines after it that do not begin as an event does.

    A row takes as many lines as a message has room for. Those after them are rows of their own, as are those that follow no
    event of text.
    """
    held: list[str] = []
    begun: tuple[InputRow, int] | None = None
    room = 0
    for row, end in rows:
        text = colours.without(row.text)
        is_closed = row.code is not None or text.startswith(_JSON) or access_lines.read(text) is not None
        is_event = not is_closed and text_lines.read(text, now) is not None
        if begun is not None and not (is_closed or is_event) and len(row.text) < room:
            held.append(row.text)
            begun, room = (begun[0], end), room - len(row.text) - 1
            continue
        if begun is not None:
            yield replace(begun[0], text="\n".join(held)), begun[1]
        begun = None
        if is_event:
            begun, held, room = (row, end), [row.text], MAX_MESSAGE - len(row.text)
        else:
            yield row, end
    if begun is not None:
        yield replace(begun[0], text="\n".join(held)), begun[1]

"""Cursors of the list of changes: a position in it, and how far back the list goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from inventory.changes.parameters import ChangeParameters
from inventory.clock import EPOCH, MILLISECOND
from inventory.listing import NOT_A_CURSOR, cursor_of, position_of, refused_cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Cursor:
    """Where the next page begins: after a change, by its instant, record and field, in a list that goes back to `since`.

    `since` stays the same on all pages, also where it was so long before now.
    """

    since: datetime
    at: datetime
    record_id: str
    field: str

    @property
    def position(self) -> tuple[datetime, str, str]:
        """The position of that change."""
        return self.at, self.record_id, self.field


def written(cursor: Cursor, parameters: ChangeParameters) -> str:
    """The text that stands for a cursor."""
    since = str((cursor.since - EPOCH) // MILLISECOND)
    return cursor_of(_question(parameters), cursor.at, since, cursor.record_id, cursor.field)


def read_cursor(text: str | None, parameters: ChangeParameters) -> Cursor | None:
    """The cursor that a text stands for, None if it was not given.

    `InvalidRequest` if it is none, or one of another query.
    """
    position = position_of(text, _question(parameters), names=3)
    if position is None:
        return None
    at, (since, record_id, field) = position
    try:
        return Cursor(since=EPOCH + int(since) * MILLISECOND, at=at, record_id=record_id, field=field)
    except (ValueError, OverflowError) as error:
        raise refused_cursor(NOT_A_CURSOR) from error


def _question(parameters: ChangeParameters) -> list[object]:
    return ["changes", *sorted((asdict(parameters) | {"fields": sorted(set(parameters.fields))}).items())]

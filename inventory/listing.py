"""Pages of listings, the positions at which they end, and the opaque cursors that stand for these."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, TypeVar

from inventory.clock import EPOCH, MILLISECOND
from inventory.errors import InvalidRequest

Key = tuple[datetime, str]
"""A position in a listing that is ordered by (instant, id), newest first."""

Row = TypeVar("Row")
PORTION, MAX_SIFTED = 500, 10_000
"""Rows that are looked at together, and for one page at most, where not all of them may be shown."""

NOT_A_CURSOR = "Not a cursor. Send the next_cursor of an earlier page, or none."
ANOTHER_QUESTION = (
    "This is the cursor of another query. Send it with all other parameters as they were, or start without one."
)


def keyset_page(
    name: str,
    query: Mapping[str, Any],
    find: Callable[..., Sequence[Row]],
    document: Callable[[Row], Any],
    position: Callable[[Row], Key | int],
) -> dict[str, Any]:
    """A page of what `find` yields for the query's limit and cursor, as a list of documents of that name."""
    limit = query["limit"]
    rows = find(limit=limit + 1, after=query["cursor"])
    next_cursor = cursor_after(position(rows[limit - 1])) if len(rows) > limit else None
    return {name: [document(row) for row in rows[:limit]], "next_cursor": next_cursor}


def sifted_page(
    name: str,
    query: Mapping[str, Any],
    find: Callable[..., Sequence[Row]],
    document: Callable[[Row], Any],
    position: Callable[[Row], Key],
    sift: Callable[[Sequence[Row]], Sequence[Row]],
) -> dict[str, Any]:
    """The same of the rows that `sift` leaves: a page may have fewer of them, although another one comes."""
    rows, end = sifted(find, sift, position, limit=query["limit"], after=query["cursor"])
    return {name: [document(row) for row in rows], "next_cursor": None if end is None else cursor_after(end)}


def sifted(
    find: Callable[..., Sequence[Row]],
    sift: Callable[[Sequence[Row]], Sequence[Row]],
    position: Callable[[Row], Key],
    *,
    limit: int,
    after: Key | None,
) -> tuple[Sequence[Row], Key | None]:
    """Up to `limit` of the rows that `find` lists and `sift` leaves, and the position after which the next ones come.

    That is None at the end. `MAX_SIFTED` rows are looked at, so there may be fewer than `limit`, although others come.
    """
    kept: list[Row] = []
    for _ in range(MAX_SIFTED // PORTION):
        rows = find(limit=PORTION, after=after)
        kept += sift(rows)
        if len(kept) > limit:
            return kept[:limit], position(kept[limit - 1])
        if len(rows) < PORTION:
            return kept, None
        after = position(rows[-1])
    return kept, after


def cursor_after(position: Key | int) -> str:
    """The text that stands for a position: the next page begins after it."""
    if isinstance(position, int):
        text = str(position)
    else:
        instant, row_id = position
        text = f"{(instant - EPOCH) // MILLISECOND} {row_id}"
    return urlsafe_b64encode(text.encode()).decode("ascii")


def cursor_of(question: Sequence[object], at: datetime, *names: str) -> str:
    """The text that stands for a position in the answers to a question: an instant and names, only the last with spaces."""
    text = " ".join([_digest(question), str((at - EPOCH) // MILLISECOND), *names])
    return urlsafe_b64encode(text.encode()).decode("ascii")


def position_of(
    cursor: str | None, question: Sequence[object], *, names: int = 1, parameter: str = "cursor"
) -> tuple[datetime, Sequence[str]] | None:
    """The instant and the names that `cursor_of` made a text of, None without one.

    `InvalidRequest` if it is no such text, or one of another question.
    """
    if cursor is None:
        return None
    try:
        digest, milliseconds, *rest = urlsafe_b64decode(cursor.encode("ascii")).decode("utf-8").split(" ", names + 1)
        at = EPOCH + int(milliseconds) * MILLISECOND
    except (UnicodeError, binascii.Error, ValueError, OverflowError) as error:
        raise refused_cursor(NOT_A_CURSOR, parameter) from error
    if len(rest) != names:
        raise refused_cursor(NOT_A_CURSOR, parameter)
    if digest != _digest(question):
        raise refused_cursor(ANOTHER_QUESTION, parameter)
    return at, rest


def refused_cursor(reason: str, parameter: str = "cursor") -> InvalidRequest:
    """The error of a cursor that cannot be used."""
    return InvalidRequest(f"`{parameter}` is not valid: {reason}", {parameter: [reason]})


def _digest(question: Sequence[object]) -> str:
    return sha256(repr(list(question)).encode("utf-8", "surrogatepass")).hexdigest()[:12]

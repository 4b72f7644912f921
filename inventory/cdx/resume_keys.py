"""Keys with which the next page of an answer is asked for."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.cdx.filters import Collapsed
from inventory.cdx.model import Position, urlkey_of
from inventory.clock import EPOCH, MILLISECOND
from inventory.errors import InvalidRequest
from inventory.listing import NOT_A_CURSOR, cursor_of, position_of, refused_cursor
from inventory.records.model import Record

PARAMETER = "resumeKey"
GONE = "What it names was deleted. Start without one."

Find = Callable[[Sequence[str]], Mapping[str, Record]]
"""Finds records by their ids."""
Secret = Callable[[], bytes]
"""What signs; it may be kept in the store."""


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """How far an answer has come: its positions, none at the beginning, and what was collapsed by last."""

    positions: tuple[Position | None, ...] = ()
    collapsed: Collapsed = ()


def written(question: Sequence[object], resume_point: ResumePoint, secret: Secret, *, is_hidden: bool) -> str:
    """The key of a position in the answer to a question.

    `is_hidden`: with the id of a record in place of a URL, and signed: else they would tell which records exist.
    """
    positions = [None if each is None else _kept(each, is_hidden=is_hidden) for each in resume_point.positions]
    signature = _signature(question, positions, secret) if is_hidden else False
    return cursor_of(question, EPOCH, json.dumps([positions, resume_point.collapsed, signature]))


def read(key: str, question: Sequence[object], find: Find, secret: Secret) -> ResumePoint:
    """What a key says; `InvalidRequest` if it is none, one of another question, or one of a record that is gone."""
    found = position_of(key, question, parameter=PARAMETER)
    assert found is not None
    try:
        positions, collapsed, signature = json.loads(found[1][0])
        if signature is not False and not hmac.compare_digest(str(signature), _signature(question, positions, secret)):
            raise refused_cursor(NOT_A_CURSOR, PARAMETER)
        names = [str(each[0]) for each in positions if each is not None and signature is not False]
        urlkeys = {record_id: urlkey_of(record.target) for record_id, record in find(names).items()} if names else {}
        if any(name not in urlkeys for name in names):
            raise refused_cursor(GONE, PARAMETER)
        return ResumePoint(tuple(_position(each, urlkeys) for each in positions), tuple(map(str, collapsed)))
    except InvalidRequest:
        raise
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise refused_cursor(NOT_A_CURSOR, PARAMETER) from error


def _signature(question: Sequence[object], positions: Sequence[Any], secret: Secret) -> str:
    text = f"{PARAMETER} {question!r} {json.dumps(positions)}"
    return hmac.new(secret(), text.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:32]


def _kept(position: Position, *, is_hidden: bool) -> list[Any]:
    name = position.record_id if is_hidden else position.urlkey
    return [name] if position.seen is None else [name, (position.seen[0] - EPOCH) // MILLISECOND, position.seen[1]]


def _position(kept: Sequence[Any] | None, urlkeys: Mapping[str, str]) -> Position | None:
    if kept is None:
        return None
    urlkey = str(kept[0])
    seen = None if len(kept) == 1 else (EPOCH + int(kept[1]) * MILLISECOND, str(kept[2]))
    return Position(urlkeys.get(urlkey, urlkey), "", seen)

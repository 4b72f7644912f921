"""The latest collections of a target, as both stores keep them for watches: pure.

Each is six bytes: its instant in milliseconds, doubled, and one more if it failed. While there is no active
watch nothing is remembered. What was remembered before then has a gap after it: it is given up, and
the next one follows what the record itself says.
"""

from __future__ import annotations

from inventory.records.model import Failed, Record, State, Stored
from inventory.store.codecs import from_millis, to_millis
from inventory.watches.model import KEPT_COLLECTIONS, Collection

WIDTH = 6
"""Bytes of one."""
LATEST: int = 2 ** (8 * WIDTH) - 1


def remembered(kept: bytes | None, outcome: Stored | Failed) -> bytes:
    """The collections after an outcome; `kept` are those before, None if there is nothing that has no gap after it."""
    before = kept or _before(outcome.claim)
    return (before + _piece(at_of(outcome), isinstance(outcome, Failed)))[-WIDTH * KEPT_COLLECTIONS :]


def at_of(outcome: Stored | Failed) -> int:
    """When an outcome was."""
    return to_millis(outcome.failure.at if isinstance(outcome, Failed) else outcome.snapshot.collected_at)


def collections(kept: bytes | None, record: Record) -> tuple[Collection, ...]:
    """The collections that are kept of a record, or what itself says."""
    packed = kept or _before(record)
    numbers = (int.from_bytes(packed[start : start + WIDTH]) for start in range(0, len(packed), WIDTH))
    return tuple(Collection(from_millis(number >> 1), bool(number & 1)) for number in numbers)


def _before(record: Record) -> bytes:
    """What a record says of collections: the last success, and a failure after it that no further attempt may follow."""
    packed = b"" if record.collected_at is None else _piece(to_millis(record.collected_at), False)
    tried = record.attempt > 1 if record.state is State.RUNNING else record.attempt > 0
    if record.failure is None or (tried and record.state is not State.FAILED):
        return packed
    return packed + _piece(to_millis(record.failure.at), True)


def _piece(at: int, failed: bool) -> bytes:
    return min(max(0, at << 1 | int(failed)), LATEST).to_bytes(WIDTH)

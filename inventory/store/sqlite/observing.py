"""Writing observations, in the transaction that changes the record.

`observed_targets` has the current ones of each target as a list, and since when the target is known: so what a collection
shows is compared with one row, and what it shows again writes nothing. `postings` has the targets of each value.
`observations` has the current ones that came after their target was known, with their beginning, and `past_observations`
those that are gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from typing import Any

from inventory.observations.model import FAILURE, LATEST_ONLY, TAG, PastCollection, Statement
from inventory.records.model import Record, Statements
from inventory.store.codecs import to_millis, to_millis_or_none
from inventory.store.intervals import Interval, Shown, rebuilt
from inventory.store.pairs import Pair, pack, unpack
from inventory.store.sqlite.numbers import Numbered, Numbering, Numbers
from inventory.store.sqlite.opening import Connection
from inventory.store.sqlite.postings import KNOWN, Postings

FIND_TARGET = "SELECT pairs, since FROM observed_targets WHERE no = ?"
ADD_TARGET = "INSERT INTO observed_targets (no, record_id, since, pairs) VALUES (?, ?, ?, ?)"
LAST_TARGET = "SELECT coalesce(max(no), 0) FROM observed_targets"
LINK = "UPDATE records SET target_no = ? WHERE id = ?"
OPEN = "INSERT INTO observations (field_no, value_no, target_no, since) VALUES (?, ?, ?, ?)"
REMOVE = "DELETE FROM observations WHERE field_no = ? AND value_no = ? AND target_no = ?"
CLOSE = f"{REMOVE} RETURNING since"
KEEP = """
    INSERT OR REPLACE INTO past_observations (field_no, value_no, target_no, first, last, gone) VALUES (?, ?, ?, ?, ?, ?)"""
PAST = "SELECT field_no, value_no, first, last, gone FROM past_observations WHERE target_no = ?"
NOTHING = Numbered()
ONLY_KNOWN = frozenset({KNOWN})
SINCE = "SELECT since FROM observations WHERE field_no = ? AND value_no = ? AND target_no = ?"


class Observing:
    """Writes observations in one transaction; `finish` ends it, and then `Numbers.remember` may follow the commit."""

    def __init__(self, connection: Connection, numbers: Numbers) -> None:
        self._connection = connection
        self.numbering = Numbering(connection, numbers)
        self._postings = Postings(connection)
        self._opened: list[tuple[int, int, int, int]] = []
        self._next_target: int | None = None

    def number_for(self, statements: Statements) -> int | None:
        """The number of a target that is new by these statements; None if they say nothing of it."""
        return self._free_number() if statements.own or statements.common.statements else None

    def collected(self, claim: Record, target_no: int, statements: Statements, at: int, *, failed: bool) -> None:
        """Write what the end of a claim shows of its target, which may be the new one of `number_for`."""
        own, common = self.numbering.numbered(statements.own), self.numbering.in_common(statements.common)
        if target_no == self._next_target:
            self._new(claim.id, own, at, common)
            return
        pairs = own | common.pairs
        failure, tag = self.numbering.field(FAILURE), self.numbering.field(TAG)
        before, since = self._current(target_no)
        shown = pairs | {pair for pair in before if (pair[0] != failure if failed else pair[0] == tag)}
        seen = to_millis_or_none(claim.collected_at)
        failed_at = to_millis_or_none(claim.failure.at if claim.failure else None)
        last = {pair: failed_at if pair[0] == failure else seen for pair in before - shown}
        self._change(target_no, before, shown, last, since, at)

    def tag(self, record_id: str, target_no: int | None, tags: Iterable[str], at: int, *, keep: bool = False) -> bool:
        """Make these all the tags of a record, or `keep` those that it has; whether that changes any."""
        pairs = self.numbering.numbered([Statement(TAG, tag) for tag in tags])
        if target_no is None:
            if pairs:
                self._connection.execute(LINK, (self._new(record_id, pairs, at), record_id))
            return bool(pairs)
        field = self.numbering.field(TAG)
        before, since = self._current(target_no)
        shown = pairs | {pair for pair in before if keep or pair[0] != field}
        self._change(target_no, before, shown, dict.fromkeys(before - shown, at), since, at)
        return before != shown

    def rebuild(self, record_id: str, target_no: int | None, history: Sequence[PastCollection]) -> int | None:
        """Write the intervals of a history in place of those that it covers; the number of the target, if it has one."""
        tag, failure = self.numbering.field(TAG), self.numbering.field(FAILURE)
        shown = [Shown(to_millis(each.at), self._shown(each), each.failed) for each in history]
        before = [] if target_no is None else self._intervals(target_no)
        intervals = rebuilt(before, shown, is_tag=lambda pair: pair[0] == tag, is_failure=lambda pair: pair[0] == failure)
        if not intervals and target_no is None:
            return None
        since = min((each.first for each in intervals), default=0)
        if target_no is None:
            target_no = self._inserted_target(record_id, since, b"")
        else:
            _clear(self._connection, self._postings, target_no, [each.key for each in before if each.gone is None])
        current = {each.key: each.first for each in intervals if each.gone is None}
        self._postings.came(target_no, current)
        self._opened += [(*pair, target_no, first) for pair, first in current.items() if first != since]
        past = [(*each.key, target_no, each.first, each.last, each.gone) for each in intervals if each.gone is not None]
        self._connection.executemany(KEEP, past)
        statement = "UPDATE observed_targets SET since = ?, pairs = ? WHERE no = ?"
        self._connection.execute(statement, (since, pack(current), target_no))
        return target_no

    def finish(self) -> None:
        """Write what was collected of all targets."""
        self.numbering.write()
        self._postings.write()
        self._write_opened()

    def _write_opened(self) -> None:
        """In the order of the table: neighbours are on the same pages."""
        self._opened.sort()
        self._connection.executemany(OPEN, self._opened)
        self._opened = []

    def _shown(self, outcome: PastCollection) -> set[Pair]:
        return self.numbering.numbered([each for each in outcome.statements if each.field not in LATEST_ONLY])

    def _new(self, record_id: str, own: Set[Pair], at: int, common: Numbered = NOTHING) -> int:
        number = self._inserted_target(record_id, at, common.packed + pack(own))
        self._postings.came(number, own)
        self._postings.came_together(number, common.pairs)
        return number

    def _inserted_target(self, record_id: str, since: int, pairs: bytes) -> int:
        number = self._free_number()
        self._next_target = number + 1
        self._connection.execute(ADD_TARGET, (number, record_id, since, pairs))
        self._postings.came_together(number, ONLY_KNOWN)
        return number

    def _free_number(self) -> int:
        if self._next_target is None:
            self._next_target = int(self._connection.execute(LAST_TARGET).fetchone()[0]) + 1
        return self._next_target

    def _current(self, target_no: int) -> tuple[set[Pair], int]:
        """The current observations of a target, and when it was known first; what was opened just now is written before."""
        if self._opened:
            self._write_opened()
        packed, since = self._connection.execute(FIND_TARGET, (target_no,)).fetchone()
        return set(unpack(packed)), since

    def _change(
        self, target_no: int, before: Set[Pair], shown: Set[Pair], last: dict[Pair, int | None], since: int, at: int
    ) -> None:
        if before == shown:
            return
        past = []
        for pair in sorted(before - shown):
            closed = self._connection.execute(CLOSE, (*pair, target_no)).fetchall()
            first = closed[0][0] if closed else since
            past.append((*pair, target_no, first, max(first, last[pair] or first), at))
        self._connection.executemany(KEEP, past)
        self._postings.went(target_no, before - shown)
        self._postings.came(target_no, shown - before)
        self._opened += [(*pair, target_no, at) for pair in shown - before]
        self._connection.execute("UPDATE observed_targets SET pairs = ? WHERE no = ?", (pack(shown), target_no))

    def _intervals(self, target_no: int) -> list[Interval[Pair]]:
        before, since = self._current(target_no)
        later = ((pair, self._connection.execute(SINCE, (*pair, target_no)).fetchone()) for pair in before)
        current = [Interval(pair, since if found is None else found[0]) for pair, found in later]
        past = [Interval((row[0], row[1]), *row[2:]) for row in self._connection.execute(PAST, (target_no,))]
        return current + past


def remove(connection: Connection, target_no: int) -> None:
    """Remove a target with all that was observed of it."""
    packed, _ = connection.execute(FIND_TARGET, (target_no,)).fetchone()
    postings = Postings(connection)
    _clear(connection, postings, target_no, [KNOWN, *unpack(packed)])
    postings.write()
    connection.execute("DELETE FROM observed_targets WHERE no = ?", (target_no,))


def _clear(connection: Connection, postings: Postings, target_no: int, current: Sequence[Pair]) -> None:
    postings.went(target_no, current)
    connection.executemany(REMOVE, [(*pair, target_no) for pair in current])
    connection.execute("DELETE FROM past_observations WHERE target_no = ?", (target_no,))


def latest_only(statements: Iterable[Statement]) -> dict[str, Any]:
    """The numbers that are kept of the latest snapshot alone, by the columns of records."""
    found = {each.field: float(each.value) for each in statements if each.field in LATEST_ONLY}
    return {"body_size": found.get(LATEST_ONLY[0]), "elapsed_ms": found.get(LATEST_ONLY[1])}

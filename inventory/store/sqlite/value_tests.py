"""Conditions on fields that more values satisfy than are worth listing: the values of each target are tested."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from inventory.store.pairs import unpack
from inventory.store.sqlite import bitmaps
from inventory.store.sqlite.leaves import Leaf, Test, chosen_columns
from inventory.store.sqlite.opening import Connection

LISTS = "SELECT t.no, t.pairs FROM json_each(?) AS c CROSS JOIN observed_targets AS t ON t.no = c.value"
AFTER = """
    SELECT o.target_no, o.field_no, o.value_no FROM json_each(:shown) AS s CROSS JOIN observations AS o
    ON o.field_no = s.value ->> 1 AND o.value_no = s.value ->> 2 AND o.target_no = s.value ->> 0
    WHERE o.since > :at"""
BEFORE = """
    SELECT o.target_no, o.field_no, o.value_no FROM json_each(:targets) AS c
    CROSS JOIN past_observations AS o ON o.target_no = c.value AND o.gone > :at WHERE o.first <= :at"""
TEXTS = """
    SELECT v.no, coalesce(v.value, v.folded), v.number FROM json_each(?) AS c
    CROSS JOIN field_values AS v ON v.no = c.value"""
OF_LATEST = """
    SELECT t.no FROM json_each(?) AS c CROSS JOIN observed_targets AS t ON t.no = c.value
    CROSS JOIN records AS r ON r.id = t.record_id WHERE {chosen}"""

ShownPair = tuple[int, int, int]
"""The numbers of a target, and of a field and a value that it shows."""


class Tests:
    """Tests targets on one connection, as of an instant or of now, and remembers what is found of values."""

    def __init__(self, connection: Connection, at: int | None) -> None:
        self._connection, self._at = connection, at
        self._passed: dict[Test, dict[int, bool]] = {}
        self.count = 0
        """How many targets were tested."""

    def passing(self, leaf: Leaf, among: int) -> int:
        """Those of some targets that satisfy a condition on a field."""
        targets = list(bitmaps.numbers(among))
        self.count += len(targets)
        shown = list(self._shown(leaf, targets))
        passed = self._tested(leaf, {value for _, _, value in shown})
        found = [target for target, _, value in shown if passed is None or passed[value]]
        if leaf.columns and self._at is None:
            statement = OF_LATEST.format(chosen=chosen_columns(leaf))
            found += [row[0] for row in self._connection.execute(statement, (json.dumps(targets),))]
        return bitmaps.of_numbers(found, max(found, default=0))

    def _shown(self, leaf: Leaf, targets: Sequence[int]) -> Iterable[ShownPair]:
        given = json.dumps(targets)
        lists = self._connection.execute(LISTS, (given,))
        shown = {(target, *pair) for target, packed in lists for pair in unpack(packed) if leaf.means(pair)}
        if self._at is not None:
            shown.difference_update(self._connection.execute(AFTER, {"shown": json.dumps(list(shown)), "at": self._at}))
            past = self._connection.execute(BEFORE, {"targets": given, "at": self._at})
            shown.update(row for row in past if leaf.means(row[1:]))
        return shown

    def _tested(self, leaf: Leaf, values: set[int]) -> dict[int, bool] | None:
        """Whether each value passes the test; None if there is none."""
        if leaf.test is None:
            return None
        passed = self._passed.setdefault(leaf.test, {})
        new = json.dumps(list(values.difference(passed)))
        passed.update(
            (number, leaf.test(text, ordinal)) for number, text, ordinal in self._connection.execute(TEXTS, (new,))
        )
        return passed

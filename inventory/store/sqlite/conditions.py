"""Conditions as SQL: whether one holds for a target, and which few targets it can hold for at most.

How targets are found depends on how many each part of a condition means. If one that must hold means few, these are looked
at. Else the targets are looked at in the order of the answer, until the page is full.
"""
# ruff: noqa: S608 - nothing but our own conditions and numbers is put into a statement

from __future__ import annotations

import json
from collections.abc import Iterator, Set

from inventory.observations.model import And, Between, Condition, Everything, Exists, Has, Not, Or
from inventory.store.pairs import unpack
from inventory.store.sqlite.asking import Bounds
from inventory.store.sqlite.leaves import Leaf, resolve
from inventory.store.sqlite.opening import Connection

ALL = "SELECT no FROM observed_targets"
NOW = "SELECT target_no FROM observations WHERE {chosen}"
THEN = """
    SELECT target_no FROM observations o WHERE {chosen} AND (since <= {at} OR (since IS NULL AND EXISTS (
        SELECT 1 FROM observed_targets w WHERE w.no = o.target_no AND w.since <= {at})))
    UNION ALL SELECT target_no FROM past_observations WHERE {chosen} AND first <= {at} AND gone > {at}"""

VALUE_MEANT = """EXISTS (
    SELECT 1 FROM field_values AS v WHERE v.no = o.value_no
    AND is_value_meant({number}, coalesce(v.value, v.folded), v.number))"""
OF_RECORD = """EXISTS (
    SELECT 1 FROM observed_targets AS w CROSS JOIN records AS r ON r.id = w.record_id WHERE w.no = t.no AND {chosen})"""
KNOWN = "EXISTS (SELECT 1 FROM observed_targets AS w WHERE w.no = t.no AND w.since <= {at})"


class Query:
    """A condition on one connection, as of an instant in milliseconds, or of now."""

    def __init__(self, connection: Connection, condition: Condition, at: int | None, bounds: Bounds) -> None:
        self._connection, self.at, self.bounds = connection, at, bounds
        self._leaves: dict[Condition, Leaf] = {}
        self._numbered: list[Leaf] = []
        self._candidates: dict[Condition, Set[int] | None] = {}
        connection.create_function("is_meant", 2, self._is_meant, deterministic=True)
        connection.create_function("pairs_meant", 2, self._pairs_meant, deterministic=True)
        connection.create_function("is_pair_meant", 3, self._is_pair_meant, deterministic=True)
        connection.create_function("is_value_meant", 3, self._is_value_meant, deterministic=True)
        self.condition = condition
        self._columns: list[str] = []
        form = self._holds(condition)
        self.holds = form.format(*(OF_RECORD.format(chosen=each.format(table="r")) for each in self._columns))
        """The condition as SQL on the number `t.no` of a target."""
        known = "" if at is None else f"{KNOWN.format(at=at)} AND "
        self.known_and_holds = known + self.holds
        """The same, of targets that were known then."""
        self.holds_in_order = known + form.format(*(each.format(table="t") for each in self._columns))
        """The same where `t` has the columns of the record that are known of the latest snapshot alone."""

    def candidates(self) -> Set[int] | None:
        """The numbers of the few targets that the condition can hold for; None if these are many."""
        return self._few(self.condition)

    def merged(self) -> Set[int] | None:
        """The same for a conjunction of conditions that mean many each, if merging them is possible and leaves few."""
        if self.at is not None:
            return None
        parts = self.condition.conditions if isinstance(self.condition, And) else (self.condition,)
        wanted = [self._leaf(part) for part in parts if isinstance(part, Exists | Has | Between)]
        negated = [part.condition for part in parts if isinstance(part, Not)]
        unwanted = [self._leaf(part) for part in negated if isinstance(part, Exists | Has | Between)]
        arms = [NOW.format(chosen=_chosen(leaf)) for leaf in wanted if self._is_mergeable(leaf)] or [ALL]
        without = [NOW.format(chosen=_chosen(leaf)) for leaf in unwanted if self._is_mergeable(leaf)]
        if len(arms) + len(without) < 2:
            return None
        statement = " EXCEPT ".join([" INTERSECT ".join(arms), *without])
        found = self._connection.execute(f"{statement} ORDER BY 1 LIMIT {self.bounds.candidates + 1}").fetchall()
        return None if len(found) > self.bounds.candidates else {row[0] for row in found}

    def _is_mergeable(self, leaf: Leaf) -> bool:
        few = len(leaf.pairs) <= self.bounds.few and len(leaf.fields) <= self.bounds.few
        return few and bool(leaf.pairs or leaf.fields) and not leaf.columns and leaf.test is None

    def _leaf(self, condition: Exists | Has | Between) -> Leaf:
        leaf = self._leaves.get(condition)
        if leaf is None:
            leaf = self._leaves[condition] = resolve(self._connection, condition, self.bounds)
        return leaf

    def _few(self, condition: Condition) -> Set[int] | None:
        if condition not in self._candidates:
            self._candidates[condition] = self._found_few(condition)
        return self._candidates[condition]

    def _found_few(self, condition: Condition) -> Set[int] | None:
        match condition:
            case Exists() | Has() | Between():
                return self._of_leaf(self._leaf(condition))
            case And(conditions):
                found = [few for few in map(self._few, conditions) if few is not None]
                return set.intersection(*map(set, found)) if found else None
            case Or(conditions):
                union: set[int] = set()
                for few in map(self._few, conditions):
                    if few is None or len(union := union | few) > self.bounds.candidates:
                        return None
                return union
            case Not(condition=Everything()):
                return set()
            case _:
                return None

    def _of_leaf(self, leaf: Leaf) -> Set[int] | None:
        found: set[int] = set()
        if leaf.columns or leaf.test is not None:
            return None
        for statement in self._statements(leaf):
            found.update(row[0] for row in self._connection.execute(f"{statement} LIMIT {self.bounds.candidates + 1}"))
            if len(found) > self.bounds.candidates:
                return None
        return found

    def _statements(self, leaf: Leaf) -> Iterator[str]:
        """Statements that together find the targets of a leaf."""
        form = NOW if self.at is None else THEN.format(at=self.at, chosen="{chosen}")
        for field, value in leaf.pairs:
            yield form.format(chosen=f"field_no = {field} AND value_no = {value}")
        for field in leaf.fields:
            yield form.format(chosen=f"field_no = {field}")

    def _holds(self, condition: Condition) -> str:
        match condition:
            case Everything():
                return "TRUE"
            case And(conditions):
                return f"({' AND '.join(map(self._holds, conditions))})"
            case Or(conditions):
                return f"({' OR '.join(map(self._holds, conditions))})"
            case Not(other):
                return f"NOT {self._holds(other)}"
            case Exists() | Has() | Between():
                return self._holds_leaf(self._leaf(condition))

    def _holds_leaf(self, leaf: Leaf) -> str:
        parts = [self._holds_columns(leaf)] if leaf.columns and self.at is None else []
        if not leaf.fields and len(leaf.pairs) <= self.bounds.few:
            parts += [self._has(*pair) for pair in sorted(leaf.pairs)]
        else:
            self._numbered.append(leaf)
            number = len(self._numbered) - 1
            parts.append(self._shows(number, leaf) if self.at is None else self._showed(number, leaf))
        return f"({' OR '.join(parts)})" if parts else "FALSE"

    def _shows(self, number: int, leaf: Leaf) -> str:
        """Whether a target shows one of many values, as its list of observations tells."""
        packed = "(SELECT pairs FROM observed_targets WHERE no = t.no)"
        if leaf.test is None:
            return f"is_meant({number}, {packed})"
        return f"""EXISTS (
            SELECT 1 FROM json_each(pairs_meant({number}, {packed})) AS m
            CROSS JOIN field_values AS v ON v.no = m.value ->> 1
            WHERE is_value_meant({number}, coalesce(v.value, v.folded), v.number))"""

    def _showed(self, number: int, leaf: Leaf) -> str:
        """The same of an earlier time."""
        test = "TRUE" if leaf.test is None else VALUE_MEANT.format(number=number)
        return f"""EXISTS (
            SELECT 1 FROM json_each(pairs_meant({number}, (SELECT pairs FROM observed_targets WHERE no = t.no))) AS m
            CROSS JOIN observations AS o
            ON o.field_no = m.value ->> 0 AND o.value_no = m.value ->> 1 AND o.target_no = t.no
            WHERE (o.since IS NULL OR o.since <= {self.at}) AND {test}
        ) OR EXISTS (
            SELECT 1 FROM past_observations AS o WHERE target_no = t.no AND gone > {self.at} AND first <= {self.at}
            AND is_pair_meant({number}, field_no, value_no) AND {test})"""

    def _has(self, field: int, value: int) -> str:
        chosen = f"field_no = {field} AND value_no = {value} AND target_no = t.no"
        if self.at is None:
            return f"EXISTS (SELECT 1 FROM observations WHERE {chosen})"
        return (
            f"EXISTS (SELECT 1 FROM observations WHERE {chosen} AND (since IS NULL OR since <= {self.at}))"
            f" OR EXISTS (SELECT 1 FROM past_observations WHERE {chosen} AND first <= {self.at} AND gone > {self.at})"
        )

    def _holds_columns(self, leaf: Leaf) -> str:
        chosen = " OR ".join(f"{{table}}.{column} {ends}" for column, ends in leaf.columns)
        self._columns.append(f"coalesce({chosen}, FALSE)")  # of a record without them, too, it does not hold
        return f"{{{len(self._columns) - 1}}}"

    def _is_meant(self, number: int, packed: bytes) -> bool:
        means = self._numbered[number].means
        return any(means(pair) for pair in unpack(packed))

    def _pairs_meant(self, number: int, packed: bytes) -> str:
        means = self._numbered[number].means
        return json.dumps([pair for pair in unpack(packed) if means(pair)])

    def _is_pair_meant(self, number: int, field: int, value: int) -> bool:
        return self._numbered[number].means((field, value))

    def _is_value_meant(self, number: int, text: str, ordinal: float | None) -> bool:
        test = self._numbered[number].test
        return test is None or test(text, ordinal)


def _chosen(leaf: Leaf) -> str:
    pairs = [f"(field_no = {field} AND value_no = {value})" for field, value in sorted(leaf.pairs)]
    return " OR ".join([*pairs, *(f"field_no = {field}" for field in leaf.fields)])

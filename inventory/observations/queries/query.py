"""Queries: a text in Lucene's syntax becomes a condition.

White space is AND, and binds less than `AND` and `OR`: `a OR b c` is `(a OR b) AND c`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from luqum import tree

from inventory.errors import InvalidQuery
from inventory.observations.conditions import Condition, Everything, Exists, Pattern, Wildcard, all_of, any_of, negated
from inventory.observations.field_names import EXACT, NamedField, Pieces, find, nearest
from inventory.observations.queries import query_values, ranges
from inventory.observations.queries.syntax import Node, ends_of, name_pieces, pieces_of, tree_of
from inventory.observations.values import shown

EXISTS = "_exists_"
QUOTED = "A text with a colon stands in double quotes."
LISTED = "docs/queries.md lists the fields."
"""What else to do where a name is no field: in a query, and in a parameter that names fields."""
_OPERATORS = ("and", "or", "not")


def parse(text: str, *, now: datetime, past: bool = False) -> Condition:
    """The condition that a query asks for, `Everything` if it is empty; `InvalidQuery` tells what is wrong, and where.

    `past`: it is asked of an earlier time, of which some fields are not known.
    """
    root = tree_of(text)
    return Everything() if root is None else _Reader(now=now, past=past).condition(root, None)


def parse_field(text: str) -> tuple[NamedField, ...]:
    """The fields that a name or a pattern of names means, one at least; else `InvalidQuery`."""
    return _named(name_pieces(text, 1), text, 1, hint=LISTED)[0]


def parse_name(text: str) -> NamedField:
    """The one field that a name means, spelled as the index has it; else `InvalidQuery`."""
    pieces = name_pieces(text, 1)
    if any(isinstance(piece, Wildcard) for piece in pieces):
        raise InvalidQuery(f"{shown(text)} means several fields. Name one; a * in its name needs a backslash.", 1)
    named, exact = _named(pieces, text, 1, hint=LISTED)
    if isinstance(named[0].name, Pattern):
        reason = f"{shown(text)} means the rule of that name of each policy. Name its policy, too: policy.POLICY.RULE"
        raise InvalidQuery(reason, 1)
    return (named if exact else find([*pieces, EXACT])[0])[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scope:
    """The field that values belong to; `fields` are None where the values are names of fields that must exist."""

    written: str
    position: int
    fields: tuple[NamedField, ...] | None
    exact: bool

    def alike(self) -> tuple[NamedField, ...]:
        """The fields, which are all of one kind, because no other value can be read."""
        fields = self.fields or ()
        if len({named.field.value_type for named in fields}) > 1:
            names = ", ".join(named.field.name for named in fields[:3])
            raise InvalidQuery(f"{shown(self.written)} means fields of several kinds: {names}. Name one.", self.position)
        return fields


@dataclass(frozen=True, slots=True, kw_only=True)
class _Reader:
    now: datetime
    past: bool

    def condition(self, node: Node, scope: _Scope | None) -> Condition:
        return all_of(self._conjuncts(node, scope))

    def _conjuncts(self, node: Node, scope: _Scope | None) -> list[Condition]:
        """The conditions that white space joins.

        luqum 1.0.0 reads `a OR b NOT c` as white space binds here, but `a OR b -c` as `a OR (b -c)`: what it puts below an
        operator like that is moved out again.
        """
        if isinstance(node, tree.UnknownOperation):
            _check_operators(node)
            return [condition for operand in node.operands for condition in self._conjuncts(operand, scope)]
        if not isinstance(node, tree.BaseOperation):
            return [self._single(node, scope)]
        operands = [self._conjuncts(operand, scope) for operand in node.operands]
        join = any_of if isinstance(node, tree.OrOperation) else all_of
        moved = [condition for conditions in operands for condition in conditions[1:]]
        return [join(conditions[0] for conditions in operands), *moved]

    def _single(self, node: Node, scope: _Scope | None) -> Condition:
        match node:
            case tree.BaseGroup():
                return self.condition(node.expr, scope)
            case tree.Plus():
                return self.condition(node.a, scope)
            case tree.Not() | tree.Prohibit():
                return negated(self.condition(node.a, scope))
            case tree.SearchField(name="*", expr=tree.Word(value="*")) if scope is None:
                return Everything()
            case tree.SearchField():
                return self.condition(node.expr, self._scope(node, scope))
            case tree.Range() | tree.OpenRange():
                return self._range(node, scope)
            case _:
                return self._term(node, scope)

    def _scope(self, node: Node, outer: _Scope | None) -> _Scope:
        written, position = str(node.name), node.name.position
        if outer is not None:
            reason = f"{shown(written)} stands in the value of {shown(outer.written)}."
            raise InvalidQuery(f"{reason} Put a value with a colon in double quotes.", position)
        if written.lower() == EXISTS:
            return _Scope(written=written, position=position, fields=None, exact=False)
        fields, exact = self._named(name_pieces(written, position), written, position)
        return _Scope(written=written, position=position, fields=fields, exact=exact)

    def _named(self, pieces: Pieces, written: str, position: int) -> tuple[tuple[NamedField, ...], bool]:
        """The fields of a name that are known of the time that is asked for, and whether the name asks for case."""
        fields, exact = _named(pieces, written, position)
        known = tuple(named for named in fields if not (self.past and named.field.only_latest))
        if not known:
            reason = f"{shown(written)} is known of the latest snapshot only. Leave out the instant, or this condition."
            raise InvalidQuery(reason, position)
        return known, exact

    def _term(self, node: Node, scope: _Scope | None) -> Condition:
        pieces, position = pieces_of(node), int(node.pos) + 1
        if scope is None:
            return query_values.bare(pieces, position)
        if scope.fields is None:
            return any_of(Exists(named.name) for named in self._named(pieces, str(node), position)[0])
        if pieces == [Wildcard.ANY]:
            return any_of(Exists(named.name) for named in scope.fields)
        conditions = (
            query_values.value(named.field, pieces, exact=scope.exact, now=self.now, position=position)(named.name)
            for named in scope.alike()
        )
        return any_of(conditions)

    def _range(self, node: Node, scope: _Scope | None) -> Condition:
        position = int(node.pos) + 1
        if scope is None or scope.fields is None:
            raise InvalidQuery("A range needs a field before it, such as status:[400 TO 499] or status:>=400.", position)
        low, high = ends_of(node)
        if low is None and high is None:
            return any_of(Exists(named.name) for named in scope.fields)
        fields = scope.alike()
        if not fields[0].field.ranges:
            reason = f"{shown(scope.written)} is {fields[0].field.value_type.value}; ranges are for numbers and instants."
            raise InvalidQuery(f"{reason} Use * and ?.", position)
        return any_of(ranges.between(named.field, low, high, self.now, position)(named.name) for named in fields)


def _named(pieces: Pieces, written: str, position: int, *, hint: str = QUOTED) -> tuple[tuple[NamedField, ...], bool]:
    """The fields of a name, and whether it asks for case; `InvalidQuery` with near names if there are none."""
    fields, exact = find(pieces)
    if fields:
        return fields, exact
    near = nearest(written)
    question = f" Did you mean {' or '.join(near)}?" if near else ""
    raise InvalidQuery(f"{shown(written)} is not a field.{question} {hint}", position)


def _check_operators(node: Node) -> None:
    for operand in node.operands:
        if isinstance(operand, tree.Word) and operand.value in _OPERATORS:
            reason = f"Operators stand in capitals: {operand.value.upper()}. The word itself stands in double quotes."
            raise InvalidQuery(reason, operand.pos + 1)

"""What a query may cost: estimated before it is executed, and measured while it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLResolveInfo,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableValues,
    get_argument_values,
    get_named_type,
    get_nullable_type,
    is_list_type,
)
from graphql.validation.rules import overlapping_fields_can_be_merged

from inventory.errors import QueryTooCostly

Fragments = Mapping[str, FragmentDefinitionNode]

MAX_TOKENS, MAX_DEPTH, MAX_COST = 2_000, 15, 10_000
"""Of one query. Tools read the whole schema with one that is 15 levels deep and costs 2,600."""
WEIGHTS: Mapping[str, int] = {
    "Query.record": 200,
    "Query.search": 2_000,
    "Query.snapshots": 200,
    "Query.job": 100,
    "Job.rows": 100,
    "Record.page_source": 2_000,
    "SnapshotsPage.snapshots": 10,
}
"""What fields cost that take more than others: statements of the store, and bytes. Each other one costs 1."""
LIST, PAGE = 3, 50
"""How many entries a list counts as, and a page without `first`."""
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000
"""graphql-core's own bound for the comparison of fields of one name, which would let 2,000 tokens take 0.7 s."""
MAX_ANSWER, FIELD = 20 * 1024 * 1024, 512
"""Characters of an answer's texts, and as how many of them each field counts because it takes time."""


def fields_of(selected: SelectionSetNode, fragments: Fragments) -> Iterator[FieldNode]:
    """The fields that are selected here, those of fragments included, each as often as it is named."""
    for node in selected.selections:
        if isinstance(node, FieldNode):
            yield node
        elif isinstance(node, FragmentSpreadNode):
            yield from fields_of(fragments[node.name.value].selection_set, fragments)
        else:
            yield from fields_of(node.selection_set, fragments)  # type: ignore[attr-defined]  # an inline fragment


class Estimate:
    """The cost of a valid operation: of each field its weight, and so often that of its parts as it has entries."""

    def __init__(self, schema: GraphQLSchema, fragments: Fragments, variables: VariableValues) -> None:
        self._schema, self._fragments, self._variables = schema, fragments, variables

    def check(self, operation: OperationDefinitionNode) -> None:
        """Return if the operation is within bounds; else `QueryTooCostly`."""
        query = self._schema.query_type
        assert query is not None
        self._cost(operation.selection_set, query, page=None, depth=1)

    def _cost(self, selected: SelectionSetNode, of: GraphQLCompositeType, *, page: int | None, depth: int) -> int:
        """The cost of what is selected of one object; it ends as soon as it is too much, because fragments can double."""
        if depth > MAX_DEPTH:
            raise QueryTooCostly(
                f"The query is more than {MAX_DEPTH} levels deep. Ask for what is deeper in a query of its own."
            )
        cost = 0
        for node in fields_of(selected, self._fragments):
            field = self._schema.get_field(of, node.name.value)
            assert field is not None
            parts = 0
            if node.selection_set is not None:
                below: Any = get_named_type(field.type)
                parts = self._cost(node.selection_set, below, page=self._page(field, node), depth=depth + 1)
            entries = (page or LIST) if is_list_type(get_nullable_type(field.type)) else 1
            cost += entries * (WEIGHTS.get(f"{of.name}.{node.name.value}", 1) + parts)
            if cost > MAX_COST:
                raise QueryTooCostly(
                    f"The query may cost more than {MAX_COST:,}. Ask for fewer fields, for fewer entries (`first`), or for"
                    " less at once in several queries; docs/graphql.md says what costs how much."
                )
        return cost

    def _page(self, field: GraphQLField, node: FieldNode) -> int | None:
        """How many entries a page is asked for; None if the field is no page."""
        if "first" not in field.args:
            return None
        first = get_argument_values(field, node, self._variables).get("first")
        return PAGE if first is None else max(first, 1)


class Stopped(BaseException):
    """An answer has become too large. It is no `Exception`, because graphql-core 3.3 goes on after those."""


class Meter:
    """Measures an answer while it is made, because lists can be longer than they were estimated.

    `lookups` is how many fields of Query were resolved, those of introspection apart.
    """

    def __init__(self) -> None:
        self.lookups = 0
        self._left = MAX_ANSWER

    def resolve(self, next_: Any, of: object, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        """Resolve a field, as a middleware of graphql-core; `Stopped` if that makes too large an answer."""
        if of is None and not info.field_name.startswith("__"):
            self.lookups += 1
        value = next_(of, info, **arguments)
        self._left -= FIELD + (len(value) if isinstance(value, str) else 0)
        if self._left < 0:
            raise Stopped
        return value

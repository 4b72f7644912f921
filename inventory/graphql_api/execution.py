"""Answers a request of GraphQL: parsed, validated and found to be within bounds, and only then executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import graphql
from graphql import DocumentNode, ExecutionResult, FragmentDefinitionNode, GraphQLError

from inventory.errors import STATUS, InvalidRequest, InventoryError, QueryTooCostly
from inventory.graphql_api.bounds import MAX_TOKENS, Estimate, Meter, Stopped
from inventory.graphql_api.schema import SCHEMA
from inventory.graphql_api.schemas import ARGUMENTS
from inventory.masking import Masking
from inventory.web_api import problems

MAX_ERRORS = 20
"""That are told of a query that is not valid."""
ABORTED = "Validation aborted."
"""The message of graphql-core 3.3 where validation takes too long."""

Document = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered: 200, or 422 if nothing was executed; and how many lookups that was."""

    status: int
    document: Document
    lookups: int

    @property
    def problems(self) -> Sequence[tuple[int, str]]:
        """Status and code of each error."""
        return [(each["extensions"]["status"], each["extensions"]["code"]) for each in self.document.get("errors", ())]


def answer(
    query: str, variables: Mapping[str, Any] | None, operation: str | None, *, request_id: str, masking: Masking
) -> Answer:
    """The answer to a request, its errors masked. An error that nobody foresaw is raised."""
    meter = Meter()
    try:
        result = _executed(query, dict(variables or {}), operation, meter)
    except QueryTooCostly as error:
        result = ExecutionResult(errors=[GraphQLError(str(error), original_error=error)])
    document: Document = {}
    if result.data is not None:  # each field of Query can be null, so without data nothing was executed
        document["data"] = result.data
    if result.errors:
        document["errors"] = [masking.value(_error(each, request_id)) for each in result.errors]
    status = 200 if "data" in document else STATUS[InvalidRequest][0]
    return Answer(status=status, document=document, lookups=meter.lookups)


def _executed(query: str, variables: dict[str, Any], operation: str | None, meter: Meter) -> ExecutionResult:
    try:
        document = graphql.parse(query, max_lexical_tokens=MAX_TOKENS)
    except GraphQLError as error:
        if f"more than {MAX_TOKENS} tokens" in error.message:  # graphql-core 3.3 has no class for it
            raise QueryTooCostly(f"The query has more than {MAX_TOKENS:,} tokens. Ask in several queries.") from error
        return ExecutionResult(errors=[error])
    errors = graphql.validate(SCHEMA, document, max_errors=MAX_ERRORS) or _checked(document, variables, operation)
    if any(each.message == ABORTED for each in errors):
        raise QueryTooCostly("The query has too many fields of one name to compare them. Name each once.")
    if errors:
        return ExecutionResult(errors=errors)
    try:
        return graphql.execute_sync(
            SCHEMA, document, variable_values=variables, operation_name=operation, middleware=[meter]
        )
    except Stopped as stopped:
        raise QueryTooCostly(
            "The answer becomes too large. Ask for fewer fields or entries. The bytes of a page source are at"
            " /api/v1/bodies/, under its `body.sha256`."
        ) from stopped


def _checked(document: DocumentNode, variables: dict[str, Any], name: str | None) -> list[GraphQLError]:
    """Check the bounds of what would be executed; what is wrong with the variables.

    If it is not clear what to execute, that is left to `execute_sync`, which refuses it.
    """
    operation = graphql.get_operation_ast(document, name)
    if operation is None:
        return []
    values = graphql.get_variable_values(SCHEMA, operation.variable_definitions or (), variables, max_errors=MAX_ERRORS)
    if isinstance(values, list):
        return values
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    Estimate(SCHEMA, fragments, values).check(operation)
    return []


def _error(error: GraphQLError, request_id: str) -> Document:
    """An error with the members of a problem. What is a fault of ours is raised; without a path, nothing was executed."""
    cause = error.original_error
    if cause is None or isinstance(cause, GraphQLError) or (error.path is None and not isinstance(cause, InventoryError)):
        cause = InvalidRequest(error.message)
    if not isinstance(cause, InventoryError) or problems.status_and_code(type(cause))[0] == 500:
        raise cause
    members = problems.members_of(cause) | {"request_id": request_id}
    detail, errors = members.pop("detail"), members["errors"]
    if errors is not None:
        members["errors"] = {ARGUMENTS.get(name, name): found for name, found in errors.items()}
    extensions = {name: member for name, member in members.items() if member is not None}
    return {**error.formatted, "message": detail, "extensions": extensions}

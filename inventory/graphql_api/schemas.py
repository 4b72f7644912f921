"""The shapes of GraphQL over HTTP (edition of September 2026), and the arguments of its fields."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import EXCLUDE, Schema, ValidationError, fields

from inventory.jobs.schemas import RowsQuery
from inventory.observations.schemas import SearchQuery
from inventory.webpages.schemas import LookupQuery, SnapshotsQuery

ARGUMENTS = {"limit": "first", "cursor": "after"}
"""What GraphQL calls parameters of the API that have another name there."""
QUERY: dict[str, Any] = {
    "required": True,
    "error_messages": {"required": "Missing. Send a query of GraphQL."},
    "metadata": {
        "description": "A document of GraphQL, at most 2,000 tokens. docs/graphql.md says what else is bounded.",
        "example": '{ record(url: "https://example.com/") { status headers { name value } } }',
    },
}
OPERATION = {"description": "Which operation of the document; needed if it has more than one."}
VARIABLES = {"description": "The values of the operation's variables, by their names."}
EXTENSIONS = {"description": "Ignored."}


def _check_characters(variables: dict[str, Any] | None) -> None:
    """Refuse half of a surrogate pair, which JSON can have: no store takes it, and no text of GraphQL has it either."""
    try:
        json.dumps(variables, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValidationError("Half of a surrogate pair is not a character. Send both halves, or neither.") from error
    except RecursionError as error:
        raise ValidationError("Nested too deeply.") from error


class JsonObjectField(fields.Field[dict[str, Any] | None]):
    """An object as JSON in the query of a URL; "" is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> dict[str, Any] | None:
        try:
            found = json.loads(value) if value else None
        except (ValueError, RecursionError) as error:
            raise ValidationError("Not JSON. Send a JSON object.") from error
        if not isinstance(found, dict | None):
            raise ValidationError("Not an object. Send a JSON object.")
        return found


class GraphqlRequest(Schema):
    """What is asked. Members that are not known are ignored, as the specification says."""

    class Meta:
        unknown = EXCLUDE

    query = fields.String(**QUERY)
    operationName = fields.String(load_default=None, metadata=OPERATION)  # noqa: N815 - the specification's name


class PostedRequest(GraphqlRequest):
    """What POST takes."""

    variables = fields.Dict(keys=fields.String(), load_default=None, validate=_check_characters, metadata=VARIABLES)
    extensions = fields.Dict(keys=fields.String(), load_default=None, metadata=EXTENSIONS)


class SentRequest(GraphqlRequest):
    """What GET takes."""

    variables = JsonObjectField(
        load_default=None,
        validate=_check_characters,
        metadata=VARIABLES | {"type": "string", "example": '{"id": "5f0c6a1e"}'},
    )
    extensions = JsonObjectField(load_default=None, metadata=EXTENSIONS | {"type": "string", "example": "{}"})


class GraphqlErrorSchema(Schema):
    """An error: of the request, or of the field at `path`, which is null then."""

    message = fields.String(required=True, metadata={"description": "A sentence that a person can act on."})
    locations = fields.List(fields.Dict(), metadata={"description": "Lines and columns of the query, from 1."})
    path = fields.List(fields.Raw(), metadata={"description": "The names, and positions in lists, that lead to the field."})
    extensions = fields.Dict(
        required=True, metadata={"description": "As in a problem: `code`, `status`, `request_id`, `errors`, …"}
    )


class GraphqlAnswerSchema(Schema):
    """What is answered: data, errors, or both."""

    data = fields.Dict(metadata={"description": "Left out if nothing was executed."})
    errors = fields.List(fields.Nested(GraphqlErrorSchema))


class RenamedArguments(Schema):
    """Parameters of the API under the names that GraphQL has for them."""

    def on_bind_field(self, field_name: str, field_obj: fields.Field[Any]) -> None:
        """Give the field its name."""
        field_obj.data_key = ARGUMENTS.get(field_name, field_obj.data_key)


class RecordArguments(LookupQuery):
    """Arguments of `record`; its `fields` are those that are selected."""

    class Meta:
        exclude = ("collect",)  # GraphQL reads, and collects nothing


class SearchArguments(RenamedArguments, SearchQuery):
    """Arguments of `search`."""


class SnapshotsArguments(RenamedArguments, SnapshotsQuery):
    """Arguments of `snapshots`."""


class RowsArguments(RenamedArguments, RowsQuery):
    """Arguments of a job's `rows`."""

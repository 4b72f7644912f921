"""The schema. Types are made of the schemas of the API's documents, and arguments of those of its parameters."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import Any, cast

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
)
from marshmallow import Schema, fields

from inventory.graphql_api import resolvers
from inventory.graphql_api.schemas import RecordArguments, RowsArguments, SearchArguments, SnapshotsArguments
from inventory.jobs.schemas import JobSchema, RowsPage
from inventory.observations.schemas import SearchPage
from inventory.webpages.schemas import PendingSchema, RecordSchema, SnapshotsPage

LONG = GraphQLScalarType("Long", description="A whole number of any size. Int has 32 bits.")
LONGS = frozenset(
    {"max_age", "size", "file_size", "bytes_read", "total", "processed", "succeeded", "failed", "rejected", "row"}
    | {"seconds", "eta_seconds"}
)
"""Members that can have more than 32 bits."""

_SCALARS = {fields.Boolean: GraphQLBoolean, fields.Float: GraphQLFloat}
"""All others are texts, as in the API: instants too."""
_RECORD = (
    "What is stored of a URL. Nothing is collected. One that is not collected yet has the members `requested_at` to"
    " `poll_after`, and of the others `id`, `url` and `status`."
)


def _schema() -> GraphQLSchema:
    job = _object(JobSchema)
    job.fields["rows"] = _field(RowsPage, RowsArguments, resolvers.rows)
    query = {
        "record": GraphQLField(
            _record(), _arguments(RecordArguments, without=["fields"]), resolvers.record, description=_RECORD
        ),
        "search": _field(SearchPage, SearchArguments, resolvers.search),
        "snapshots": _field(SnapshotsPage, SnapshotsArguments, resolvers.snapshots),
        "job": GraphQLField(
            job, {"id": GraphQLArgument(GraphQLNonNull(GraphQLID))}, resolvers.job, description="A job and its progress."
        ),
    }
    return GraphQLSchema(GraphQLObjectType("Query", query))


def _record() -> GraphQLObjectType:
    """A record, or the promise of one: none of their members but those of both is always there."""
    pending = {name: GraphQLField(_nullable(field.type)) for name, field in _fields(PendingSchema()).items()}
    return GraphQLObjectType("Record", pending | _fields(RecordSchema()), description=RecordSchema.__doc__)


def _field(of: type[Schema], arguments: type[Schema], resolve: Any) -> GraphQLField:
    return GraphQLField(_object(of), _arguments(arguments), resolve, description=of.__doc__)


@cache
def _object(of: type[Schema]) -> GraphQLObjectType:
    return GraphQLObjectType(of.__name__.removesuffix("Schema"), _fields(of()), description=of.__doc__)


def _fields(of: Schema) -> dict[str, GraphQLField]:
    return {
        name: GraphQLField(_output(name, each), description=each.metadata.get("description"))
        for name, each in of.fields.items()
    }


def _output(name: str, of: fields.Field[Any]) -> GraphQLOutputType:
    """The type of a member; it is never null if the document always has it."""
    found: Any
    if isinstance(of, fields.Nested):
        found = _object(type(of.schema))
    elif isinstance(of, fields.List):
        found = GraphQLList(GraphQLNonNull(cast(Any, _nullable(_output(name, of.inner)))))
    elif isinstance(of, fields.Integer):
        found = LONG if name in LONGS else GraphQLInt
    else:
        found = next((scalar for kind, scalar in _SCALARS.items() if isinstance(of, kind)), GraphQLString)
    return GraphQLNonNull(found) if of.required and not of.allow_none else found


def _nullable(of: GraphQLOutputType) -> GraphQLOutputType:
    return cast(GraphQLOutputType, of.of_type) if isinstance(of, GraphQLNonNull) else of


def _arguments(of: type[Schema], without: Collection[str] = ()) -> dict[str, GraphQLArgument]:
    named = {each.data_key or name: each for name, each in of().fields.items()}
    return {
        name: GraphQLArgument(_input(each), description=each.metadata.get("description"))
        for name, each in named.items()
        if name not in without
    }


def _input(of: fields.Field[Any]) -> GraphQLInputType:
    found = GraphQLInt if isinstance(of, fields.Integer | fields.TimeDelta) else GraphQLString
    return GraphQLNonNull(found) if of.required else found


SCHEMA = _schema()
"""With its resolvers. It is made while this module is imported, which one thread does, because types are unique by name."""

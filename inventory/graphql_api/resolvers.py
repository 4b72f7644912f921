"""Resolves the fields that ask for something, each by the function that answers the API's route for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLResolveInfo
from marshmallow import Schema

from inventory.graphql_api.bounds import fields_of
from inventory.graphql_api.schemas import RecordArguments, RowsArguments, SearchArguments, SnapshotsArguments
from inventory.jobs import answers as jobs
from inventory.observations import answers as observations
from inventory.web_api import arguments
from inventory.webpages import answers as webpages
from inventory.webpages.schemas import MEMBERS

Document = dict[str, Any]

_RECORD, _SEARCH, _SNAPSHOTS, _ROWS = RecordArguments(), SearchArguments(), SnapshotsArguments(), RowsArguments()


def record(_: object, info: GraphQLResolveInfo[Any], **given: Any) -> Document:
    """What is stored of a URL; only what is selected is read from it."""
    members = [name for name in MEMBERS if name in _selected(info)] or ["id"]
    return webpages.record(_loaded(_RECORD, given | {"fields": ",".join(members)}))


def search(_: object, _info: GraphQLResolveInfo[Any], **given: Any) -> Document:
    """One page of targets."""
    return observations.search(_loaded(_SEARCH, given))


def snapshots(_: object, _info: GraphQLResolveInfo[Any], **given: Any) -> Document:
    """One page of a URL's snapshots."""
    return webpages.snapshots(_loaded(_SNAPSHOTS, given))


def job(_: object, _info: GraphQLResolveInfo[Any], *, id: str) -> Document:  # noqa: A002 - the argument's name
    """One job."""
    return jobs.job(id)


def rows(of: Mapping[str, Any], _info: GraphQLResolveInfo[Any], **given: Any) -> Document:
    """One page of the rows of a job."""
    return jobs.rows(of["job_id"], _loaded(_ROWS, given))


def _loaded(schema: Schema, given: Mapping[str, Any]) -> dict[str, Any]:
    """What the schema loads; an argument that is null is as good as left out."""
    loaded: dict[str, Any] = arguments.loaded(
        schema, lambda: {name: value for name, value in given.items() if value is not None}
    )
    return loaded


def _selected(info: GraphQLResolveInfo[Any]) -> set[str]:
    """The names of the members that are selected of a field."""
    sets = [node.selection_set for node in info.field_nodes if node.selection_set is not None]
    return {field.name.value for each in sets for field in fields_of(each, info.fragments)}

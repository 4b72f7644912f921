"""Selects everything that the schema has of a type, and compares it with documents of the API."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from graphql import GraphQLObjectType, get_named_type

from inventory.graphql_api.schema import SCHEMA

PAGED = "rows"
"""The member of a job that is no member of the API's document."""


def everything(name: str) -> str:
    """All members of a type, in braces, with all of theirs."""
    of = SCHEMA.type_map[name]
    assert isinstance(of, GraphQLObjectType)
    members = [
        f"{member} {everything(below.name)}" if isinstance(below, GraphQLObjectType) else member
        for member, field in of.fields.items()
        if (name, member) != ("Job", PAGED)
        for below in [get_named_type(field.type)]
    ]
    return f"{{ {' '.join(members)} }}"


def without_nulls(value: Any) -> Any:
    """A document without members that are null: what the API leaves out is null in GraphQL."""
    if isinstance(value, Mapping):
        return {name: without_nulls(member) for name, member in value.items() if member is not None}
    return [without_nulls(each) for each in value] if isinstance(value, list) else value

"""What the pages of records are asked for."""

from __future__ import annotations

from datetime import UTC

from marshmallow import fields
from marshmallow.validate import Length, Range

from inventory.instants import MAX_CHARACTERS
from inventory.web_api.arguments import QuerySchema
from inventory.web_api.pagination import CursorField
from inventory.web_api.target_query import TargetQuery

MAX_POLLS = 60
"""Looks of a page for an outcome, after which its reader has to load it again."""


class AddressQuery(QuerySchema):
    """What the form is filled with. `deleted`: the reader has just deleted it."""

    url = fields.String(load_default="")
    deleted = fields.Boolean(load_default=False)


class RecordQuery(TargetQuery):
    """Which record, or which snapshot of it: by its id, or the one that was current at an instant.

    `requested` is when a collection was asked for whose outcome is not known yet.
    """

    snapshot = fields.String(load_default=None)
    at = fields.String(load_default=None, validate=Length(1, MAX_CHARACTERS))
    requested = fields.AwareDateTime(load_default=None, default_timezone=UTC)
    cursor = CursorField(load_default=None)


class ProgressQuery(TargetQuery):
    """What a page waits for, and how often it has looked."""

    requested = fields.AwareDateTime(load_default=None, default_timezone=UTC)
    polls = fields.Integer(load_default=0, validate=Range(0, MAX_POLLS))

"""The shapes of the history: what its API takes, and the documents it answers."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import OneOf

from inventory.history.model import LookupOutcome
from inventory.web_api.pagination import PageQuery, PageSchema


class HistoryQuery(PageQuery):
    """Which lookups are meant."""

    source = fields.String(load_default=None, metadata={"description": "Those of one source.", "example": "weather"})


class LookupSchema(Schema):
    """One lookup."""

    source = fields.String(required=True)
    key = fields.String(required=True, metadata={"description": "The canonical key: of a city, its name without accents."})
    outcome = fields.String(required=True, validate=OneOf([outcome.value for outcome in LookupOutcome]))
    at = fields.DateTime(required=True)


class HistoryPage(PageSchema):
    """Lookups, newest first."""

    lookups = fields.List(fields.Nested(LookupSchema), required=True)

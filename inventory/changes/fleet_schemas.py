"""What the routes of the list of changes and of its groups take and answer."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length

from inventory.instants import MAX_CHARACTERS
from inventory.web_api.pagination import CURSOR, LimitQuery, PageSchema

_INSTANT = Length(1, MAX_CHARACTERS, error="Send an instant such as 2026-01-31T12:00:00Z, a day, or how long ago: 7d.")


class ChangeGroupsQuery(LimitQuery):
    """Which changes, of which targets."""

    q = fields.String(
        load_default="",
        metadata={
            "description": "Only of targets that this query holds for now (docs/queries.md). Default: of all.",
            "example": "tag:prod AND NOT header.server:nginx",
        },
    )
    fields_ = fields.List(
        fields.String(),
        load_default=(),
        data_key="field",
        attribute="fields",
        metadata={
            "description": "Only of these fields, with commas between; `*` and `?` stand for any characters. May be given"
            " several times. Default: of all.",
            "example": ["header.*", "script.host"],
        },
    )
    since = fields.String(
        load_default=None,
        validate=_INSTANT,
        metadata={
            "description": "Only changes that were found at this instant or later: RFC 3339, a day, or how long ago, such as"
            " `30m`, `12h` or `7d`. Default: seven days ago.",
            "example": "7d",
        },
    )
    until = fields.String(
        load_default=None,
        validate=_INSTANT,
        metadata={"description": "Only changes before this instant. Default: now.", "example": "2026-01-31T12:00:00Z"},
    )
    volatile = fields.Boolean(
        load_default=False,
        metadata={"description": "Also changes of values that differ all the time, which tell nothing."},
    )


class ChangesQuery(ChangeGroupsQuery):
    """Which changes, of which targets, and which page of them."""

    cursor = fields.String(load_default=None, metadata=CURSOR)


_OLD = {"description": "The values that went, in order; none if values only came. Of more than 50 the first are listed."}
_NEW = {"description": "The values that came, in the same way."}


class ListedChangeSchema(Schema):
    """What a collection found changed in one field of a target."""

    id = fields.String(required=True, metadata={"description": "Of the target's record."})
    url = fields.String(required=True)
    field = fields.String(required=True, metadata={"description": "docs/queries.md has all fields."})
    old = fields.List(fields.String(), required=True, metadata=_OLD)
    new = fields.List(fields.String(), required=True, metadata=_NEW)
    before = fields.DateTime(
        required=True,
        allow_none=True,
        metadata={
            "description": "The collection before, so it changed after that: the last one that saw a value that went or, if"
            " values only came, the snapshot before. null if that is not kept any more, and of labels."
        },
    )
    at = fields.DateTime(required=True, metadata={"description": "When the collection was that found it changed."})
    volatile = fields.Boolean(required=True)


class ChangesPage(PageSchema):
    """Changes, newest first."""

    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True)
    changes = fields.List(fields.Nested(ListedChangeSchema), required=True)


class SharedValueSchema(Schema):
    """A value that at least half of the targets of a group show now."""

    field = fields.String(required=True)
    value = fields.String(required=True)
    targets = fields.Integer(required=True, metadata={"description": "How many of them."})


class ChangeSampleSchema(Schema):
    """One of the changes of a group."""

    id = fields.String(required=True)
    url = fields.String(required=True)
    at = fields.DateTime(required=True)
    old = fields.List(fields.String(), required=True)
    new = fields.List(fields.String(), required=True)


class ChangeGroupSchema(Schema):
    """The same change on some targets."""

    field = fields.String(required=True, metadata={"description": "Of the fields that changed together the most telling."})
    also = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "Fields that changed with it: on exactly the same targets, in the same collections."},
    )
    old = fields.List(
        fields.String(),
        required=True,
        metadata={
            "description": "The values of `field` that went, if they are the same everywhere; else their shapes, such as"
            " `{number}`, `{date}`, `{hex:64}` or `{text}`."
        },
    )
    new = fields.List(fields.String(), required=True, metadata=_NEW)
    volatile = fields.Boolean(required=True)
    count = fields.Integer(required=True, metadata={"description": "Changes of `field`."})
    targets = fields.Integer(required=True, metadata={"description": "How many targets have them."})
    first_seen = fields.DateTime(required=True, metadata={"description": "The first collection that found it."})
    last_seen = fields.DateTime(required=True, metadata={"description": "The last one."})
    shared = fields.List(
        fields.Nested(SharedValueSchema),
        required=True,
        metadata={
            "description": "What at least half of the targets have in common, of `domain`, `ip`, `tls.issuer` and"
            " `header.server`."
        },
    )
    samples = fields.List(fields.Nested(ChangeSampleSchema), required=True, metadata={"description": "The latest ten."})
    changes = fields.String(required=True, metadata={"description": "Where changes of `field` at that time are listed."})


class ChangeGroupsSchema(Schema):
    """What changed, in groups, the largest first."""

    since = fields.DateTime(required=True)
    until = fields.DateTime(required=True)
    changes = fields.Integer(required=True, metadata={"description": "Of all fields, in all groups."})
    groups = fields.List(fields.Nested(ChangeGroupSchema), required=True)
    omitted = fields.Integer(required=True, metadata={"description": "Groups that `groups` has not. Raise `limit`."})

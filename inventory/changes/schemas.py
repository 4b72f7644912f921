"""The shapes of the API about changes: what it takes, and the documents it answers."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf

from inventory.changes.model import ChangeKind
from inventory.instants import MAX_CHARACTERS
from inventory.web_api.pagination import PageQuery, PageSchema
from inventory.web_api.target_query import TargetQuery

_SHORT = Length(1, MAX_CHARACTERS, error="Send the id of a snapshot, or an instant such as 2026-01-31T12:00:00.123Z.")


class DiffQuery(TargetQuery):
    """Which two snapshots to compare."""

    from_ = fields.String(
        load_default=None,
        data_key="from",
        validate=_SHORT,
        metadata={
            "description": "The id of the older snapshot, or an instant (RFC 3339, a day, or how long ago, such as"
            " `7d`), which means the snapshot that was current then. Default: the one before `to`.",
            "example": "2026-01-30T12:00:00Z",
        },
    )
    to = fields.String(
        load_default=None,
        validate=_SHORT,
        metadata={"description": "The same of the newer snapshot. Default: the latest.", "example": "2026-01-31T12:00:00Z"},
    )


class DiffSideSchema(Schema):
    """One of the two snapshots; /api/v1/metadata/snapshots/{id} is the whole one."""

    id = fields.String(required=True)
    collected_at = fields.DateTime(required=True)
    status = fields.Integer(required=True)
    elapsed_ms = fields.Float(required=True, allow_none=True)
    not_modified = fields.Boolean(
        required=True, metadata={"description": "Answered 304: its page is that of the snapshot before."}
    )


class DiffCountsSchema(Schema):
    """How many changes there are of each kind, and how many of all are volatile."""

    added = fields.Integer(required=True)
    removed = fields.Integer(required=True)
    changed = fields.Integer(required=True)
    moved = fields.Integer(required=True)
    volatile = fields.Integer(required=True)


class DiffLineSchema(Schema):
    """Where a header line stands, from 1, and its name as it was sent."""

    position = fields.Integer(required=True)
    name = fields.String(required=True)


class CookieKeySchema(Schema):
    """Which cookie."""

    name = fields.String(required=True)
    domain = fields.String(required=True, allow_none=True)
    path = fields.String(required=True, allow_none=True)


class ChangeSchema(Schema):
    """One value that differs."""

    field = fields.String(
        required=True,
        metadata={
            "description": "`status`, `reason`, `http_version`, `final.url`, `ip`, `media_type`, `charset`, `title`,"
            " `generator`, `redirects` (their number), `redirect.url`, `redirect.status`, `redirect.reason`,"
            " `redirect.header.NAME`,"
            " `header.NAME`, `request.header.NAME`, `trailer.NAME`, `interim.status`, `interim.header.NAME`, `refresh`,"
            " `cookie.NAME` (added or removed), `cookie.NAME.ATTRIBUTE`, `tls.MEMBER`, `tls.name`, `script.host`,"
            " `link.host`, `image.host`, `frame.host`, `form.host`, `script.inline` (their number), `body.sha256`,"
            " `body.size`, `body.truncated`, `body.undecoded`, `defect`, `redirect.defect`. Names of headers are in lower"
            " case."
        },
    )
    kind = fields.String(required=True, validate=OneOf([kind.value for kind in ChangeKind]))
    old = fields.Raw(
        required=True, allow_none=True, metadata={"description": "A text, a number or a boolean; null if it was added."}
    )
    new = fields.Raw(required=True, allow_none=True, metadata={"description": "The same; null if it was removed."})
    volatile = fields.Boolean(
        required=True,
        metadata={
            "description": "Its name says that it differs each time: `Date`, `Age`, `ETag`, `Expires`, request ids, the"
            " values of cookies, nonces."
        },
    )
    hop = fields.Integer(
        metadata={"description": "Of a redirect: its number, from 1; if it was removed, in the older chain."}
    )
    old_line = fields.Nested(DiffLineSchema, metadata={"description": "Of a header line."})
    new_line = fields.Nested(DiffLineSchema, metadata={"description": "Of a header line."})
    cookie = fields.Nested(CookieKeySchema, metadata={"description": "Of a cookie."})


class TextDiffSchema(Schema):
    """How the text of the page differs."""

    unified = fields.String(
        required=True,
        metadata={"description": "The unified diff with three lines of context, at most a million characters."},
    )
    added = fields.Integer(required=True, metadata={"description": "Lines, also those that `unified` leaves out."})
    removed = fields.Integer(required=True)
    volatile = fields.Boolean(required=True, metadata={"description": "Only nonces and the tokens of forms differ."})
    notes = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What was not compared, cut or broken into lines, if anything."},
    )


class DiffSchema(Schema):
    """What differs between two snapshots of one webpage."""

    url = fields.String(required=True)
    from_ = fields.Nested(DiffSideSchema, required=True, data_key="from")
    to = fields.Nested(DiffSideSchema, required=True)
    counts = fields.Nested(DiffCountsSchema, required=True)
    changes = fields.List(fields.Nested(ChangeSchema), required=True)
    omitted = fields.Integer(
        required=True,
        metadata={"description": "Changes that `counts` has and `changes` has not: it lists the first 10,000."},
    )
    text = fields.Nested(
        TextDiffSchema,
        required=True,
        allow_none=True,
        metadata={"description": "null if the page is the same, or one of the two is not text."},
    )


class TimelineQuery(PageQuery, TargetQuery):
    """Which page of a webpage's snapshots."""


class StepSchema(DiffSideSchema):
    """A snapshot, and what changed at it."""

    counts = fields.Nested(
        DiffCountsSchema,
        required=True,
        allow_none=True,
        metadata={"description": "Of the changes since the snapshot before; null if none is kept."},
    )
    fields_ = fields.List(
        fields.String(),
        required=True,
        data_key="fields",
        metadata={"description": "Which fields changed otherwise than they do each time; of more than 50 the first."},
    )


class TimelinePage(PageSchema):
    """Snapshots, newest first, each compared with the one before it."""

    snapshots = fields.List(fields.Nested(StepSchema), required=True)

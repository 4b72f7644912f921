"""The shapes of the jobs API's requests and documents (RFC 3339 instants, seconds, bytes)."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields
from marshmallow.validate import OneOf, Range, Regexp

from inventory.jobs.model import JobStatus, RowOutcome
from inventory.web_api.pagination import NumberedPageQuery, PageQuery, PageSchema

COUNT: dict[str, Any] = {"required": True, "validate": Range(min=0)}


class JobsQuery(PageQuery):
    """Which jobs to list."""

    status = fields.Enum(JobStatus, by_value=True, load_default=None)


class RowsQuery(NumberedPageQuery):
    """Which rows of a job to list."""

    outcome = fields.Enum(RowOutcome, by_value=True, load_default=None)


class FormatSchema(Schema):
    """What a file was taken for."""

    name = fields.String(required=True, metadata={"description": "What it is: `csv`, `json`, `text`, `sitemap`, …"})
    encoding = fields.String(required=True, metadata={"description": "The encoding of its text."})
    column = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "The column or member with the values, and those added."},
    )
    delimiter = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "What is between the cells of a table in text; null for all else.", "example": ","},
    )


class JobSchema(Schema):
    """A job and its progress."""

    job_id = fields.String(required=True, validate=Regexp("[0-9a-f]{32}"))
    kind = fields.String(required=True, metadata={"description": "What is done with each row."})
    file_name = fields.String(required=True, allow_none=True, metadata={"description": "As it was uploaded."})
    file_size = fields.Integer(required=True, allow_none=True, metadata={"description": "Bytes, as it was uploaded."})
    format = fields.Nested(
        FormatSchema, required=True, allow_none=True, metadata={"description": "What the file was taken for; null if none."}
    )
    status = fields.String(required=True, validate=OneOf(list(JobStatus)))
    total = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Rows; null until all of the file was read."}
    )
    processed = fields.Integer(**COUNT, metadata={"description": "Rows that have an outcome; exact at the end."})
    succeeded = fields.Integer(**COUNT)
    failed = fields.Integer(**COUNT, metadata={"description": "Rows that may be retried."})
    rejected = fields.Integer(**COUNT, metadata={"description": "Rows that cannot be worked on as they are."})
    bytes_read = fields.Integer(**COUNT, metadata={"description": "Bytes of the file that are done with."})
    percent = fields.Float(
        required=True, allow_none=True, metadata={"description": "Of the rows; of the bytes until all rows are known."}
    )
    rate = fields.Float(required=True, allow_none=True, metadata={"description": "Rows a second since it started."})
    eta_seconds = fields.Integer(
        required=True, allow_none=True, metadata={"description": "Seconds to the end; null while it is unknown."}
    )
    created_at = fields.DateTime(required=True)
    started_at = fields.DateTime(required=True, allow_none=True)
    finished_at = fields.DateTime(required=True, allow_none=True)
    error = fields.String(
        required=True, allow_none=True, metadata={"description": "What stopped it, or could not be read of its file."}
    )
    limits = fields.List(
        fields.String(),
        metadata={"description": "Hosts and tags that the key was limited to which made it. Left out without limits."},
    )
    owner = fields.String(
        metadata={"description": "For admins alone: the id of the key that made it. Left out if none did."}
    )


class JobsPage(PageSchema):
    """Jobs, newest first."""

    jobs = fields.List(fields.Nested(JobSchema), required=True)


class RowSchema(Schema):
    """The outcome of one row."""

    row = fields.Integer(
        required=True, metadata={"description": "The line of the file where it begins, from 1, or the number of the entry."}
    )
    input = fields.String(required=True, metadata={"description": "What the row said, at most 1,024 characters of it."})
    outcome = fields.String(required=True, validate=OneOf(list(RowOutcome)))
    record_id = fields.String(required=True, allow_none=True, metadata={"description": "The record that it led to."})
    detail = fields.String(
        required=True, allow_none=True, metadata={"description": "Why it did not succeed, or what it was taken for."}
    )
    code = fields.String(required=True, allow_none=True, metadata={"description": "The same, for programs."})
    finished_at = fields.DateTime(required=True)


class RowsPage(PageSchema):
    """Rows by number."""

    rows = fields.List(fields.Nested(RowSchema), required=True)

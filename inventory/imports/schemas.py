"""The shapes of the imports API's parameters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from marshmallow import Schema, fields
from marshmallow.validate import Length, OneOf, Regexp

from inventory.imports.preview import MAX_ROWS
from inventory.jobs.job_type import JobType
from inventory.jobs.responses import format_field
from inventory.web_api.arguments import SECONDS, QuerySchema

SCHEMES = ("https", "http")


class KindField(fields.String):
    """The name of a job type that takes files. The service checks it, because only that knows the names."""

    @staticmethod
    def documented(types: Iterable[JobType]) -> Mapping[str, object]:
        """What the OpenAPI document says of the field where there are these types."""
        descriptions = [
            f"`{each.name}`: {each.description}; of {', '.join(each.file.suffixes)}." for each in types if each.file
        ]
        return {"enum": [each.name for each in types], "description": " ".join(descriptions)}


class ImportQuery(QuerySchema):
    """What to do with the file."""

    kind = KindField(
        required=True,
        error_messages={"required": "Missing. Say what each row is; /docs/ has the choices."},
        metadata={"example": "urls"},
    )
    column = fields.String(
        validate=Length(1, 256, error="Send a name of 1 to 256 characters, or a number from 1."),
        metadata={
            "description": "Which part of a row is looked up: the name of a column or member, or the number of a column,"
            " from 1, or a path such as `request.url`. Default: the one that is named like the kind, or looks like it.",
            "example": "website",
        },
    )
    scheme = fields.String(
        validate=OneOf(SCHEMES, error="Choose https or http."),
        metadata={
            "description": "The scheme of rows without one, such as `example.com/path`. Default: such a row is rejected.",
            "example": "https",
        },
    )
    tag = fields.List(
        fields.String(),
        metadata={
            "description": "Of URLs: a label that each row's record is given besides those it has, 1 to 100 printable"
            " characters. It may be given up to 50 times.",
            "example": ["prod"],
        },
    )
    service = fields.String(
        validate=Length(1, 200, error="Send a name of 1 to 200 printable characters."),
        metadata={
            "description": "Of log files: the service of all events, whatever their lines say.",
            "example": "checkout",
        },
    )
    map = fields.String(
        validate=Length(1, 1_024, error="Send pairs such as timestamp:fields.when, with commas between."),
        metadata={
            "description": "Of log files: which members have the fields of an event, for names that are not recognised."
            " Fields are timestamp, level, service, message and trace_id; a dot leads into an object.",
            "example": "timestamp:fields.when,level:sev",
        },
    )
    format = fields.String(
        validate=Length(1, 4_096, error="Send the text of nginx's log_format, or of Apache's LogFormat."),
        metadata={
            "description": "Of log files: how the lines of an access log are written, `combined`, `common`, `traefik` or"
            " the text of nginx's `log_format` or of Apache's `LogFormat`.",
            "example": '$remote_addr [$time_iso8601] "$request" $status',
        },
    )
    fresh_for = fields.TimeDelta(
        **SECONDS,
        metadata={
            "description": "Seconds for which a known record is fresh: it is not collected again."
            " Default: INVENTORY_FRESH_FOR, and INVENTORY_WEATHER_FRESH_FOR for cities.",
            "minimum": 0,
        },
    )


class PreviewQuery(ImportQuery):
    """What might be done with the file."""

    kind = KindField(
        load_default="",
        metadata={"example": "urls"},
    )


class PreviewRow(Schema):
    """A row as it would be read."""

    row = fields.Integer(required=True, metadata={"description": "Its number, as in the rows of a job."})
    input = fields.String(required=True, metadata={"description": "What it says, at most 1,024 characters of it."})
    code = fields.String(required=True, allow_none=True, metadata={"description": "Why it would be rejected, for programs."})
    detail = fields.String(required=True, allow_none=True, metadata={"description": "The same as a sentence."})


class PreviewSchema(Schema):
    """What a file would be imported as."""

    kind = fields.String(required=True, metadata={"description": "The kind that was asked for, or that fits best."})
    file_name = fields.String(required=True)
    format = format_field("As a job has it; null where only the whole file tells it, as of a large workbook.")
    columns = fields.List(
        fields.String(),
        required=True,
        metadata={"description": "What `column` may be: the names of columns or members, or the numbers of columns."},
    )
    rows = fields.List(
        fields.Nested(PreviewRow), required=True, metadata={"description": f"The first rows, at most {MAX_ROWS}."}
    )
    good = fields.Integer(required=True, metadata={"description": "How many of these rows would be worked on."})
    rejected = fields.Integer(required=True, metadata={"description": "How many of these rows would be rejected."})
    is_whole = fields.Boolean(required=True, metadata={"description": "Whether these are all rows of the file."})
    error = fields.String(
        required=True, allow_none=True, metadata={"description": "What of the file cannot be read, as a job has it."}
    )


class IdempotencyKey(Schema):
    """The header Idempotency-Key."""

    idempotency_key = fields.String(
        data_key="Idempotency-Key",
        validate=[Length(1, 128), Regexp("^[ -~]*$")],
        metadata={
            "description": "1 to 128 printable ASCII characters. The same key again answers the same job.",
            "example": "urls-2026-01-31",
        },
    )

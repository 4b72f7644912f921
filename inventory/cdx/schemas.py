"""What the index of captures takes."""

from __future__ import annotations

from marshmallow import fields
from marshmallow.validate import And, Length, NoneOf, OneOf, Range

from inventory.cdx.filters import MAX_FILTERS
from inventory.web_api.arguments import QuerySchema

OUTPUTS, DIALECTS = ("text", "json", "cdxj"), ("wayback", "pywb")
MATCHES = ("exact", "prefix", "host", "domain")
REVERSE, CLOSEST = "reverse", "closest"
_TOO_MANY = Length(max=MAX_FILTERS, error=f"At most {MAX_FILTERS} of them.")
_NO_LIMIT = "Send a whole number of lines, below 0 for the last ones."
_LIMIT = And(Range(-(10**9), 10**9, error=_NO_LIMIT), NoneOf([0], error=_NO_LIMIT))
_TIMESTAMP = {"description": "1 to 14 digits of yyyyMMddhhmmss, or 17 to the millisecond."}


class CdxQuery(QuerySchema):
    """Which captures are meant, and how they are answered. Names of fields are the Wayback Machine's or pywb's."""

    url = fields.String(
        required=True,
        validate=Length(1, error="Empty. Send a URL such as example.com/page."),
        error_messages={"required": "Missing. Send a URL such as example.com/page."},
        metadata={
            "description": "A URL, with or without `http://`. With `*` at its end it is a prefix; `*.name` is a domain.",
            "example": "example.com/*",
        },
    )
    match_type = fields.String(
        data_key="matchType",
        load_default=None,
        validate=OneOf(MATCHES),
        metadata={"description": "Which URLs: this one, those that begin so, those of its host, or of all hosts below."},
    )
    from_ = fields.String(data_key="from", load_default=None, metadata=_TIMESTAMP)
    to = fields.String(load_default=None, metadata=_TIMESTAMP)
    filter = fields.List(
        fields.String(),
        load_default=[],
        validate=_TOO_MANY,
        metadata={
            "description": "`[!]field:expression`, once or more. The expression is one of RE2 that the whole value matches;"
            " with a name that only pywb has, a text that it contains. `[!]=field:text` is an equal value, `[!]~field:…` an"
            " expression that its beginning matches.",
            "example": ["!statuscode:200"],
        },
    )
    collapse = fields.List(
        fields.String(),
        load_default=[],
        validate=_TOO_MANY,
        metadata={
            "description": "`field` or `field:N`: the first of neighbours with the same value, or the same N characters.",
            "example": ["timestamp:8"],
        },
    )
    limit = fields.Integer(
        load_default=None, validate=_LIMIT, metadata={"description": "Lines, at most 10,000; below 0 the last ones."}
    )
    sort = fields.String(
        load_default=None,
        validate=OneOf([REVERSE, CLOSEST, "default", "regular", "urlkey"]),
        metadata={"description": "Default: by URL and time. `closest` needs the parameter of that name."},
    )
    closest = fields.String(load_default=None, metadata=_TIMESTAMP)
    output = fields.String(load_default="text", validate=OneOf(OUTPUTS))
    dialect = fields.String(
        load_default=None,
        validate=OneOf(DIALECTS),
        metadata={
            "description": "Whose names and JSON: one array (wayback), or an object a line (pywb). Default: pywb with a"
            " field that only pywb has, or with `output=cdxj`."
        },
    )
    fl = fields.String(
        load_default=None, metadata={"description": "Fields, with commas between.", "example": "timestamp,original"}
    )
    fields_ = fields.String(data_key="fields", load_default=None, metadata={"description": "The same as `fl`."})
    show_resume_key = fields.Boolean(
        data_key="showResumeKey",
        load_default=False,
        metadata={"description": "Whether the answer ends with a key, if there is more. It is in the header Link anyway."},
    )
    resume_key = fields.String(
        data_key="resumeKey", load_default=None, metadata={"description": "The key of the page before."}
    )
    gzip = fields.String(load_default=None, metadata={"description": "Changes nothing."})
    fast_latest = fields.String(data_key="fastLatest", load_default=None, metadata={"description": "Changes nothing."})
    resolve_revisits = fields.String(
        data_key="resolveRevisits", load_default=None, metadata={"description": "Changes nothing: each line has its digest."}
    )

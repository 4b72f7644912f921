"""What the archive API takes."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validates_schema
from marshmallow.validate import Length

from inventory.instants import MAX_CHARACTERS
from inventory.web_api.arguments import QuerySchema
from inventory.web_api.target_query import URL

_INSTANT = Length(1, MAX_CHARACTERS, error="Send an instant such as 2026-01-31T12:00:00.123Z, or leave it out.")
OF_A_QUERY, OF_A_URL = ("at",), ("since", "until")


class ArchiveQuery(QuerySchema):
    """What of which webpages is archived: `q` or `url`."""

    q = fields.String(
        load_default=None,
        metadata={
            "description": "A query (docs/queries.md): of each webpage that it matches, the current snapshot. An empty one"
            " matches all.",
            "example": "domain:example.com",
        },
    )
    at = fields.String(
        load_default=None,
        validate=_INSTANT,
        metadata={"description": "With `q`: what was current at this instant, such as `7d`. Default: now.", "example": "7d"},
    )
    url = fields.String(
        **{**URL, "required": False},
        load_default=None,
    )
    since = fields.String(
        load_default=None,
        validate=_INSTANT,
        metadata={"description": "With `url`: only snapshots from this instant on. Default: all that are kept."},
    )
    until = fields.String(
        load_default=None,
        validate=_INSTANT,
        metadata={"description": "With `url`: only snapshots before this instant. Default: now."},
    )

    @validates_schema
    def check_what_is_meant(self, data: dict[str, Any], **_: Any) -> None:
        """Exactly one of `q` and `url` is given, with the instants that belong to it."""
        if (data["q"] is None) == (data["url"] is None):
            raise ValidationError("Send `q`, the query, or `url`, the webpage: one of them.", "q")
        of_other = OF_A_QUERY if data["q"] is None else OF_A_URL
        if given := [name for name in of_other if data[name] is not None]:
            other = "q" if data["q"] is None else "url"
            raise ValidationError({name: [f"It belongs to `{other}`. Leave it out."] for name in given})

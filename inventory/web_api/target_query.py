"""The parameter `url`, by which every route says which webpage is meant."""

from __future__ import annotations

from typing import Any

from marshmallow import fields
from marshmallow.validate import Length

from inventory.web_api.arguments import QuerySchema

URL: dict[str, Any] = {
    "required": True,
    "validate": Length(min=1, error="Empty. Send an absolute http or https URL."),
    "error_messages": {
        "required": "Missing. Send an absolute http or https URL.",
        "invalid": "Not a text. Send an absolute http or https URL as a string.",
        "null": "Null. Send an absolute http or https URL as a string.",
    },
    "metadata": {
        "description": "An absolute http or https URL, at most 2,048 characters.",
        "example": "https://example.com/",
    },
}


class TargetQuery(QuerySchema):
    """Which webpage is meant."""

    url = fields.String(**URL)

"""What a TimeGate takes besides a URL."""

from __future__ import annotations

from marshmallow import Schema, fields


class AcceptDatetime(Schema):
    """The instant that is asked about."""

    accept_datetime = fields.String(
        data_key="Accept-Datetime",
        metadata={"description": "A date of HTTP. Default: the latest.", "example": "Sat, 31 Jan 2026 12:00:00 GMT"},
    )

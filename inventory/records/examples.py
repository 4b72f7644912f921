"""What the documentation shows of a listing."""

from __future__ import annotations

from typing import Any

RECORDS: dict[str, Any] = {
    "records": [
        {
            "id": "0f115db062b7c0dd030b16878c99dea5",
            "source": "webpage",
            "key": "https://example.com/",
            "host": "example.com",
            "status": "stored",
            "state": "stored",
            "requested_at": "2026-01-31T12:00:00.000Z",
            "first_collected_at": "2026-01-30T12:00:00.456Z",
            "collected_at": "2026-01-31T12:00:00.123Z",
            "snapshots": 3,
            "attempt": 1,
            "failure": None,
        }
    ],
    "next_cursor": "MTc2OTg2MDgwMDAwMCAwZjExNWRiMA==",
}

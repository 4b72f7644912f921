"""What the documentation shows: one log event, and the counts of a few."""

from __future__ import annotations

from typing import Any

_JOB_ID = "4f3c2b1a09f8e7d6c5b4a39281706f5e"

EVENTS: dict[str, Any] = {
    "events": [
        {
            "id": f"{_JOB_ID}-0000000017",
            "job_id": _JOB_ID,
            "line": 17,
            "timestamp": "2026-01-31T12:00:00.123Z",
            "level": "error",
            "service": "checkout",
            "message": "payment declined by the bank",
            "attributes": {"order": 90417, "status": 402, "customer": {"country": "DE"}},
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
        }
    ],
    "next_cursor": "MTc2OTg2MDgwMDEyMyA0ZjNjMmIxYTA5ZjhlN2Q2YzViNGEzOTI4MTcwNmY1ZS0wMDAwMDAwMDE3",
}
STATS: dict[str, Any] = {
    "total": 1204,
    "by_level": {"info": 1100, "warning": 90, "error": 14},
    "by_service": {"checkout": 804, "billing": 400},
    "by_hour": {"2026-01-31T12:00:00.000Z": 504, "2026-01-31T11:00:00.000Z": 700},
}

"""The documentation's examples: one job, its rows, and its messages."""

from __future__ import annotations

import json
from typing import Any

JOB_ID = "4f3c2b1a09f8e7d6c5b4a39281706f5e"

QUEUED: dict[str, Any] = {
    "job_id": JOB_ID,
    "kind": "urls",
    "file_name": "urls.csv",
    "file_size": 4_812_345,
    "status": "queued",
    "total": None,
    "processed": 0,
    "succeeded": 0,
    "failed": 0,
    "rejected": 0,
    "bytes_read": 0,
    "percent": 0.0,
    "rate": None,
    "eta_seconds": None,
    "created_at": "2026-01-31T12:00:00.123Z",
    "started_at": None,
    "finished_at": None,
    "error": None,
}
RUNNING: dict[str, Any] = QUEUED | {
    "status": "running",
    "total": 100_000,
    "processed": 25_000,
    "succeeded": 24_990,
    "failed": 7,
    "rejected": 3,
    "bytes_read": 1_203_086,
    "percent": 25.0,
    "rate": 500.0,
    "eta_seconds": 150,
    "started_at": "2026-01-31T12:00:00.456Z",
}
COMPLETED: dict[str, Any] = RUNNING | {
    "status": "completed",
    "processed": 100_000,
    "succeeded": 99_960,
    "failed": 30,
    "rejected": 10,
    "bytes_read": 4_812_345,
    "percent": 100.0,
    "eta_seconds": 0,
    "finished_at": "2026-01-31T12:03:20.456Z",
}
CANCELLED: dict[str, Any] = RUNNING | {
    "status": "cancelled",
    "eta_seconds": 0,
    "finished_at": "2026-01-31T12:00:50.456Z",
}
JOBS: dict[str, Any] = {"jobs": [RUNNING], "next_cursor": "MTc2OTg2MDgwMDAwMCA0ZjNjMmIxYQ=="}
ROWS: dict[str, Any] = {
    "rows": [
        {
            "row": 2,
            "input": "https://example.com/",
            "outcome": "succeeded",
            "record_id": "0f115db062b7c0dd030b16878c99dea5",
            "detail": None,
            "code": None,
            "finished_at": "2026-01-31T12:00:01.123Z",
        },
        {
            "row": 3,
            "input": "https://nowhere.example/",
            "outcome": "failed",
            "record_id": None,
            "detail": "nowhere.example has no address.",
            "code": "dns_failure",
            "finished_at": "2026-01-31T12:00:02.456Z",
        },
    ],
    "next_cursor": "Mw==",
}
ROWS_AS_CSV = (
    "row,input,outcome,record_id,detail,code,finished_at\r\n"
    "3,https://nowhere.example/,failed,,nowhere.example has no address.,dns_failure,2026-01-31T12:00:02.456Z\r\n"
)
EVENTS = (
    "retry: 2000\n\n"
    f"event: progress\nid: 25000-1203086-100000-running\ndata: {json.dumps(RUNNING)}\n\n"
    f"event: end\nid: 100000-4812345-100000-completed\ndata: {json.dumps(COMPLETED)}\n\n"
)

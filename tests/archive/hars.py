"""HAR documents as browsers write them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

URL = "http://name.test/a"


def har(*entries: Mapping[str, Any]) -> bytes:
    return json.dumps({"log": {"version": "1.2", "creator": {}, "entries": entries}}).encode()


def entry(
    *, status: int = 200, method: str = "GET", content: Mapping[str, Any] | None = None, **more: Any
) -> dict[str, Any]:
    headers = more.pop("headers", [{"name": "content-type", "value": "text/html; charset=utf-8"}])
    return {
        "startedDateTime": "2020-05-01T12:00:00.5+02:00",
        "time": 120.25,
        "request": {"method": method, "url": URL, "headers": [{"name": "Cookie", "value": "secret=1"}]},
        "response": {
            "status": status,
            "statusText": "OK",
            "httpVersion": "h2",
            "headers": headers,
            "content": content or {},
        },
        "timings": {"dns": 5, "connect": 30, "ssl": 20, "send": 1, "wait": 50, "receive": 10, "blocked": -1},
        "serverIPAddress": "[2001:db8::1]",
        **more,
    }

"""What the documentation shows: the weather in a city, and the summary of a few."""

from __future__ import annotations

from typing import Any

WEATHER: dict[str, Any] = {
    "city": "Zürich",
    "place": {
        "name": "Zürich",
        "country": "CH",
        "region": "Zurich",
        "latitude": 47.36667,
        "longitude": 8.55,
        "population": 436332,
        "candidates": 4,
    },
    "temperature_c": 2.4,
    "condition": "partly cloudy",
    "humidity_percent": 81.0,
    "wind_kph": 9.4,
    "observed_at": "2026-01-31T12:00:00.000Z",
    "collected_at": "2026-01-31T12:04:11.873Z",
    "stale": False,
}
SUMMARY: dict[str, Any] = {
    "counts": {"stored": 9871, "pending": 2, "failed": 127},
    "refreshed": [WEATHER],
    "failures": [
        {
            "city": "atlantis",
            "code": "unknown_city",
            "detail": "No city named 'atlantis' was found",
            "at": "2026-01-31T12:03:05.110Z",
        }
    ],
}

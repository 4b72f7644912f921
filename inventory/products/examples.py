"""What the documentation shows: a product, and the summary of a run."""

from __future__ import annotations

from typing import Any

PRODUCTS: dict[str, Any] = {
    "products": [
        {
            "record_id": "9f86d081884c7d659a2feaa0c55ad015",
            "source": "acme",
            "id": "ACM-00017",
            "title": "Folding lamp",
            "category": "home",
            "price": 24.5,
            "currency": "EUR",
            "rating": 4.1,
            "url": "https://acme.example.com/v1/catalog/ACM-00017",
            "added_at": "2026-01-31T12:00:04.210Z",
            "seen_at": "2026-02-01T12:00:04.884Z",
            "price_changed_at": "2026-02-01T12:00:04.884Z",
        }
    ],
    "next_cursor": "MTc2OTg2MDgwNDIxMCA5Zjg2ZDA4MTg4NGM3ZDY1OWEyZmVhYTBjNTVhZDAxNQ==",
}
SUMMARY: dict[str, Any] = {
    "summary": {
        "total_products": 124,
        "processing_time_seconds": 9.871,
        "success_rate": 0.8182,
        "sources": [
            {
                "name": "acme",
                "products": 124,
                "rejected": 4,
                "pages": 8,
                "requests": 11,
                "retries": 2,
                "success_rate": 0.8182,
                "latency_ms": {"mean": 71.2, "p50": 68.1, "p95": 118.9, "p99": 131.0},
                "breaker_trips": 0,
                "complete": False,
                "gaps": 1,
                "missing": ["https://acme.example.com/v1/catalog?page=3: This page is missing."],
            }
        ],
    },
    "categories": [
        {"name": "home", "currency": "EUR", "products": 21, "min_price": 3.2, "mean_price": 144.07, "max_price": 489.0}
    ],
    "price_trends": [
        {
            "record_id": "9f86d081884c7d659a2feaa0c55ad015",
            "source": "acme",
            "id": "ACM-00017",
            "title": "Folding lamp",
            "currency": "EUR",
            "change_percent": -12.5,
            "prices": [
                {"price": 28.0, "at": "2026-01-31T12:00:04.210Z"},
                {"price": 24.5, "at": "2026-02-01T12:00:04.884Z"},
            ],
        }
    ],
    "errors": [
        {
            "endpoint": "https://acme.example.com/v1/catalog?page=3",
            "error": "malformed_page: The page is not valid JSON: Expecting value, at character 1. This page is missing.",
            "timestamp": "2026-02-01T12:00:07.302Z",
        }
    ],
}

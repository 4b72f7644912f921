"""What the documentation shows: one webpage, from its promise to its snapshots."""

from __future__ import annotations

from typing import Any

_SHA256 = "ea8fac7c65fb589b0d53560f5251f74f9e9b243478dcb6b3ea79b5e36449c8d9"
_ID = "0f115db062b7c0dd030b16878c99dea5"
_SNAPSHOT_ID = "7c1b8d9f2a3e4f5061728394a5b6c7d8"
_URL = "https://example.com/"

CONTENT: dict[str, Any] = {
    "collected_at": "2026-01-31T12:00:00.123Z",
    "response": {
        "status": 200,
        "reason": "OK",
        "http_version": "1.1",
        "final_url": "https://www.example.com/",
        "remote_address": "93.184.216.34",
        "elapsed_ms": 123.4,
        "dns_ms": 8.1,
        "connect_ms": 22.5,
        "tls_ms": 41.0,
        "first_byte_ms": 48.7,
        "body_ms": 1.9,
        "tls": {
            "version": "TLSv1.3",
            "cipher": "TLS_AES_256_GCM_SHA384",
            "subject": "CN=www.example.com",
            "issuer": "CN=Example CA",
            "names": ["www.example.com", "example.com"],
            "not_before": "2026-01-01T00:00:00.000Z",
            "not_after": "2026-04-01T00:00:00.000Z",
        },
        "trailers": [],
        "not_modified": False,
        "revalidation": None,
        "defects": [],
    },
    "redirects": [
        {"url": _URL, "status": 301, "headers": [{"name": "Location", "value": "https://www.example.com/"}], "defects": []}
    ],
    "headers": [{"name": "Server", "value": "ECS"}, {"name": "Set-Cookie", "value": "sid=abc; Secure; SameSite=Lax"}],
    "cookies": [
        {
            "name": "sid",
            "value": "abc",
            "domain": "www.example.com",
            "host_only": True,
            "path": "/",
            "expires": None,
            "max_age": None,
            "secure": True,
            "http_only": False,
            "same_site": "Lax",
            "partitioned": False,
            "set_by": "https://www.example.com/",
            "accepted": True,
            "reason": None,
        }
    ],
    "body": {
        "sha256": _SHA256,
        "size": 1256,
        "media_type": "text/html",
        "charset": "utf-8",
        "encoding": "text",
        "truncated": False,
        "undecoded": None,
    },
}
RECORD: dict[str, Any] = {
    "id": _ID,
    "url": _URL,
    "status": "stored",
    "stale": False,
    "first_collected_at": "2026-01-30T12:00:00.456Z",
    "snapshots": 3,
    "page_source": "<!doctype html>…",
    "failure": None,
    **CONTENT,
}
PENDING: dict[str, Any] = {
    "id": _ID,
    "url": _URL,
    "status": "pending",
    "requested_at": "2026-01-31T12:00:00.000Z",
    "attempt": 0,
    "detail": "Accepted. A worker collects this URL as soon as one is free.",
    "poll_after": 1,
}
SNAPSHOT: dict[str, Any] = {"id": _SNAPSHOT_ID, "url": _URL, "page_source": "<!doctype html>…", **CONTENT}
SNAPSHOTS: dict[str, Any] = {"snapshots": [{"id": _SNAPSHOT_ID, "url": _URL, **CONTENT}], "next_cursor": None}

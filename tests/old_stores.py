"""SQLite stores as the version before observations wrote them, with as many records as a test wants."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

from inventory.records.model import Target
from inventory.store.sqlite.migrations import MIGRATIONS

VERSION = 6
"""Of its schema: the last one without observations."""
AT = 1_767_225_600_000
"""When everything was collected, in milliseconds: the beginning of 2026."""


def page_target(number: int) -> Target:
    """A numbered page."""
    return Target("webpage", f"https://old.example/page/{number}", "old.example")


def page(number: int, size: int) -> bytes:
    """So many bytes of HTML with a title, a script and images."""
    head = (
        f"<!doctype html><title>Page {number}</title>"
        f'<meta name=generator content=Old><script src="https://cdn{number % 7}.example/x.js"></script>'
    )
    images = "".join(f'<p class=a>Text <img src="https://images{n % 5}.example/{n}.png"></p>\n' for n in range(size // 60))
    return (head + images)[:size].encode()


def content(number: int, source: bytes) -> dict[str, Any]:
    """What was recorded of a page: neither requests nor the member `page`."""
    url = page_target(number).key
    cookie = {
        "name": "sid", "value": f"{number:032x}", "domain": "old.example", "host_only": True, "path": "/", "expires": None,
        "max_age": 3600, "secure": True, "http_only": True, "same_site": "Lax", "partitioned": False, "set_by": url,
        "accepted": True, "reason": None,
    }  # fmt: skip
    headers = [{"name": f"X-Header-{n}", "value": f"value of header {n}, of a usual length"} for n in range(12)]
    return {
        "response": {
            "status": 200, "reason": "OK", "http_version": "1.1", "final_url": url, "remote_address": "192.0.2.1",
            "elapsed_ms": 123.4, "dns_ms": 1.2, "connect_ms": 10.1, "tls_ms": 20.2, "first_byte_ms": 80.3, "body_ms": 9.4,
            "tls": None, "trailers": [], "interim": [], "not_modified": False, "revalidation": None, "defects": [],
        },
        "redirects": [],
        "headers": [*headers, {"name": "Set-Cookie", "value": f"sid={number:032x}; Secure; HttpOnly"}],
        "cookies": [cookie],
        "body": {
            "sha256": hashlib.sha256(source).hexdigest(), "size": len(source), "media_type": "text/html",
            "charset": "utf-8", "encoding": "text", "truncated": False, "undecoded": None,
        },
    }  # fmt: skip


def write_old_store(path: Path, count: int, *, size: int = 2_000, snapshots: int = 1) -> None:
    """Write a store with so many stored pages, each with so many snapshots of pages that differ."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        for statements in MIGRATIONS[:VERSION]:
            for statement in statements:
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("BEGIN")
        connection.executemany(RECORD, _records(count, snapshots))
        connection.executemany(SNAPSHOT, _snapshots(count, size, snapshots))
        connection.executemany(BODY, _bodies(count, size, snapshots))
        connection.execute("COMMIT")


RECORD = """
    INSERT INTO records (id, source, key, host, state, accepted_at, requested_at, attempt, fence, lease,
    first_collected_at, collected_at, snapshots, snapshot_id) VALUES (?, ?, ?, ?, 'stored', ?, ?, 1, 1, ?, ?, ?, ?, ?)"""
SNAPSHOT = "INSERT INTO snapshots (id, record_id, collected_at, body_sha256, content) VALUES (?, ?, ?, ?, ?)"
BODY = "INSERT OR IGNORE INTO bodies (sha256, bytes) VALUES (?, ?)"


def _records(count: int, snapshots: int) -> Iterator[tuple[object, ...]]:
    for number in range(count):
        target, latest = page_target(number), snapshots - 1
        place = (_snapshot_id(number, latest), AT, AT + latest, snapshots, _snapshot_id(number, latest))
        yield target.id, target.source, target.key, target.host, AT - 1, AT - 1, *place


def _snapshots(count: int, size: int, snapshots: int) -> Iterator[tuple[object, ...]]:
    for number in range(count):
        for n in range(snapshots):
            source = page(number + n, size)
            found = content(number, source)
            place = (_snapshot_id(number, n), page_target(number).id, AT + n)
            yield *place, found["body"]["sha256"], json.dumps(found).encode()


def _bodies(count: int, size: int, snapshots: int) -> Iterator[tuple[str, bytes]]:
    for number in range(count + snapshots - 1):
        source = page(number, size)
        yield hashlib.sha256(source).hexdigest(), source


def _snapshot_id(number: int, n: int) -> str:
    return f"{number:024x}{n:08x}"

"""Log files as services write them, with a share of lines that are none; the same for the same seed."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

BEGIN = datetime(2026, 1, 31, 12, 0, 0, tzinfo=UTC)
SERVICES = ("checkout", "billing", "gateway", "search", "inventory-sync")
LEVELS = ("DEBUG", "INFO", "INFO", "INFO", "info", "WARN", "warning", "ERROR", "fatal")
MESSAGES = (
    "request to /api/v1/orders/{} finished",
    "payment {} declined by the bank",
    "Zahlung {} bestätigt, Rückgabe möglich",
    "cache miss for product {}: asking the upstream",
    'could not parse header "X-Request-{}"',
)
GOOD = '{"timestamp": "2026-01-31T12:00:00Z", "level": "info", "service": "checkout", "message": "hello"}'
BAD = (
    GOOD[:-1].encode(),
    b'{"timestamp": "yesterday", "level": "info", "service": "checkout", "message": "hello"}',
    b'{"level": "info", "service": "checkout", "message": "at no time"}',
    b'{"timestamp": "2026-01-31T12:00:00Z", "service": "checkout", "order": 7}',
    b'{"timestamp": "2026-01-31T12:00:00Z", "level": "info", "service": "checkout", "message": "caf\xe9"}',
    b"[1, 2, 3]",
    b"Traceback (most recent call last):",
)
"""Lines that are no log events, each for a reason of its own."""


def lines(count: int, *, seed: int, bad: float = 0.0) -> Iterator[tuple[bytes, bool]]:
    """So many lines of about 250 bytes, without their ends; with each whether it is a log event. `bad` is a share."""
    rng = random.Random(seed)
    for number in range(count):
        if rng.random() < bad:
            yield rng.choice(BAD), False
        else:
            yield json.dumps(_event(rng, number), ensure_ascii=False).encode(), True


def write(path: Path, count: int, *, seed: int, bad: float = 0.0) -> frozenset[int]:
    """A `.jsonl` file of so many lines; the numbers, from 1, of those that are no log events."""
    rejected = set()
    with path.open("wb") as file:
        for number, (line, good) in enumerate(lines(count, seed=seed, bad=bad), start=1):
            file.write(line + b"\n")
            if not good:
                rejected.add(number)
    return frozenset(rejected)


def _event(rng: random.Random, number: int) -> dict[str, object]:
    instant = BEGIN + timedelta(milliseconds=37 * number + rng.randrange(5_000))
    event: dict[str, object] = {
        "timestamp": instant.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": rng.choice(LEVELS),
        "service": rng.choice(SERVICES),
        "message": rng.choice(MESSAGES).format(rng.randrange(10**6)),
        "attributes": {
            "status": rng.choice((200, 201, 404, 500)),
            "elapsed_ms": round(rng.expovariate(1 / 80), 2),
            "client": {"country": rng.choice(("DE", "FR", "US")), "id": rng.randrange(10**6)},
        },
    }
    if rng.random() < 0.5:
        event["trace_id"] = f"{rng.getrandbits(128):032x}"
    return event

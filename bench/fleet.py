"""A fleet of targets that were collected many times, in a SQLite file, written as settlements would have.

A settlement of each collection would take hours for ten million of them. So the filler writes the tables itself, and a test
holds what they answer against what the store itself wrote.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import accumulate
from pathlib import Path

from inventory.observations import cookies
from inventory.observations.extraction import statements_of_target
from inventory.observations.model import Statement, folded, ordinal_of
from inventory.records.model import Target
from inventory.store.codecs import millis, to_millis
from inventory.store.pairs import Pair, pack
from inventory.store.sqlite import bitmaps
from inventory.store.sqlite.bitmaps import BLOCK, SHIFT
from inventory.store.sqlite.postings import KNOWN

START = datetime(2026, 1, 1, tzinfo=UTC)
COLLECTIONS = 10
EVERY = timedelta(days=1)
BETWEEN = timedelta(milliseconds=50)
"""Two targets of one collection."""
DEPLOYED = 9
"""The collection that finds HSTS removed from one of `DEPLOYED_EVERY` targets that had it: from 41,000 of a million."""
DEPLOYED_EVERY = 11
UNIQUE = frozenset({"url", "final.url", "path", "title", "body.sha256"})
"""Fields that no two targets show the same value of."""

_SERVERS = ("nginx", "nginx/1.24.0", "nginx/1.25.3", "Apache", "Apache/2.4.57 (Debian)", "cloudflare", "Microsoft-IIS/10.0")
_CACHING = ("no-store", "no-cache", "max-age=0", "max-age=60", "public, max-age=3600", "private", "max-age=86400")
_COOKIE = {"domain": "x", "host_only": True, "path": "/", "secure": True, "http_only": True, "accepted": True}
_SHARED = (
    *(
        Statement(field, value)
        for field, value in (
            *(("scheme", "https"), ("reason", "OK"), ("media_type", "text/html"), ("charset", "utf-8"), ("redirects", "0")),
            *(("header.content-type", "text/html; charset=utf-8"), ("header.connection", "keep-alive")),
            *(("header.vary", "Accept-Encoding"), ("tls.version", "TLSv1.3"), ("header.accept-ranges", "bytes")),
            ("header.x-content-type-options", "nosniff"),
        )
    ),
    *cookies.statements_of({"name": "SID", "same_site": "Lax", **_COOKIE}),
    *(
        Statement(f"header.{name}", value, volatile=True)
        for name, value in (
            *(("date", "{date}"), ("etag", '"{hex:32}"'), ("content-length", "{number}"), ("age", "{number}")),
            ("x-request-id", "{uuid}"),
        )
    ),
)


def target(number: int) -> Target:
    """One of twenty targets of a host, one of a hundred of a domain."""
    host = f"h{number // 20}.d{number // 100}.example"
    return Target("webpage", f"https://{host}/page/{number}", host)


def collected_at(number: int, collection: int) -> datetime:
    """When a target was collected."""
    return START + collection * EVERY + number * BETWEEN


def lasting(number: int) -> list[Statement]:
    """What every collection of a target shows."""
    which, dice = target(number), _dice(number)
    host = number // 20
    found = [
        *(Statement(*each) for each in statements_of_target(which)),
        *_SHARED,
        Statement("final.url", which.key),
        Statement("final.host", which.host),
        Statement("ip", f"192.0.{host >> 8 & 255}.{host & 255}"),
        Statement("http_version", "2" if dice & 1 else "1.1"),
        Statement("header.cache-control", _CACHING[dice >> 1 & 7 if dice >> 1 & 7 < 7 else 0]),
        Statement("tls.issuer", f"Issuer {host % 5}"),
        Statement("tls.subject", which.host),
        Statement("tls.name", which.host),
        Statement("script.host", f"cdn{dice >> 4 & 31}.example"),
        Statement("link.host", which.host),
        Statement("image.host", f"img{dice >> 9 & 3}.example"),
        Statement("script.inline", str(dice >> 11 & 7)),
    ]
    if dice >> 14 & 1:
        found.append(Statement("header.x-powered-by", f"PHP/8.{dice >> 15 & 3}"))
    if dice >> 17 & 15 == 0:
        found.append(Statement("header.content-security-policy", f"default-src 'self' cdn{host % 5_000}.example"))
    return found


def passing(number: int, collection: int) -> Sequence[Statement]:
    """What a collection of a target shows, and not every one has shown; the same list while nothing changes."""
    return _passing(
        number,
        body=_changes(number, 10, 1)[collection],
        server=(_dice(number) >> 21) + _changes(number, 100, 2)[collection],
        renewed=_changes(number // 20, 200, 3)[collection],
        is_down=collection > 0 and _dice(number * COLLECTIONS + collection) % 100 == 0,
        has_hsts=number % 20 < 9 and not (collection >= DEPLOYED and number % DEPLOYED_EVERY == 0),
    )


@lru_cache(maxsize=64)
def _passing(number: int, *, body: int, server: int, renewed: int, is_down: bool, has_hsts: bool) -> Sequence[Statement]:
    found = [
        Statement("body.sha256", hashlib.sha256(b"%d %d" % (number, body)).hexdigest()),
        Statement("title", f"Page {number}, edition {body // 3}"),
        Statement("header.server", _SERVERS[server % len(_SERVERS)]),
        Statement("status", "503" if is_down else "200"),
        Statement("tls.sha256", hashlib.sha256(b"%d %d" % (number // 20, renewed)).hexdigest()),
        Statement("tls.not_after", f"2026-{1 + (number // 20) % 12:02}-{1 + renewed:02}T00:00:00Z"),
    ]
    return [*found, Statement("header.strict-transport-security", "max-age=31536000")] if has_hsts else found


def _dice(number: int) -> int:
    """Bits that look random."""
    mixed = (number + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    return mixed ^ mixed >> 31


@lru_cache(maxsize=1_000)
def _changes(number: int, every: int, salt: int) -> Sequence[int]:
    """How often something that one of so many collections changes has changed by each of them."""
    changed = (_dice(number * 64 + each + salt * 0x1000003D) % every == 0 for each in range(1, COLLECTIONS))
    return list(accumulate(changed, initial=0))


@dataclass
class _Rows:
    """The rows of a block of targets, by table."""

    targets: list[tuple[int, str, int, bytes]] = field(default_factory=list)
    records: list[tuple[object, ...]] = field(default_factory=list)
    values: list[tuple[object, ...]] = field(default_factory=list)
    later: list[tuple[int, int, int, int]] = field(default_factory=list)
    past: list[tuple[int, int, int, int, int, int]] = field(default_factory=list)
    shown: dict[Pair, list[int]] = field(default_factory=lambda: defaultdict(list))

    def write(self, connection: sqlite3.Connection, block: int) -> None:
        postings = [(*pair, block, bitmaps.pack_offsets(offsets)) for pair, offsets in sorted(self.shown.items())]
        for statement, rows in (
            ("INSERT INTO observed_targets (no, record_id, since, pairs) VALUES (?, ?, ?, ?)", self.targets),
            (_RECORD, self.records),
            (
                "INSERT INTO field_values (no, field_no, folded, value, number, volatile) VALUES (?, ?, ?, ?, ?, ?)",
                self.values,
            ),
            ("INSERT INTO observations (field_no, value_no, target_no, since) VALUES (?, ?, ?, ?)", sorted(self.later)),
            (_PAST, sorted(self.past)),
            ("INSERT INTO postings (field_no, value_no, block, targets) VALUES (?, ?, ?, ?)", postings),
        ):
            connection.executemany(statement, rows)


_PAST = "INSERT INTO past_observations (field_no, value_no, target_no, first, last, gone) VALUES (?, ?, ?, ?, ?, ?)"
_RECORD = """
    INSERT INTO records (id, source, key, host, state, accepted_at, requested_at, attempt, fence, snapshots, snapshot_id,
    first_collected_at, collected_at, target_no, indexed, body_size, elapsed_ms)
    VALUES (?, ?, ?, ?, 'stored', ?, ?, 0, ?, ?, ?, ?, ?, ?, TRUE, ?, ?)"""
_INDEXES = """
    SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL
    AND tbl_name IN ('records', 'observed_targets', 'field_values', 'observations', 'past_observations')"""


def fill(path: Path, count: int, *, collections: int = COLLECTIONS) -> None:
    """Write targets 0 to `count - 1` into a prepared and empty store."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA cache_size = -400000")
        indexes = connection.execute(_INDEXES).fetchall()
        for name, _ in indexes:
            connection.execute(f"DROP INDEX {name}")
        filler = _Filler(connection, collections)
        for block in range((count >> SHIFT) + 1):
            filler.fill_block(block, count)
        for _, statement in indexes:
            connection.execute(statement)


class _Filler:
    """Numbers fields and values, and turns collections into intervals."""

    def __init__(self, connection: sqlite3.Connection, collections: int) -> None:
        self._connection, self._collections = connection, collections
        self._fields: dict[str, int] = {}
        self._shared: dict[Statement, Pair] = {}
        self._last_value = 0
        self._rows = _Rows()

    def fill_block(self, block: int, count: int) -> None:
        """The targets whose numbers in the store, one more than ours, are in a block."""
        self._rows = _Rows()
        for number in range(max(0, block * BLOCK - 1), min(count, (block + 1) * BLOCK - 1)):
            self._add(number)
        self._connection.execute("BEGIN")
        self._rows.write(self._connection, block)
        self._connection.execute("COMMIT")

    def _add(self, number: int) -> None:
        which, no, rows = target(number), number + 1, self._rows
        instants = [to_millis(collected_at(number, 0)) + each * millis(EVERY) for each in range(self._collections)]
        current = {self._pair(each) for each in lasting(number)}
        current.update(self._over_time(number, no, instants))
        for pair in (KNOWN, *current):
            rows.shown[pair].append(no % BLOCK)
        rows.targets.append((no, which.id, instants[0], pack(current)))
        size, elapsed = latest(number)
        first, last, times = instants[0], instants[-1], self._collections
        named = (which.id, which.source, which.key, which.host)
        rows.records.append((*named, first, last, times, times, f"{no:032x}", first, last, no, float(size), elapsed))

    def _over_time(self, number: int, no: int, instants: Sequence[int]) -> Iterable[Pair]:
        """The pairs that are current in the end. Rows say when these came, and when others came and went."""
        numbered: dict[Statement, Pair] = {}
        since: dict[Statement, int] = {}
        before: Sequence[Statement] = ()
        for collection, at in enumerate(instants):
            shown = passing(number, collection)
            if shown is before:
                continue
            before = shown
            for each in [each for each in since if each not in shown]:
                first = since.pop(each)
                self._rows.past.append((*numbered[each], no, first, instants[collection - 1], at))
            for each in shown:
                if each not in since:
                    since[each] = at
                    numbered[each] = numbered.get(each) or self._pair(each)
        self._rows.later += [(*numbered[each], no, at) for each, at in since.items() if at != instants[0]]
        return [numbered[each] for each in since]

    def _pair(self, statement: Statement) -> Pair:
        pair = self._shared.get(statement)
        if pair is None:
            name, value, volatile = statement
            self._last_value += 1
            pair = (self._field(name), self._last_value)
            text = folded(value)
            kept = None if text == value else value
            self._rows.values.append((pair[1], pair[0], text, kept, ordinal_of(name, value), volatile))
            if name not in UNIQUE:
                self._shared[statement] = pair
        return pair

    def _field(self, name: str) -> int:
        if name not in self._fields:
            statement = "INSERT INTO fields (name, folded) VALUES (?, ?)"
            added = self._connection.execute(statement, (name, folded(name))).lastrowid
            assert added is not None
            self._fields[name] = added
        return self._fields[name]


def latest(number: int) -> tuple[int, float]:
    """The size of the body, and the milliseconds that it took."""
    return _dice(number) % 100_000, _dice(number) % 5_000 / 10


def statements(number: int, collection: int) -> Iterator[Statement]:
    """All that a collection of a target shows, for a settlement."""
    yield from lasting(number)
    yield from passing(number, collection)
    for name, value in zip(("body.size", "elapsed_ms"), latest(number), strict=True):
        yield Statement(name, str(value))

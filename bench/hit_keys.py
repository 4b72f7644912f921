"""`hit_keys`: lookups with a key of a million, against lookups without one of an open service on the same store."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

from bench import filling, load, rig
from bench.hit import PAGE, RECORDS
from bench.measuring import Result, RunSize, interleaved
from inventory.access.key_text import digest_of, new_key_text
from inventory.access.model import Key, Scope, Verb
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.store import Store
from tests.end_to_end.stack import Stack, free_port, wait_until

KEYS = 1_000_000
COPY = """
    WITH RECURSIVE numbers (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < :count)
    INSERT INTO keys (id, name, name_key, digest, content, created_at)
    SELECT printf('%032x', n), name, randomblob(32), randomblob(32), content, created_at FROM keys, numbers
    WHERE id = printf('%032x', 0)"""
"""A million keys one after the other would take most of the time of the benchmark."""


def measure(store: str, size: RunSize) -> Result:
    """100,000 records, whose pages are asked for at random over 16 connections."""
    records, keys = size.count(RECORDS), size.count(KEYS)
    with rig.ours(store, "redis", "api", access="keys") as (running, opened):
        filling.fill(opened, 0, records, size=PAGE)
        key = add_keys(opened, running.folder / "inventory.sqlite3", keys)
        _check(running, key)
        pages = partial(load.Pages, filling.LOOKUP, 0, records)
        with _open_service(running) as url:
            ours = partial(load.rate, running.url, pages(key=key), size.seconds)
            rounds = interleaved(running, size.rounds, ours, partial(load.rate, url, pages(), size.seconds))
    sentence = f"Hits with a key of {keys:,} against hits without keys on the same {records:,} records, 16 connections."
    return rounds.result("hit_keys", store, "answers/s", sentence, to_reach=0.95)


def add_keys(store: Store, file: Path, count: int) -> str:
    """Keep so many keys that may read; the text of one of them. Where the store is in a file, the others are copies."""
    text = new_key_text()
    store.keys.add(_key(0, digest_of(text)))
    if file.exists():
        with closing(sqlite3.connect(file, timeout=60)) as connection, connection:
            connection.execute(COPY, {"count": count})
    else:
        for number in range(1, count):
            store.keys.add(_key(number, digest_of(str(number))))
    return text


def _key(number: int, digest: str) -> Key:
    scopes = (Scope(verb=Verb.READ),)
    return Key(id=f"{number:032x}", name=f"key {number}", digest=digest, scopes=scopes, created_at=utc_now())


def _check(running: Stack, key: str) -> None:
    for headers, status in (({"Authorization": f"Bearer {key}"}, 200), (None, 401)):
        if rig.look_up(running, 0, headers).status_code != status:
            raise RuntimeError(f"a lookup with the headers {headers} is not answered with {status}")


@contextmanager
def _open_service(running: Stack) -> Iterator[str]:
    """The URL of another API on the same store, which asks for no keys."""
    folder, port = running.folder / "open", free_port()
    folder.mkdir()
    kept = Settings(data_dir=running.folder, store_url=running.environment["INVENTORY_STORE_URL"])
    environment = running.environment | {
        "INVENTORY_ACCESS": "open",
        "INVENTORY_DATA_DIR": str(folder),
        "INVENTORY_PORT": str(port),
        "INVENTORY_STORE_URL": kept.store,
    }
    with rig.program(running.commands["api"], environment, folder / "api.log"):
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: rig.answers(f"{url}/healthz"), "the open service answers")
        yield url

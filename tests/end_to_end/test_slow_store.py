"""A store that takes long for each reply: lookups are answered, and an import makes headway and ends."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from pymongo import MongoClient

from tests.end_to_end.importing import Import
from tests.end_to_end.stack import Stack, stack, wait_until
from tests.faults.proxy import Proxy
from tests.upstreams import Upstream

SERVER = os.environ.get("INVENTORY_TEST_MONGO_URI", "")
SLOWEST_REPLY = 0.5
"""Seconds; a claim of a batch, which takes some ten commands, then lasts as long as a whole call once might."""
ROWS = 60

pytestmark = pytest.mark.skipif(not SERVER, reason="INVENTORY_TEST_MONGO_URI names no server")


@pytest.fixture
def proxy() -> Iterator[Proxy]:
    server = urlsplit(SERVER)
    with Proxy((server.hostname or "127.0.0.1", server.port or 27017)) as proxy:
        yield proxy


@pytest.fixture
def running(proxy: Proxy) -> Iterator[Stack]:
    name = f"inventory_test_{secrets.token_hex(6)}"
    with stack(f"mongodb://127.0.0.1:{proxy.port}/{name}?directConnection=true") as running:
        running.start()
        yield running
    with MongoClient[dict[str, object]](SERVER) as client:
        client.drop_database(name)


def test_an_import_makes_headway_and_lookups_are_answered(running: Stack, proxy: Proxy) -> None:
    with Upstream() as upstream:
        proxy.behave("slow replies", seconds=SLOWEST_REPLY)
        urls = [upstream.url(f"/page/{number}") for number in range(ROWS)]

        job = Import(running, "\n".join(["url", *urls, ""]).encode())
        running.wait_for(upstream.url("/page/looked-up"), 202)
        running.wait_for(upstream.url("/page/looked-up"), 200)
        wait_until(lambda: (job.glance() or {"processed": 0})["processed"], "a first row is done")
        wait_until(lambda: (job.glance() or {"finished_at": None})["finished_at"], "the job ends", 240)

        assert job.now["succeeded"] == ROWS
        assert upstream.count() == ROWS + 1

"""How much is to be indexed: told by `/readyz` and `/metrics`, counted up to a bound, and no less ready for it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.ops import health, metrics
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import Replacing
from tests.old_stores import write_old_store
from tests.ops.actions import scrape, value


class Counting:
    """Observations of which so many are to be made."""

    def __init__(self, unindexed: int) -> None:
        self.unindexed = unindexed
        self.bounds: list[int] = []

    def count_unindexed(self, *, up_to: int) -> int:
        self.bounds.append(up_to)
        return min(self.unindexed, up_to)


@pytest.fixture
def counting(make_services: Build, services: Services) -> tuple[FlaskClient, Counting]:
    counting = Counting(0)
    store = Replacing(
        services.store, observations=Replacing(services.store.observations, count_unindexed=counting.count_unindexed)
    )
    return create_app(services=make_services(store=store)).test_client(), counting


def test_an_older_store_is_ready_and_says_how_much_is_to_be_indexed(settings: Settings, tmp_path: Path) -> None:
    write_old_store(tmp_path / "inventory.sqlite3", 7)
    client = create_app(replace(settings, redis_url="redis://127.0.0.1:1/0")).test_client()

    answer = client.get("/readyz")

    assert answer.status_code == 200
    assert answer.json["checks"]["store"] == "ok"
    assert answer.json["indexing"] == {"unindexed": 7}
    assert value(client, "inventory_unindexed_records") == 7


@pytest.mark.parametrize("unindexed", [0, 9_999, 10_000, 10**9])
def test_it_is_counted_up_to_a_bound_and_is_nothing_that_degrades(
    counting: tuple[FlaskClient, Counting], unindexed: int
) -> None:
    client, counted = counting
    counted.unindexed = unindexed

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["status"]) == (200, "ready")
    assert answer.json["indexing"] == {"unindexed": min(unindexed, 10_000)}
    assert counted.bounds == [health.MAX_UNINDEXED]
    assert value(client, "inventory_unindexed_records") == min(unindexed, metrics.MAX_UNINDEXED)


def test_a_store_that_cannot_count_is_ready_without_it(make_services: Build, services: Services) -> None:
    def away(**_: int) -> int:
        raise StorageUnavailable("too slow")

    store = Replacing(services.store, observations=Replacing(services.store.observations, count_unindexed=away))
    client = create_app(services=make_services(store=store)).test_client()

    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["status"], "indexing" in answer.json) == (200, "ready", False)
    assert ("inventory_unindexed_records", frozenset()) not in scrape(client)

"""What was collected is indexed, at once or, where that was not possible, by the scheduler."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import UTC, datetime

from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.observations.conditions import Everything
from inventory.observations.indexing import MAX_WEIGHT
from inventory.observations.indexing import PAGE as AT_ONCE
from inventory.records.source import Collected
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing, content
from tests.observations.algebra import has, word_or_pattern
from tests.old_stores import AT, write_old_store
from workers import scheduler
from workers.indexing import BackgroundIndexing

PAGE = "http://example.test/page"
WITHOUT_PAGE = {name: value for name, value in content(PAGE).items() if name != "page"}
"""As older versions recorded it."""
HTML = Collected(WITHOUT_PAGE, b"<title>Hello</title>")


def collect(services: Services) -> None:
    services.acceptances.collect_soon(services.records.target("webpage", PAGE))
    services.collector.collect_due(slots=1, stopping=lambda: False)


def values(services: Services, field: str) -> list[str]:
    record_id = services.records.target("webpage", PAGE).id
    found = services.store.observations.shown([record_id], [word_or_pattern(field, exact=True)], at=None)
    return [each.value for each in found.get(record_id, [])]


def forget(services: Services) -> None:
    """Let the store be one from before there were observations."""
    services.store.close()
    path = services.settings.store.removeprefix("sqlite://")
    with closing(sqlite3.connect(path)) as connection, connection:
        for table in ("observations", "observed_targets", "field_values", "fields"):
            connection.execute(f"DELETE FROM {table}")
        connection.execute("UPDATE records SET indexed = NULL, target_no = NULL")


def test_a_collection_is_found_as_soon_as_it_is_stored(services: Services) -> None:
    collect(services)

    assert values(services, "status") == ["200"]
    assert values(services, "header.x-one") == ["1", "2"]
    assert services.store.observations.unindexed(limit=9) == []


def test_a_failure_is_found(services: Services, web: FakeWeb) -> None:
    web.pages[PAGE] = SourceFailure("dns_failure", "There is no such name.", permanent=True)

    collect(services)

    found = services.store.observations.search(has("failure", "dns_failure"), at=None, limit=9, after=None)
    assert len(found) == 1


def test_the_scheduler_indexes_a_store_from_before_there_were_observations(services: Services, web: FakeWeb) -> None:
    web.pages[PAGE] = HTML
    collect(services)
    forget(services)

    scheduler.round_(services)

    assert values(services, "status") == ["200"]
    assert values(services, "title") == ["Hello"]
    assert services.store.observations.unindexed(limit=9) == []


def test_a_record_that_cannot_be_indexed_keeps_no_other_from_it(make_services: Build, services: Services) -> None:
    urls = [f"http://example.test/{n}" for n in range(3)]
    for url in urls:
        services.acceptances.collect_soon(services.records.target("webpage", url))
    services.collector.collect_due(slots=1, stopping=lambda: False)
    forget(services)
    broken = services.records.target("webpage", urls[1])

    class Snapshots:
        def listing(self, record_id: str, **page: object) -> object:
            if record_id == broken.id:
                raise ValueError("damaged")
            return services.store.snapshots.listing(record_id, **page)  # type: ignore[arg-type]

    for _ in range(2):
        scheduler.round_(make_services(store=Replacing(services.store, snapshots=Snapshots())))

    assert services.store.observations.unindexed(limit=9) == []
    assert services.store.observations.unindexable(limit=9) == {broken.id: "ValueError: damaged (http://example.test/1)"}
    assert services.notifier.faults() == {("index_record", ""): 1}, "it was tried once"
    assert len(services.store.observations.search(has("status", "200"), at=None, limit=9, after=None)) == 2


def test_what_cannot_be_observed_now_is_stored_and_indexed_later(
    make_services: Build, services: Services, clock: FakeClock
) -> None:
    def fail(_record_id: str) -> None:
        raise ValueError("the code is wrong")

    collect(services)
    broken = Replacing(services.store, observations=Replacing(services.store.observations, history=fail))
    clock.forward(60)
    collect(make_services(store=broken))

    record = services.store.records.find(services.records.target("webpage", PAGE).id)
    assert record is not None
    assert record.snapshots == 2
    assert len(services.store.observations.unindexed(limit=9)) == 1
    scheduler.round_(services)
    assert services.store.observations.unindexed(limit=9) == []


def write_history(settings: Settings, count: int, lines: int) -> None:
    """A record of an older version with so many snapshots, the status of each its own, and so many header lines."""
    path = settings.data_dir / "inventory.sqlite3"
    write_old_store(path, 1, snapshots=count)
    headers = [{"name": f"X-{n}", "value": "1"} for n in range(lines)]
    with closing(sqlite3.connect(path)) as connection, connection:
        for at, kept in connection.execute("SELECT collected_at, content FROM snapshots").fetchall():
            changed = json.loads(kept) | {"headers": headers}
            changed["response"]["status"] = 200 + at - AT
            values = (json.dumps(changed).encode(), at)
            connection.execute("UPDATE snapshots SET content = ? WHERE collected_at = ?", values)


def statuses(services: Services, n: int) -> list[str]:
    """The status when a snapshot was collected."""
    at = datetime.fromtimestamp((AT + n) / 1000, UTC)
    return [each.value for each in services.store.observations.facet(Everything(), at=at, field="status", limit=9)]


def test_a_record_with_many_snapshots_is_indexed_in_their_order(make_services: Build, settings: Settings) -> None:
    count = 2 * AT_ONCE + 5
    write_history(settings, count, lines=1)
    services = make_services()

    scheduler.round_(services)

    assert [statuses(services, n) for n in range(count)] == [[str(200 + n)] for n in range(count)]


def test_a_record_with_very_many_header_lines_is_indexed_from_its_newest_snapshots(
    make_services: Build, settings: Settings
) -> None:
    count = AT_ONCE + 5
    write_history(settings, count, lines=MAX_WEIGHT // AT_ONCE)
    services = make_services()

    scheduler.round_(services)

    assert services.store.observations.count_unindexed(up_to=9) == 0
    assert services.store.observations.unindexable(limit=9) == {}
    assert [statuses(services, n) for n in (0, 5, count - 1)] == [[], ["205"], [str(200 + count - 1)]]


def test_what_has_just_become_unindexed_is_left_for_a_round_to_those_who_settle_it(services: Services) -> None:
    indexing = BackgroundIndexing(services)
    collect(services)
    indexing.index_some()
    services.store.observations.mark_unindexed(after="", limit=9)

    left = []
    for _ in range(3):
        indexing.index_some()
        left.append(services.store.observations.count_unindexed(up_to=9))

    assert left == [1, 0, 0]


def test_what_is_unindexed_when_the_scheduler_starts_is_indexed_at_once(services: Services) -> None:
    collect(services)
    services.store.observations.mark_unindexed(after="", limit=9)

    BackgroundIndexing(services).index_some()

    assert services.store.observations.count_unindexed(up_to=9) == 0

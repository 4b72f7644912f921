"""Work belongs to the key that asked for it, from the request to its collection; keys are served in turns."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

from inventory.access import current
from inventory.access.model import Caller, Key
from inventory.config import Settings
from inventory.errors import SourceFailure
from inventory.imports.multipart import Upload
from inventory.imports.service import ImportRequest
from inventory.records.model import Record, Target
from inventory.services import Services
from inventory.watches.model import Schedule
from inventory.watches.settings import WatchSettings
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb
from tests.jobs.actions import work_to_the_end

URL = "http://example.test/"
ALICE, BOB = "a" * 32, "b" * 32


@contextmanager
def asking(key_id: str, services: Services) -> Iterator[None]:
    """Requests of a key, in this thread."""
    key = Key(id=key_id, name=key_id[:1], digest="", scopes=(), created_at=services.records.clock())
    current.set_caller(Caller(address="127.0.0.1", scopes=(), key=key))
    try:
        yield
    finally:
        current.set_caller(current.NOBODY)


def target(services: Services, name: object) -> Target:
    return services.records.target("webpage", f"{URL}{name}")


def found(services: Services, name: object) -> Record:
    record = services.store.records.find(target(services, name).id)
    assert record is not None
    return record


def upload(services: Services, *names: object) -> str:
    """Import URLs; the id of the job."""
    content = "".join(f"{URL}{name}\n" for name in names).encode()
    return services.imports.accept(ImportRequest("urls"), Upload("urls.txt", iter([content]))).id


def test_a_lookup_and_a_request_to_collect_belong_to_the_key_of_the_request(services: Services) -> None:
    with asking(ALICE, services):
        services.records.look_up(target(services, "looked up"))
        services.acceptances.collect_soon(target(services, "collected"))
        services.inline.collect_missing(target(services, "collected at once"), seen=None)
        services.records.promise_all([target(services, "promised")])
    services.records.look_up(target(services, "nobody"))

    names = "looked up", "collected", "collected at once", "promised", "nobody"
    assert [found(services, name).owner for name in names] == [ALICE, ALICE, ALICE, ALICE, ""]


def test_lookups_that_are_answered_together_belong_each_to_its_key(services: Services) -> None:
    targets = [target(services, n) for n in range(3)]

    promises = services.records.promise_all(targets, [ALICE, "", BOB])

    assert [promises[each.id].record.owner for each in targets] == [ALICE, "", BOB]


def test_a_refresh_belongs_to_who_asks_for_it(services: Services, clock: FakeClock) -> None:
    services.inline.collect(target(services, 1))
    clock.forward(99_999)

    with asking(BOB, services):
        assert services.records.look_up(target(services, 1)).stale

    assert found(services, 1).owner == BOB


def test_what_a_job_collects_belongs_to_the_key_that_made_the_job(services: Services, clock: FakeClock) -> None:
    with asking(ALICE, services):
        job_id = upload(services, 1, 2)

    job = work_to_the_end(services, clock, job_id)

    assert job.owner == ALICE
    assert {found(services, n).owner for n in (1, 2)} == {ALICE}


def test_failed_rows_belong_to_the_key_that_tries_them_again(services: Services, clock: FakeClock, web: FakeWeb) -> None:
    web.pages[f"{URL}1"] = SourceFailure("dns_failure", "no such host", permanent=True)
    with asking(ALICE, services):
        job_id = upload(services, 1)
    work_to_the_end(services, clock, job_id)

    with asking(BOB, services):
        again = services.jobs.retry(job_id)

    assert (services.jobs.find(job_id).owner, services.jobs.find(again.id).owner) == (ALICE, BOB)


def test_what_a_watch_collects_belongs_to_the_key_that_made_it_whoever_changes_it(
    services: Services, clock: FakeClock
) -> None:
    services.inline.collect(target(services, 1))
    with asking(ALICE, services):
        watch = services.watches.create(WatchSettings(name="mine", query="", every=3600)).watch
    with asking(BOB, services):
        watch = services.watches.change(watch.id, lambda settings: replace(settings, every=7200)).watch
    clock.forward(9_000)
    schedule = Schedule(watch.id, target(services, 1).id, clock(), watch.version)
    assert services.store.schedules.enrol(watch, [schedule], up_to=None)

    assert services.watch_work.collections.accept_some() == 1

    assert services.watches.find(watch.id).owner == ALICE
    assert (found(services, 1).owner, found(services, 1).bulk) == (ALICE, True)


def test_ten_lookups_of_a_key_are_collected_first_beside_all_that_another_one_imports(
    services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    with asking(ALICE, services):
        wanted = [(target(services, f"alice/{n}"), None) for n in range(500)]
        services.store.records.accept_all(wanted, now=clock(), owners=[ALICE] * 500)
    clock.forward(1)
    with asking(BOB, services):
        for n in range(10):
            services.records.look_up(target(services, f"bob/{n}"))

    assert services.collector.collect_due(slots=8, stopping=lambda: False) == 510

    order = list(web.asked)
    assert max(order.index(f"{URL}bob/{n}") for n in range(10)) < 40


def test_ten_rows_of_a_key_are_collected_soon_beside_all_that_another_one_looks_up(
    services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    services.records.promise_all([target(services, f"alice/{n}") for n in range(500)], [ALICE] * 500)
    clock.forward(1)
    wanted = [(target(services, f"bob/{n}"), None) for n in range(10)]
    services.store.records.accept_all(wanted, now=clock(), owners=[BOB] * 10)

    assert services.collector.collect_due(slots=8, stopping=lambda: False) == 510

    order = list(web.asked)
    assert max(order.index(f"{URL}bob/{n}") for n in range(10)) < 60


def test_a_robots_txt_belongs_to_the_key_whose_page_needs_it(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, respect_robots=True))
    names = {ALICE: "http://a.test/1", BOB: "http://b.test/1"}
    wanted = [(services.records.target("webpage", url), None) for url in names.values()]
    services.store.records.accept_all(wanted, now=services.records.clock(), owners=list(names))
    claims = services.store.records.claim_due(now=services.records.clock(), lease_for=timedelta(seconds=9), limit=2)

    services.collector._claims.refused(claims)

    for owner, url in names.items():
        robots = services.store.records.find(services.records.target("webpage", url[:-1] + "robots.txt").id)
        assert robots is not None
        assert robots.owner == owner

"""Jobs and watches collect what the robots.txt of real servers allows; lookups collect everything."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from ipaddress import ip_network

import pytest

from inventory import create_app
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.records.model import Record, State, Target
from inventory.services import Services
from tests.conftest import Build
from tests.contract.backends import MockBackend
from tests.fakes import FakeClock, Replacing
from tests.upstreams import Answer, Upstream

ROBOTS = "/robots.txt"
LATE = Answer(wait=6)
"""What comes after the deadline, which is another attempt's."""
RULES = "User-agent: *\nDisallow: /page/private\n"


def robots(body: str, *headers: tuple[str, str], status: int = 200) -> Answer:
    return Answer(status, (("Content-Type", "text/plain"), *headers), body.encode())


@pytest.fixture
def settings(settings: Settings) -> Settings:
    networks = (ip_network("127.0.0.0/8"),)
    return replace(settings, respect_robots=True, allow_networks=networks, max_attempts=2, fetch_deadline=2.0)


@pytest.fixture
def services(make_services: Build, clock: FakeClock) -> Services:
    return make_services(sources=None, sleep=clock.forward)


@pytest.fixture
def other() -> Iterator[Upstream]:
    with Upstream("127.0.0.2") as upstream:
        yield upstream


def accept(services: Services, *urls: str) -> Sequence[Target]:
    """Accept the targets of a job."""
    targets = [services.sources["webpage"].target(url) for url in urls]
    records = services.store.records.find_all([target.id for target in targets])
    wanted = [(target, records.get(target.id)) for target in targets]
    services.store.records.accept_all(wanted, now=services.records.clock())
    return targets


def work(services: Services) -> None:
    services.collector.collect_due(slots=10, stopping=lambda: False)


def work_to_the_end(services: Services, clock: FakeClock, *targets: Target) -> Sequence[Record]:
    """A worker that is woken every two seconds, until no target is due."""
    for _ in range(300):
        work(services)
        records = [services.store.records.find(target.id) for target in targets]
        if all(record is not None and record.due_at is None for record in records):
            return [record for record in records if record is not None]
        clock.forward(2)
    raise AssertionError("it does not end")


def collected(services: Services, clock: FakeClock, *urls: str) -> Sequence[str]:
    """The status that jobs give each URL, or the code of its failure."""
    records = work_to_the_end(services, clock, *accept(services, *urls))
    return [record.failure.code if record.failure else record.state.value for record in records]


def test_a_job_collects_what_is_allowed(services: Services, upstream: Upstream, clock: FakeClock) -> None:
    upstream.script(ROBOTS, robots(RULES))

    found = collected(services, clock, upstream.url("/page/public"), upstream.url("/page/private/1"))

    assert found == ["stored", "disallowed_by_robots"]
    assert [request.path for request in upstream.requests] == [ROBOTS, "/page/public"]


def test_it_does_so_on_mongodb_too(make_services: Build, upstream: Upstream, clock: FakeClock) -> None:
    services = make_services(store=MockBackend().open(), sources=None, sleep=clock.forward)
    upstream.script(ROBOTS, robots(RULES), robots("", status=404))
    pages = [upstream.url(path) for path in ("/page", "/page/private", "/redirect?to=/page/private")]

    assert collected(services, clock, *pages) == ["stored", "disallowed_by_robots", "disallowed_by_robots"]
    clock.forward(86_401)
    assert collected(services, clock, *pages) == ["stored"] * 3


def test_a_page_that_is_disallowed_has_no_attempts_left_and_says_why(
    services: Services, upstream: Upstream, clock: FakeClock
) -> None:
    upstream.script(ROBOTS, robots(RULES))

    [record] = work_to_the_end(services, clock, *accept(services, upstream.url("/page/private")))

    assert record.failure is not None
    assert (record.state, record.failure.permanent, record.failure.attempts) == (State.FAILED, True, 1)
    assert record.failure.detail.startswith(f"{upstream.url(ROBOTS)} disallows this URL. ")
    assert "\n" not in record.failure.detail


def test_many_pages_of_a_site_ask_for_its_robots_txt_once_a_day(
    services: Services, upstream: Upstream, clock: FakeClock
) -> None:
    pages = [upstream.url(f"/page/{number}") for number in range(200)]
    upstream.script(ROBOTS, robots(RULES), robots(RULES))

    assert set(collected(services, clock, *pages)) == {"stored"}
    clock.forward(3_600)
    assert collected(services, clock, upstream.url("/page/new")) == ["stored"]
    assert upstream.count(ROBOTS) == 1

    clock.forward(86_400)
    assert collected(services, clock, upstream.url("/page/newer")) == ["stored"]
    assert upstream.count(ROBOTS) == 2


def test_robots_txt_comes_before_the_rest_of_a_job(services: Services, upstream: Upstream, clock: FakeClock) -> None:
    accept(services, upstream.url("/page"))
    clock.forward(1)
    accept(services, *(f"http://127.0.0.9/{number}" for number in range(900)))

    services.collector.collect_due(slots=10, stopping=lambda: upstream.count(ROBOTS) > 0)

    assert len(services.store.records.due(now=clock(), max_attempts=2, limit=1_000)) > 700


def test_a_robots_txt_is_a_record_like_any_other(services: Services, upstream: Upstream, clock: FakeClock) -> None:
    upstream.script(ROBOTS, robots(RULES))
    collected(services, clock, upstream.url("/page"))

    answer = create_app(services=services).test_client().get("/api/v1/metadata", query_string={"url": upstream.url(ROBOTS)})

    assert (answer.status_code, answer.json["page_source"]) == (200, RULES)


def test_the_robots_txt_of_a_site_may_be_imported_whatever_it_says(
    services: Services, upstream: Upstream, clock: FakeClock
) -> None:
    upstream.script(ROBOTS, robots("User-agent: *\nDisallow: /\n"))

    assert collected(services, clock, upstream.url(ROBOTS)) == ["stored"]
    assert upstream.count() == 1


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_without_a_robots_txt_everything_is_allowed(
    services: Services, upstream: Upstream, clock: FakeClock, status: int
) -> None:
    upstream.script(ROBOTS, robots("User-agent: *\nDisallow: /\n", status=status))

    assert collected(services, clock, upstream.url("/page")) == ["stored"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_site_that_cannot_tell_is_asked_again_later(
    services: Services, upstream: Upstream, clock: FakeClock, status: int
) -> None:
    upstream.script(ROBOTS, *[robots("", status=status)] * (2 if status != 500 else 1))
    page = upstream.url("/page")

    assert collected(services, clock, page) == ["disallowed_by_robots"]
    assert upstream.count("/page") == 0

    clock.forward(301)
    assert collected(services, clock, page) == ["stored"]


def test_one_that_never_answers_disallows_for_now(services: Services, upstream: Upstream, clock: FakeClock) -> None:
    upstream.script(ROBOTS, LATE, LATE)
    page = upstream.url("/page")

    [record] = work_to_the_end(services, clock, *accept(services, page))

    assert record.failure is not None
    assert (record.failure.code, record.failure.permanent, record.failure.attempts) == ("disallowed_by_robots", False, 1)
    assert upstream.count("/page") == 0
    clock.forward(301)
    assert collected(services, clock, page) == ["stored"]


def test_one_that_fails_once_is_tried_again_before_anything_is_decided(
    services: Services, upstream: Upstream, clock: FakeClock
) -> None:
    upstream.script(ROBOTS, LATE, robots(RULES))

    assert collected(services, clock, upstream.url("/page"), upstream.url("/page/private")) == [
        "stored",
        "disallowed_by_robots",
    ]


def test_a_dead_host_is_dead_and_not_forbidden(services: Services, clock: FakeClock) -> None:
    with Upstream() as upstream:
        gone = upstream.url("/page")

    assert collected(services, clock, gone) == ["connection_refused"]


def test_while_it_cannot_be_asked_again_the_old_one_counts(services: Services, upstream: Upstream, clock: FakeClock) -> None:
    upstream.script(ROBOTS, robots(RULES), LATE, LATE)
    collected(services, clock, upstream.url("/page"))
    clock.forward(86_401)

    assert collected(services, clock, upstream.url("/page/2"), upstream.url("/page/private")) == [
        "stored",
        "disallowed_by_robots",
    ]


def test_it_is_read_through_redirects_and_codings(
    services: Services, upstream: Upstream, other: Upstream, clock: FakeClock
) -> None:
    upstream.script(ROBOTS, Answer(301, (("Location", other.url("/page/private/rules")),)))
    body = gzip.compress(f"\ufeff{RULES}".encode())
    other.script("/page/private/rules", Answer(200, (("Content-Encoding", "gzip"),), body))

    found = collected(services, clock, upstream.url("/page/private"), upstream.url("/page"))

    assert found == ["disallowed_by_robots", "stored"]
    assert other.count(ROBOTS) == 0, "where a robots.txt leads, no other one is asked"


def test_a_redirect_may_not_lead_where_the_site_allows_nothing(
    services: Services, upstream: Upstream, clock: FakeClock
) -> None:
    upstream.script(ROBOTS, robots(RULES))
    start = upstream.url("/redirect?to=/page/private")

    [record] = work_to_the_end(services, clock, *accept(services, start))

    assert record.failure is not None
    assert record.failure.code == "disallowed_by_robots"
    assert [hop["url"] for hop in record.failure.redirects] == [start]
    assert upstream.count("/page/private") == 0


@pytest.mark.parametrize(("path", "found"), [("/page", "stored"), ("/page/private", "disallowed_by_robots")])
def test_another_site_that_a_redirect_leads_to_is_asked_too(
    services: Services, upstream: Upstream, other: Upstream, clock: FakeClock, path: str, found: str
) -> None:
    other.script(ROBOTS, robots(RULES))

    assert collected(services, clock, upstream.url(f"/redirect?to={other.url(path)}")) == [found]
    assert (other.count(ROBOTS), other.count(path)) == (1, int(found == "stored"))
    assert upstream.count("/redirect") == 2, "once before that site was asked, and once after"


def test_a_site_that_shares_the_robots_txt_is_not_asked_again(
    services: Services, upstream: Upstream, other: Upstream, clock: FakeClock
) -> None:
    upstream.script(ROBOTS, Answer(301, (("Location", other.url(ROBOTS)),)))
    other.script(ROBOTS, robots(RULES))

    found = collected(
        services,
        clock,
        upstream.url(f"/redirect?to={other.url('/page')}"),
        upstream.url(f"/redirect/1?to={other.url('/page/private')}"),
    )

    assert found == ["stored", "disallowed_by_robots"]
    assert (other.count(ROBOTS), upstream.count("/redirect")) == (1, 1)


def test_a_lookup_is_never_refused(services: Services, upstream: Upstream, clock: FakeClock) -> None:
    upstream.script(ROBOTS, robots(RULES))
    page = upstream.url("/page/private")
    assert collected(services, clock, page) == ["disallowed_by_robots"]
    client = create_app(services=services).test_client()

    assert client.get("/api/v1/metadata", query_string={"url": page}).status_code == 202
    work(services)
    assert client.get("/api/v1/metadata", query_string={"url": page}).json["response"]["status"] == 200
    assert client.post("/api/v1/metadata", json={"url": f"{page}/2"}).status_code == 201
    assert client.post("/api/v1/metadata", json={"url": upstream.url("/redirect?to=/page/private")}).status_code == 201


def test_a_job_does_not_refuse_what_a_lookup_waits_for(services: Services, upstream: Upstream, clock: FakeClock) -> None:
    upstream.script(ROBOTS, robots(RULES))
    page = upstream.url("/page/private")
    services.records.look_up(services.sources["webpage"].target(page))

    assert collected(services, clock, page) == ["stored"]
    assert upstream.count(ROBOTS) == 0


def test_without_the_setting_no_robots_txt_is_asked_for(
    make_services: Build, settings: Settings, upstream: Upstream, clock: FakeClock
) -> None:
    services = make_services(replace(settings, respect_robots=False), sources=None, sleep=clock.forward)

    assert collected(services, clock, upstream.url("/page/private")) == ["stored"]
    assert upstream.count(ROBOTS) == 0


def test_a_worker_that_died_left_a_page_that_is_checked_too(
    services: Services, upstream: Upstream, clock: FakeClock
) -> None:
    upstream.script(ROBOTS, robots(RULES))
    [target] = accept(services, upstream.url("/page/private"))
    lease_for = services.collector._policy.lease_for
    services.store.records.claim_due(now=clock(), lease_for=lease_for, limit=1)
    clock.forward(lease_for.total_seconds() + 1)

    [record] = work_to_the_end(services, clock, target)

    assert record.failure is not None
    assert record.failure.code == "disallowed_by_robots"
    assert upstream.count("/page/private") == 0


def failing_once(method: Callable[..., object], error: Exception) -> Callable[..., object]:
    left = [error]

    def call(*arguments: object, **options: object) -> object:
        if left:
            raise left.pop()
        return method(*arguments, **options)

    return call


@pytest.mark.parametrize("method", ["find_all", "accept_all", "look_up"])
def test_a_store_that_is_away_for_a_moment_delays_a_page(
    make_services: Build, settings: Settings, upstream: Upstream, clock: FakeClock, method: str
) -> None:
    real = make_services(settings, sources=None).store
    upstream.script(ROBOTS, robots(RULES))
    pages = [upstream.url("/page"), upstream.url("/page/private")]
    targets = accept(make_services(settings, sources=None, store=real), *pages)
    broken = failing_once(getattr(real.records, method), StorageUnavailable("away"))
    store = Replacing(real, records=Replacing(real.records, **{method: broken}))
    services = make_services(settings, sources=None, sleep=clock.forward, store=store)

    records = work_to_the_end(services, clock, *targets)

    assert [record.failure and record.failure.code for record in records] == [None, "disallowed_by_robots"]

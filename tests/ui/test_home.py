"""The home page: for whom it shows what, and that it says what is going on."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.jobs.model import LIMITS
from inventory.rate_limits.limits import Limit
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Permit, PermitRequest, Policy, Report
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing
from tests.jobs.course import Course
from tests.ui.logging_in import log_in, make_key

EVIL = "<script>alert(1)</script>\u202e\x07.csv"
OF_WHOLE = ("In the inventory", "Queue", "Collections due or running", "Hosts not called", 'id="collections"')
"""What only who may read everything sees."""


@pytest.fixture
def home_of(make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock) -> Callable[..., str]:
    """The page of a service with a record, a failure and two jobs, for who has these scopes, or no key."""

    def home(mode: Mode, *scopes: str) -> str:
        services = make_services(replace(settings, access=Mode.OPEN))
        web.pages["http://b.test/"] = SourceFailure("dns_failure", "It has no address.", permanent=True)
        open_client = create_app(services=services).test_client()
        for url in ("http://a.test/", "http://b.test/"):
            open_client.post("/api/v1/metadata", json={"url": url})
        Course(services.store, clock(), file_name="all.csv")
        Course(services.store, clock(), file_name="of a.csv", options={LIMITS: ["a.test"]})
        services = make_services(replace(settings, access=mode))
        client = create_app(services=services).test_client()
        if scopes:
            assert log_in(client, make_key(services, *scopes)).status_code == 303
        answer = client.get("/")
        assert answer.status_code == 200
        return answer.text

    return home


@pytest.mark.parametrize(("mode", "scopes"), [(Mode.OPEN, ()), (Mode.READONLY_OPEN, ()), (Mode.KEYS, ("read",))])
def test_who_may_read_sees_all(home_of: Callable[..., str], mode: Mode, scopes: tuple[str, ...]) -> None:
    page = home_of(mode, *scopes)

    assert '<form class="row" method="get" action="/record"' in page
    assert all(each in page for each in OF_WHOLE)
    assert "all.csv" in page
    assert "of a.csv" in page
    assert re.search(r'href="/search\?q=failure[^"]*dns_failure[^"]*"', page)
    assert 'href="/search?q=failure:*&amp;show=failure"' in page


def test_where_keys_count_nobody_sees_more_than_the_way_in(home_of: Callable[..., str]) -> None:
    page = home_of(Mode.KEYS)

    assert 'href="/login"' in page
    assert 'href="/docs/"' in page
    assert not any(
        each in page for each in (*OF_WHOLE, "a.csv", 'action="/record"', "Going on", "dns_failure", "hx-get", ">2<")
    )


def test_a_key_that_is_limited_sees_what_the_api_would_answer_it(home_of: Callable[..., str]) -> None:
    page = home_of(Mode.KEYS, "read:a.test")

    assert 'action="/record"' in page
    assert "of a.csv" in page
    assert "all.csv" not in page
    assert not any(each in page for each in (*OF_WHOLE, "dns_failure"))


def test_a_key_that_may_not_read_is_told_so(home_of: Callable[..., str]) -> None:
    page = home_of(Mode.KEYS, "watch")

    assert "may not read" in page
    assert not any(each in page for each in (*OF_WHOLE, "a.csv"))


LINK = re.compile(r'<a href="[^"]*"(?: aria-current="page")?>([^<]+)</a>')
ALL = ["Home", "Search", "Changes", "Jobs", "Watches", "Upstreams", "Weather", "Products", "Log events", "API"]


@pytest.mark.parametrize(
    ("mode", "scopes", "titles"),
    [
        (Mode.OPEN, (), ALL),
        (Mode.KEYS, ("admin",), ALL),
        (Mode.KEYS, (), ["Home", "API"]),
        (Mode.KEYS, ("watch:a.test",), ["Home", "Watches", "API"]),
        (Mode.KEYS, ("import",), ["Home", "Jobs", "API"]),
        (Mode.KEYS, ("read:a.test",), ["Home", "Search", "Changes", "Jobs", "API"]),
        (Mode.READONLY_OPEN, (), [each for each in ALL if each != "Watches"]),
    ],
)
def test_the_navigation_has_the_pages_that_the_visitor_may_open(
    home_of: Callable[..., str], mode: Mode, scopes: tuple[str, ...], titles: list[str]
) -> None:
    navigation = home_of(mode, *scopes).partition('<nav aria-label="Pages">')[2].partition("</nav>")[0]

    assert LINK.findall(navigation) == titles


@pytest.mark.parametrize(("scopes", "may_collect"), [(("read",), False), (("read", "collect:a.test"), True)])
def test_the_home_page_promises_to_collect_only_to_who_may(
    home_of: Callable[..., str], scopes: tuple[str, ...], may_collect: bool
) -> None:
    page = home_of(Mode.KEYS, *scopes)

    assert ("What is not is collected" in page) is may_collect
    assert ("the scope <code>collect</code>" in page) is not may_collect


def test_an_empty_inventory_says_how_to_begin(client: FlaskClient) -> None:
    page = client.get("/").text

    assert "The inventory is empty" in page
    assert "inventory up --demo" in page
    assert page.count("/api/v1/metadata") == 1

    client.post("/api/v1/metadata", json={"url": "http://a.test/"})
    assert "The inventory is empty" not in client.get("/").text


def test_the_charts_are_of_the_period_that_is_chosen(client: FlaskClient, clock: FakeClock) -> None:
    client.post("/api/v1/metadata", json={"url": "http://a.test/"})
    clock.forward(5 * 86_400)

    points = {period: client.get(f"/?period={period}").text.count("<tr><td><time") for period in ("24h", "7d", "30d")}
    assert points == {"24h": 0, "7d": 27, "30d": 30}  # nothing in 24 hours; 7 days until 12:00 have 27 times six hours
    assert client.get("/?period=ever").text.count("<tr><td><time") == points["24h"]


def test_what_goes_on_can_be_had_alone(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    Course(services.store, clock(), file_name=EVIL).begin(clock())

    answer = client.get("/now", headers={"HX-Request": "true"})

    assert answer.headers["Cache-Control"] == "no-store"
    assert "<html" not in answer.text
    assert "<script" not in answer.text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;\\u202e\\x07.csv" in answer.text
    assert '<progress max="100"' in answer.text


def test_a_host_whose_breaker_is_open_is_named(make_services: Build) -> None:
    budgets = LocalBudgets(lambda _: Limit(1_000_000, 10_000, 10_000), Policy(lease=60, first_pause=60))
    for _ in range(20):
        for permit in budgets.take([PermitRequest("down.test", urgent=True)]):
            if isinstance(permit, Permit):
                budgets.done([Report(permit, failed=True, elapsed=0.1)])
    budgets.take([PermitRequest("up.test", urgent=True)])

    page = create_app(services=make_services(budgets=budgets)).test_client().get("/").text

    assert "down.test" in page
    assert "up.test" not in page


def test_while_redis_does_not_answer_it_is_waited_for_once_and_the_page_says_so(services: Services) -> None:
    asked: list[str] = []

    def never(*_: object, **__: object) -> None:
        raise AssertionError("Redis was asked again.")

    def obstacle() -> str:
        asked.append("queue")
        return "no answer"

    notifier = Replacing(services.notifier, obstacle=obstacle, depths=never)
    hung = replace(services, notifier=notifier, upstreams=Replacing(services.upstreams, listing=never))
    client = create_app(services=hung).test_client()

    for path in ("/", "/now"):
        asked.clear()
        page = client.get(path).text
        assert asked == ["queue"]
        assert page.count("unknown: Redis does not answer") == 2


def test_while_the_store_is_away_the_page_says_so_and_still_leads_elsewhere(
    make_services: Build, settings: Settings
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise StorageUnavailable("The store is away.")

    store = wiring.open_store(settings)
    away = Replacing(store, jobs=Replacing(store.jobs, listing=fail))
    answer = create_app(services=make_services(store=away)).test_client().get("/")

    assert answer.status_code == 200
    assert "storage_unavailable" in answer.text
    assert 'href="/readyz"' in answer.text

"""An import through the real programs collects what each site allows, and no site waits for the robots.txt of another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.end_to_end.importing import Import, table
from tests.end_to_end.stack import Stack, stack_on, wait_until
from tests.real_mongo import ANY_STORE
from tests.upstreams import Answer, Upstream

ROBOTS = "/robots.txt"
RULES = Answer(200, (("Content-Type", "text/plain"),), b"User-agent: Inventory\nDisallow: /page/private/\n")
PAGES, PRIVATE = 200, 50


@pytest.fixture(params=ANY_STORE)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(
        request.param,
        respect_robots="true",
        allow_networks="127.0.0.0/8",
        fetch_deadline=4,
        max_attempts=1,
        upstream_rate=10**6,
        upstream_concurrency=100,
    ) as running:
        running.start()
        yield running


@pytest.fixture
def sites() -> Iterator[list[Upstream]]:
    with ExitStack() as started:
        yield [started.enter_context(Upstream(f"127.0.0.{number}")) for number in range(2, 8)]


def test_an_import_collects_what_each_site_allows(running: Stack, sites: list[Upstream]) -> None:
    silent, *others = sites
    pages, private = running.at_most(PAGES), running.at_most(PRIVATE)
    silent.hold(ROBOTS)
    for site in others:
        site.script(ROBOTS, RULES)
    paths = [f"/page/{number}" for number in range(pages)] + [f"/page/private/{number}" for number in range(private)]
    job = Import(running, table([site.url(path) for path in paths for site in sites]))

    wait_until(lambda: all(site.count() == 1 + pages for site in others), "the other sites are collected")
    end = job.wait_for_end()

    assert (end["status"], end["processed"]) == ("completed", len(paths) * len(sites))
    assert job.recount(range(2, len(paths) * len(sites) + 2)).outcomes == Counter(
        succeeded=pages * len(others), failed=private * len(others) + len(paths)
    )
    for site in others:
        assert site.count(ROBOTS) == 1
        assert not [request for request in site.requests if request.path.startswith("/page/private")]
    assert silent.count() == silent.count(ROBOTS) >= 1
    assert running.look_up(others[0].url("/page/private/0")).status_code == 202, "a lookup is not refused"

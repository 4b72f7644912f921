"""Runs of product feeds against the demo's upstreams, in real time: limits kept, failures recorded, the rest had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from inventory.demo.upstreams import Choices
from inventory.jobs.model import JobStatus, RowOutcome
from inventory.products.documents import summary_document
from inventory.products.model import ProductFilter
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Permit, PermitRequest, Throttled
from inventory.services import Services
from tests.demo.served import served
from tests.end_to_end.stack import wait_until
from tests.products.runs import counts, ended, feeds_of, instants, run, running, running_worker

SHOPS = ("acme", "bazaar", "corner")


def summed_up(services: Services) -> tuple[dict[str, Any], Mapping[str, dict[str, Any]]]:
    document = summary_document(services.products.summary())
    return document, {source["name"]: source for source in document["feeds"]}


def catalogue(services: Services, feed: str) -> int:
    return len(services.store.products.listing(ProductFilter(feed), limit=9_999, after=None))


def test_three_feeds_whose_requests_fail_one_time_in_five_are_pulled_whole_within_their_limits(tmp_path: Path) -> None:
    choices = Choices(failures=0.2, malformed=False)
    with served(choices) as urls, running(tmp_path, feeds_of(tmp_path, urls)) as services:
        job = run(services)
        document, sources = summed_up(services)
        counted = {name: counts(urls[name]) for name in SHOPS}
        arrived = [instants(urls[name]) for name in SHOPS]

    assert job.status is JobStatus.COMPLETED
    for name, upstream in counted.items():
        assert is_within_its_limit(upstream)
        assert sources[name]["products"] == catalogue_of(upstream)
        assert sources[name]["requests"] == upstream["requests"]
        assert sources[name]["retries"] > 0
        assert sources[name]["complete"]
    assert max(each[0] for each in arrived) < min(each[-1] for each in arrived), "they are pulled side by side"
    assert document["summary"]["total_products"] == sum(catalogue_of(each) for each in counted.values())
    assert document["summary"]["total_products"] == job.counts.succeeded
    assert job.total == job.counts.processed == 440


def is_within_its_limit(upstream: Mapping[str, Any]) -> bool:
    """Whether so many requests came in a second as may: one more, if one was late on a busy machine."""
    return int(upstream["worst_second"]) <= (6 if upstream["outcomes"].get("429") else 5)


def catalogue_of(upstream: Mapping[str, Any]) -> int:
    return int(upstream["site"]["can_be_had"])


def test_malformed_items_and_pages_are_recorded_and_the_rest_arrives(tmp_path: Path) -> None:
    with served(Choices(failures=0.0)) as urls, running(tmp_path, feeds_of(tmp_path, urls, retries=5)) as services:
        job = run(services)
        document, sources = summed_up(services)
        acme = counts(urls["acme"])
        failed = services.jobs.rows(job.id, RowOutcome.FAILED, limit=99, after=0)
        rejected = services.jobs.rows(job.id, RowOutcome.REJECTED, limit=99, after=0)
        owned = catalogue(services, "acme")

    broken = f"{urls['acme']}/v1/catalog?page={acme['site']['broken_page']}"
    assert owned == sources["acme"]["products"] == catalogue_of(acme)
    assert (failed[0].input, failed[0].code) == (broken, "malformed_page")
    assert (sources["acme"]["complete"], sources["acme"]["gaps"]) == (False, 1)
    assert sources["acme"]["missing"] == [f"{broken}: This page is missing."]
    assert sources["bazaar"]["complete"], "its broken page is whole when it is asked for again"
    assert sources["corner"]["products"] == 160 - 20 - 4, "the way on is in a header, which was whole"
    assert len(rejected) == 12
    assert {row.code for row in rejected} == {"invalid_product"}
    assert all("#/data/items/" in row.input for row in rejected if "/v1/catalog" in row.input)
    assert [error["endpoint"] for error in document["errors"]] == [row.input for row in [*failed, *rejected]]
    assert job.status is JobStatus.COMPLETED
    assert job.counts.failed == len(failed) == 2


def test_a_dead_feed_is_reported_as_missing_and_the_others_are_whole(tmp_path: Path) -> None:
    choices = Choices(failures=0.0, malformed=False, dead=("bazaar",))
    with served(choices) as urls, running(tmp_path, feeds_of(tmp_path, urls, rate=50.0)) as services:
        job = run(services)
        document, sources = summed_up(services)

    assert job.status is JobStatus.COMPLETED
    assert (sources["acme"]["products"], sources["corner"]["products"]) == (148, 160)
    assert sources["acme"]["complete"]
    assert sources["corner"]["complete"]
    dead = sources["bazaar"]
    assert (dead["complete"], dead["products"], dead["success_rate"]) == (False, 0, 0.0)
    assert dead["breaker_trips"] >= 1
    assert dead["missing"] == [f"{urls['bazaar']}/products: This page and everything after it are missing."]
    assert [error["endpoint"] for error in document["errors"]] == [f"{urls['bazaar']}/products"]


class BrokenAfter(LocalBudgets):
    """Budgets that break when they are asked for the fourth time."""

    asked = 0

    def take(self, asks: Sequence[PermitRequest]) -> Sequence[Permit | Throttled]:
        self.asked += 1
        if self.asked == 4:
            raise KeyError("inside")
        return super().take(asks)


def test_an_internal_fault_ends_its_feed_and_the_run_at_once_and_keeps_what_came_before(tmp_path: Path) -> None:
    choices = Choices(failures=0.0, malformed=False)
    with served(choices) as urls, running(tmp_path, feeds_of(tmp_path, urls)[1:2], BrokenAfter) as services:
        job = run(services)
        document, sources = summed_up(services)
        owned = catalogue(services, "bazaar")

    assert job.status is JobStatus.COMPLETED
    assert (job.counts.failed, job.counts.succeeded) == (1, owned)
    assert (sources["bazaar"]["complete"], sources["bazaar"]["gaps"]) == (False, 1)
    assert 1 < sources["bazaar"]["pages"] < 7
    [error] = document["errors"]
    assert error["endpoint"].startswith(f"{urls['bazaar']}/products")
    assert "internal error in the inventory" in error["error"]
    assert "inside" not in error["error"]
    assert services.notifier.faults() == {("feed", "products"): 1}


def test_two_runs_tell_how_prices_changed(tmp_path: Path) -> None:
    choices = Choices(failures=0.0, malformed=False)
    with served(choices) as urls, running(tmp_path, feeds_of(tmp_path, urls, rate=4.9)[:1]) as services:
        run(services)
        assert summed_up(services)[0]["price_trends"] == []
        second = run(services)
        document, sources = summed_up(services)
        third = services.products.start()
        assert services.products.start() == third, "while it is unfinished"

    assert third.id != second.id
    trends = document["price_trends"]
    assert 0 < len(trends) <= 20
    for trend in trends:
        first, last = (price["price"] for price in trend["prices"])
        assert first != last
        assert trend["change_percent"] == round((last - first) / first * 100, 2)
    assert sources["acme"]["products"] == sum(each["products"] for each in document["categories"]) == 148


def test_who_hands_a_feed_back_in_the_middle_costs_no_request(tmp_path: Path) -> None:
    choices = Choices(failures=0.2, malformed=False)
    with served(choices) as urls, running(tmp_path, feeds_of(tmp_path, urls)[1:2]) as services:
        job = services.products.start()
        for pages in (2, 4):
            with running_worker(services):
                wait_until(lambda: pages_of(services, job.id) >= pages, "some pages")  # noqa: B023
        with running_worker(services):
            wait_until(lambda: ended(services, job), "the end")
        _, sources = summed_up(services)
        counted = counts(urls["bazaar"])

    asked = counted["requests"]
    assert is_within_its_limit(counted)
    assert sources["bazaar"]["requests"] == asked
    assert sources["bazaar"]["products"] == 132
    assert asked - sources["bazaar"]["retries"] == sources["bazaar"]["pages"] == 7, "no page was had twice"


def pages_of(services: Services, job_id: str) -> int:
    return sum(progress.pages for _, progress in services.products.run(services.jobs.find(job_id)).feeds if progress)


def test_a_feed_that_is_described_no_longer_is_a_rejected_row(tmp_path: Path) -> None:
    with served(Choices(failures=0.0)) as urls:
        feeds = feeds_of(tmp_path, urls)
        with running(tmp_path, feeds[:1]) as services:
            job = services.products.start()
        with running(tmp_path, feeds[1:2]) as services, running_worker(services):
            wait_until(lambda: ended(services, job), "the end")
            [row] = services.jobs.rows(job.id, None, limit=9, after=0)

    assert (row.input, row.outcome, row.code) == ("acme", RowOutcome.REJECTED, "unknown_feed")


def test_a_run_that_is_cancelled_asks_for_no_further_page(tmp_path: Path) -> None:
    with served(Choices(failures=0.0)) as urls, running(tmp_path, feeds_of(tmp_path, urls, rate=0.5)[:1]) as services:
        job = services.products.start()
        with running_worker(services):
            wait_until(lambda: pages_of(services, job.id) >= 1, "a page")
            services.jobs.cancel(job.id)
            wait_until(lambda: not services.store.jobs.due(now=services.jobs.clock(), limit=9), "nothing is due")
        asked = counts(urls["acme"])["requests"]

    assert asked < 8

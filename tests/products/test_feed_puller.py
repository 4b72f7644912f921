"""The work on one feed, without a network: nothing that came is lost or kept twice, whatever is away meanwhile."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest

from inventory.clock import utc_now
from inventory.errors import NoRoom, SourceFailure, StorageUnavailable, Unstorable
from inventory.http_client.body import Body
from inventory.jobs.job_type import BatchTask, Step
from inventory.jobs.model import Batch, InputRow, Job, RowOutcome
from inventory.products.feeds import Feed, FieldPath
from inventory.products.job_type import ROWS_PER_FEED, FeedJobs
from inventory.products.model import ProductVersion
from inventory.products.pages import PageResponse
from inventory.products.paginators import Numbered
from inventory.products.ports import Products
from inventory.products.progress import FeedProgress
from inventory.rate_limits.limits import Limit
from inventory.rate_limits.local import LocalBudgets
from inventory.rate_limits.model import Policy
from tests.end_to_end.stack import wait_until

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
FEED = Feed(
    "acme",
    "http://acme.test/items",
    {name: FieldPath(name) for name in ("id", "title", "price")},
    paginator=Numbered(),
    rate=1_000.0,
    retries=2,
)
JOB = Job("a" * 32, "products", NOW, options={"feeds": ["acme"]})
LINE = InputRow(ROWS_PER_FEED, "acme", reserved_rows=ROWS_PER_FEED)
BATCH = Batch(JOB.id, 1, ROWS_PER_FEED, 2 * ROWS_PER_FEED - 1, 1, 0, NOW, "b" * 32, 1, 1)


class Site:
    """Answers pages of two items, `last` of them; `answers` has others, by page. `open` holds answers back."""

    def __init__(self, last: int = 4, **answers: bytes | int | SourceFailure) -> None:
        self.last, self.answers, self.asked = last, answers, list[int]()
        self.open = Event()
        self.open.set()

    def get(self, url: str, headers: object) -> PageResponse:
        number = int(url.rpartition("=")[2])
        self.asked.append(number)
        assert self.open.wait(60)
        answer = self.answers.get(f"page{number}", b"[]" if number > self.last else page(number))
        if isinstance(answer, SourceFailure):
            raise answer
        status, body = (answer, b"") if isinstance(answer, int) else (200, answer)
        return PageResponse(status, Body(body), (), None, 0.0)


def page(number: int) -> bytes:
    return b"[" + b",".join(b'{"id": "%d-%d", "title": "A", "price": 1}' % (number, n) for n in (1, 2)) + b"]"


class Shelf(Products):
    """Keeps products, unless it is `away`; raises what it `rejects` products with, by their ids."""

    def __init__(self, **rejects: Exception) -> None:
        self.away = False
        self.kept: list[str] = []
        self.rejects = {name.replace("_", "-")[1:]: error for name, error in rejects.items()}

    def keep(self, version: ProductVersion) -> None:
        if self.away:
            raise StorageUnavailable("away")
        for product in version.products:
            if product.id in self.rejects:
                raise self.rejects[product.id]
        self.kept += [product.id for product in version.products]


def begun(site: Site, shelf: Shelf, batch: Batch = BATCH, budgets: type[LocalBudgets] = LocalBudgets) -> BatchTask:
    from inventory.products.pages import Pages

    class Local(Pages):
        def get(self, url: str, headers: object) -> PageResponse:  # type: ignore[override]
            return site.get(url, headers)

    limits = budgets(lambda _: Limit(10_000, 10, 1_000), Policy(lease=30, first_pause=0.01))
    kind = FeedJobs(shelf, [FEED], Local(None, utc_now), limits, clock=utc_now, rng=random.Random(1))  # type: ignore[arg-type]
    return kind.begin(JOB, batch, [LINE])


def begun_before_any_page(site: Site, shelf: Shelf) -> BatchTask:
    """Its thread pulls, and no page was there yet to be taken by the step that set it going."""
    site.open.clear()
    work = begun(site, shelf)
    work.step(NOW)
    site.open.set()
    return work


def worked(work: BatchTask, until: Callable[[Step], bool] = lambda step: step.again_at is None) -> list[Step]:
    steps: list[Step] = []

    def is_so() -> bool:
        steps.append(work.step(NOW + timedelta(seconds=len(steps))))
        return until(steps[-1])

    wait_until(is_so, "the feed is done", 60)
    return steps


def progress(step: Step | None) -> FeedProgress:
    assert step is not None
    assert step.checkpoint is not None
    return FeedProgress.read(step.checkpoint)


def test_all_pages_are_kept_and_counted() -> None:
    site, shelf = Site(), Shelf()
    steps = worked(begun(site, shelf))

    assert shelf.kept == [f"{number}-{n}" for number in (1, 2, 3, 4) for n in (1, 2)]
    assert site.asked == [1, 2, 3, 4, 5]
    assert steps[-1].implicit_successes == 8
    assert progress(steps[-1]).is_complete
    assert not [row for step in steps for row in step.rows]


def page_of(items: int, number: int = 1) -> bytes:
    """A page on which every third item is not a product."""
    each = (b"{}" if n % 3 == 0 else b'{"id": "%d-%d", "title": "A", "price": 1}' % (number, n) for n in range(items))
    return b"[" + b",".join(each) + b"]"


def test_a_page_of_very_many_items_is_taken_in_parts_that_end_soon() -> None:
    site, shelf = Site(last=2, page1=page_of(2_500)), Shelf()
    steps = worked(begun(site, shelf))
    end = progress(steps[-1])

    rows = [row for step in steps for row in step.rows]
    assert max(len(step.rows) for step in steps) < 1_000 / 2
    assert [row.row for row in rows] == [ROWS_PER_FEED + 1 + n for n in range(0, 2_500, 3)]
    assert rows[-1].input == "http://acme.test/items?page=1#/2499"
    assert shelf.kept == [f"1-{n}" for n in range(2_500) if n % 3] + ["2-1", "2-2"]
    assert site.asked == [1, 2, 3]
    assert (end.pages, end.row, end.products, end.rejected) == (3, ROWS_PER_FEED + 2_502, 1_668, 834)
    assert end.stats.requests == 3
    assert end.is_complete


def test_who_takes_over_within_a_page_goes_on_where_the_one_before_came() -> None:
    shelf, rows = Shelf(), list[int]()
    batch, last = BATCH, None
    for _ in range(9):
        work = begun(Site(last=1, page1=page_of(5_500)), shelf, batch)
        steps = worked(work, lambda step: bool(step.rows) or step.again_at is None)
        rows += [row.row for step in steps for row in step.rows]
        last = progress(steps[-1])
        if steps[-1].again_at is None:
            break
        batch = replace(batch, checkpoint=steps[-1].checkpoint)  # and no more is heard of that worker
        work.close(NOW)

    assert last is not None
    assert last.is_complete
    assert (last.pages, last.taken) == (2, 0)
    assert rows == [ROWS_PER_FEED + 1 + n for n in range(0, 5_500, 3)]
    assert list(dict.fromkeys(shelf.kept)) == [f"1-{n}" for n in range(5_500) if n % 3]
    assert last.products == 5_500 - len(rows)


def test_a_page_with_too_many_objects_is_reported_as_missing() -> None:
    site, shelf = Site(last=2, page1=b"[" + b",".join([b"{}"] * 250_000) + b"]"), Shelf()
    steps = worked(begun(site, shelf))
    [row] = [row for step in steps for row in step.rows]

    assert row.code == "malformed_page"
    assert row.detail == "The page has more than 250,000 objects and lists. This page is missing."
    assert shelf.kept == ["2-1", "2-2"], "and the next one is there"
    assert site.asked == [1, 2, 3]


def test_a_page_that_shrank_meanwhile_loses_its_missing_items_and_nothing_after_it() -> None:
    shelf = Shelf()
    work = begun(Site(page1=page_of(2_500)), shelf)
    first = worked(work, lambda step: bool(step.rows))[-1]
    work.close(NOW)
    steps = worked(begun(Site(last=2, page1=page(1)), shelf, replace(BATCH, checkpoint=first.checkpoint)))

    assert progress(first).taken == 1_000
    assert progress(steps[-1]).is_complete
    assert shelf.kept[-2:] == ["2-1", "2-2"]


def test_a_store_that_is_away_loses_no_page() -> None:
    site, shelf = Site(), Shelf()
    work = begun_before_any_page(site, shelf)
    shelf.away = True
    wait_until(lambda: len(site.asked) == 3, "two pages wait, and one more has come")
    for _ in range(3):
        with pytest.raises(StorageUnavailable):
            work.step(NOW)
    assert site.asked == [1, 2, 3], "no more are pulled than can wait"
    shelf.away = False
    worked(work)

    assert len(shelf.kept) == len(set(shelf.kept)) == 8
    assert site.asked == [1, 2, 3, 4, 5]


def test_who_closes_awaits_the_request_under_way_and_keeps_what_came() -> None:
    site, shelf = Site(), Shelf()
    work = begun_before_any_page(site, shelf)
    wait_until(lambda: len(site.asked) == 3, "pages wait")
    step = work.close(NOW)

    noted = progress(step)
    assert shelf.kept == ["1-1", "1-2", "2-1", "2-2", "3-1", "3-2"]
    assert (noted.pages, noted.stats.requests) == (3, 3)
    assert step is not None
    following = begun(site, shelf, Batch(**{**vars_of(BATCH), "checkpoint": step.checkpoint}))
    worked(following)
    assert site.asked == [1, 2, 3, 4, 5]


def vars_of(batch: Batch) -> dict[str, object]:
    return {name: getattr(batch, name) for name in Batch.__dataclass_fields__}


def test_a_page_that_cannot_be_had_is_a_failed_row_and_the_feed_goes_on() -> None:
    site, shelf = Site(page2=b"{", page3=404), Shelf()
    rows = [row for step in worked(begun(site, shelf)) for row in step.rows]

    assert [(row.row, row.input, row.outcome, row.code) for row in rows] == [
        (ROWS_PER_FEED + 3, "http://acme.test/items?page=2", RowOutcome.FAILED, "malformed_page"),
        (ROWS_PER_FEED + 4, "http://acme.test/items?page=3", RowOutcome.FAILED, "unexpected_status"),
    ]
    assert site.asked == [1, 2, 2, 2, 3, 4, 5]
    assert len(shelf.kept) == 4


def test_three_pages_in_a_row_that_cannot_be_had_are_the_end() -> None:
    site, shelf = Site(last=9, page2=410, page3=410, page4=410), Shelf()
    steps = worked(begun(site, shelf))

    assert site.asked == [1, 2, 3, 4]
    assert progress(steps[-1]).gaps == 3
    assert "everything after it" in progress(steps[-1]).missing[-1]


def test_an_upstream_that_is_silent_is_the_end_at_once() -> None:
    site, shelf = Site(page1=SourceFailure("connection_refused", "acme.test: refused")), Shelf()
    steps = worked(begun(site, shelf))

    assert site.asked == [1, 1, 1]
    assert steps[-1].rows[0].code == "connection_refused"


def test_a_page_for_which_there_is_no_room_is_fetched_again_however_often_that_takes() -> None:
    class Full(Site):
        def get(self, url: str, headers: object) -> PageResponse:
            if self.asked.count(2) < 5 and url.endswith("=2"):
                self.asked.append(2)
                raise NoRoom("The disk is full.", wait=0.01)
            return super().get(url, headers)

    site, shelf = Full(last=2), Shelf()
    steps = worked(begun(site, shelf))

    assert [row for step in steps for row in step.rows] == []
    assert shelf.kept == ["1-1", "1-2", "2-1", "2-2"]
    assert site.asked == [1, 2, 2, 2, 2, 2, 2, 3]


def test_a_fault_of_ours_in_the_thread_ends_the_feed_with_a_row_that_says_so() -> None:
    site, shelf = Site(), Shelf()
    site.get = lambda url, headers: 1 / 0  # type: ignore[assignment,method-assign,return-value]
    steps = worked(begun(site, shelf))

    assert_ended_by_a_fault(steps, at=1)


def assert_ended_by_a_fault(steps: list[Step], *, at: int) -> None:
    """The feed has a row for the page where it broke, which tells nothing of the inside, and there is nothing left of it."""
    row = steps[-1].rows[-1]
    assert (row.input, row.outcome, row.code) == (f"{FEED.url}?page={at}", RowOutcome.FAILED, "internal_fault")
    assert row.detail is not None
    assert row.detail.endswith("This page and everything after it are missing.")
    assert "zero" not in row.detail
    assert (progress(steps[-1]).url, progress(steps[-1]).gaps) == (None, 1)


class BrokenLimits(LocalBudgets):
    """Budgets that break: once the puller is under way, or at its first look."""

    def take(self, asks: object) -> object:  # type: ignore[override]
        raise ZeroDivisionError


class BrokenStates(LocalBudgets):
    def state(self, host: str) -> None:
        raise ZeroDivisionError


@pytest.mark.parametrize("budgets", [BrokenLimits, BrokenStates])
def test_so_does_one_beside_its_requests(budgets: type[LocalBudgets]) -> None:
    site = Site()
    steps = worked(begun(site, Shelf(), budgets=budgets))

    assert_ended_by_a_fault(steps, at=1)
    assert site.asked == []


def test_a_fault_of_ours_in_keeping_a_page_ends_the_feed_as_well() -> None:
    zero = ZeroDivisionError("division by zero")
    shelf = Shelf(_2_1=zero, _2_2=zero)
    steps = worked(begun(Site(), shelf))

    assert shelf.kept == ["1-1", "1-2"]
    assert_ended_by_a_fault(steps, at=2)


def test_who_closes_meets_no_fault_either() -> None:
    zero = ZeroDivisionError("division by zero")
    site, shelf = Site(), Shelf(_1_1=zero, _1_2=zero)
    work = begun_before_any_page(site, shelf)
    wait_until(lambda: len(site.asked) == 3, "pages wait")

    step = work.close(NOW)

    assert step is not None
    assert step.rows[0].code == "internal_fault"


@pytest.mark.parametrize(
    ("error", "code"), [(Unstorable("inside"), "invalid_product"), (OverflowError("inside"), "internal_fault")]
)
def test_a_product_that_the_store_rejects_is_a_row_and_the_rest_of_its_page_is_kept(error: Exception, code: str) -> None:
    shelf = Shelf(_2_1=error)
    steps = worked(begun(Site(), shelf))

    [row] = [row for step in steps for row in step.rows]
    assert (row.input, row.outcome, row.code) == (f"{FEED.url}?page=2#/0", RowOutcome.REJECTED, code)
    assert (row.row, "inside" in (row.detail or "")) == (ROWS_PER_FEED + 3, False)
    assert shelf.kept == ["1-1", "1-2", "2-2", "3-1", "3-2", "4-1", "4-2"]
    assert (progress(steps[-1]).products, progress(steps[-1]).rejected) == (7, 1)
    assert progress(steps[-1]).is_complete


GOOD = b'{"id": "good", "title": "A", "price": 1}'
BAD = {
    "a price nested as deeply as can be read": b'{"id": "bad", "title": "A", "price": ' + b"[" * 960 + b"]" * 960 + b"}",
    "an item nested so": b"[" * 960 + b"]" * 960,
    "a price of 30 digits": b'{"id": "bad", "title": "A", "price": ' + b"9" * 30 + b"}",
    "a price of 5,000 digits": b'{"id": "bad", "title": "A", "price": ' + b"9" * 5_000 + b"}",
    "an id of 5,000 digits": b'{"title": "A", "price": 1, "id": ' + b"9" * 5_000 + b"}",
    "a price that is no number": b'{"id": "bad", "title": "A", "price": NaN}',
    "an endless price": b'{"id": "bad", "title": "A", "price": 1e999}',
    "half of a pair": b'{"id": "\\ud800", "title": "A", "price": 1}',
    "a NUL": b'{"id": "\\u0000", "title": "A", "price": 1}',
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_item_is_a_row_of_its_own_and_spoils_no_other(what: str) -> None:
    shelf = Shelf()
    steps = worked(begun(Site(last=2, page1=b"[" + BAD[what] + b"," + GOOD + b"]"), shelf))

    [row] = [row for step in steps for row in step.rows]
    assert (row.input, row.code) == (f"{FEED.url}?page=1#/0", "invalid_product")
    assert shelf.kept == ["good", "2-1", "2-2"]
    assert progress(steps[-1]).is_complete


def test_what_is_given_up_is_the_page_that_would_have_been_next() -> None:
    [line] = begun(Site(), Shelf()).left()

    assert (line.row, line.text) == (ROWS_PER_FEED + 1, "http://acme.test/items?page=1")

"""What a page changes in the progress of its feed, decided without a network or a store."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from inventory.errors import SourceFailure
from inventory.products.fetched_page import MAX_ITEMS, FetchedPage, portions, progress_after
from inventory.products.page_fetcher import MAX_WAIT, counts_against_upstream, wait_for_page
from inventory.products.pages import Malformed
from inventory.products.progress import MAX_MISSING, FeedProgress, PullStats
from inventory.rate_limits.model import Reason, Throttled

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
URL, NEXT = "http://acme.test/items?page=1", "http://acme.test/items?page=2"
STATS = PullStats(requests=2, failures=1, retries=1)
FAILURE = SourceFailure("unexpected_status", "The site answered 404", permanent=True)


def page(items: int | None, following: str | None = NEXT, failure: SourceFailure | None = None) -> FetchedPage:
    return FetchedPage(URL, NOW, None if items is None else tuple(range(items)), following, failure, None, STATS)


@pytest.mark.parametrize(
    ("page", "gap"),
    [
        (page(3), None),
        (page(3, None, FAILURE), "Everything after this page is missing."),
        (page(None, NEXT, FAILURE), "This page is missing."),
        (page(None, None, FAILURE), "This page and everything after it are missing."),
    ],
)
def test_it_is_said_what_is_missing_for_a_failed_page(page: FetchedPage, gap: str | None) -> None:
    assert page.gap == gap


def test_a_page_comes_in_parts_the_first_with_the_stats_and_the_last_with_the_next_page() -> None:
    whole = page(2 * MAX_ITEMS + 5)
    found = list(portions(whole, URL, 0))

    assert [(part.first, part.taken, part.next) for part in found] == [
        (0, MAX_ITEMS, URL),
        (MAX_ITEMS, 2 * MAX_ITEMS, URL),
        (2 * MAX_ITEMS, 0, NEXT),
    ]
    assert tuple(item for part in found for item in part.items or ()) == whole.items
    assert [part.stats for part in found] == [STATS, PullStats(), PullStats()]
    assert next(iter(portions(whole, URL, 2 * MAX_ITEMS))).items == (2_000, 2_001, 2_002, 2_003, 2_004)


def test_a_page_that_could_not_be_read_is_one_part() -> None:
    failed = page(None, NEXT, FAILURE)

    assert list(portions(failed, URL, 700)) == [failed]


def test_no_url_of_a_feed_is_kept_in_its_progress_after_its_end() -> None:
    progress = FeedProgress("acme", URL, 1_000_000)
    anchored = replace(page(3), anchor=URL)

    assert progress_after(progress, anchored, products=3, rejected=0).anchor == URL
    assert "http" not in progress_after(progress, replace(anchored, next=None), products=3, rejected=0).checkpoint


def test_a_feed_ends_when_its_row_numbers_are_used_up_and_the_last_one_says_so() -> None:
    cut = page(10).truncated(10, FAILURE)

    assert (len(cut.items or ()), cut.next, cut.failure) == (9, None, FAILURE)
    assert page(9).truncated(10, FAILURE) == page(9)


def test_a_page_moves_the_progress_on() -> None:
    before = FeedProgress("acme", URL, 1_000_000, attempts=2, failed_in_a_row=1)
    after = progress_after(before, page(10), products=8, rejected=2)

    assert (after.url, after.row, after.pages, after.products, after.rejected) == (NEXT, 1_000_010, 1, 8, 2)
    assert (after.attempts, after.failed_in_a_row, after.gaps, after.stats) == (0, 0, 0, STATS)


def test_a_page_that_could_not_be_read_takes_a_number_and_is_a_gap() -> None:
    progress = FeedProgress("acme", URL, 1_000_000)
    for _ in range(MAX_MISSING + 5):
        progress = progress_after(progress, page(None, NEXT, FAILURE), products=0, rejected=0)

    assert (progress.row, progress.gaps, progress.failed_in_a_row) == (1_000_025, 25, 25)
    assert progress.missing == (f"{URL}: This page is missing.",) * MAX_MISSING


def test_a_checkpoint_of_an_earlier_version_is_read_and_has_the_same_there() -> None:
    kept = (
        '{"feed":"acme","url":null,"row":1000002,"taken":0,"pages":1,"products":2,"rejected":0,"attempts":0,'
        '"failed_in_a_row":0,"anchor":null,"gaps":0,"missing":[],'
        '"effort":{"requests":2,"failures":1,"retries":1,"trips":0,"latency":{"within_3":1,"answer_time":30000}}}'
    )
    progress = FeedProgress.read(kept)

    assert (progress.stats.requests, progress.stats.percentiles.answers, progress.is_complete) == (2, 1, True)
    assert json.loads(kept).items() <= json.loads(progress.checkpoint).items()


@pytest.mark.parametrize(
    ("reason", "wait", "waits"),
    [
        (Reason.RATE, 0.2, 0.2),
        (Reason.CONCURRENCY, 3.0, 3.0),
        (Reason.PAUSE, MAX_WAIT, MAX_WAIT),
        (Reason.PAUSE, MAX_WAIT + 1, None),
        (Reason.BREAKER, 0.2, None),
    ],
)
def test_a_page_waits_for_its_permit_but_not_for_a_breaker_or_for_too_long(
    reason: Reason, wait: float, waits: float | None
) -> None:
    for asked in (0, 7):
        assert wait_for_page(Throttled("acme.test", reason, wait), asked) == waits


@pytest.mark.parametrize(
    ("failure", "counts"),
    [
        (SourceFailure("unexpected_status", "The site answered 500"), True),
        (SourceFailure("timeout", "late"), True),
        (SourceFailure("incomplete_response", "cut"), True),
        (SourceFailure("unexpected_status", "The site answered 404", permanent=True), False),
        (Malformed("The page is not valid JSON", ()), False),
    ],
)
def test_what_counts_against_the_upstream_of_a_feed_is_that_it_does_not_answer(failure: SourceFailure, counts: bool) -> None:
    assert counts_against_upstream(failure) is counts

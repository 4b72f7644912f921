"""The kind `products`: a job without a file, each of whose lines is a feed, whose rows are the items that it has.

The items of the first feed are numbered behind 1,000,000, those of the next one behind 2,000,000, and so on; a page that
could not be had takes a number as well. Products have no rows of their own: they are found in the catalogue.

An item that cannot be used, or breaks what uses it, is a row of its own, and spoils no other. What breaks the rest ends the
feed with a row that says so. No exception but that of a store that is away leaves the work: each worker would meet it again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from inventory import faults
from inventory.clock import Clock
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.jobs.job_type import BatchTask, Step
from inventory.jobs.model import LONGEST_INPUT, Batch, InputRow, Job, Row, RowOutcome
from inventory.notifier import Notifier
from inventory.products.feed_puller import FeedPuller, FetchedPage, broken
from inventory.products.feeds import Feed
from inventory.products.items import Items
from inventory.products.pages import Pages, without_keys
from inventory.products.ports import Products
from inventory.products.progress import MOST_MISSING, Progress
from inventory.rate_limits.model import Budgets

KIND = "products"
FEEDS = "feeds"
SPAN = 1_000_000
"""Numbers that each feed has for its items."""
LOOK_AGAIN = timedelta(seconds=0.02)
LONG = timedelta(seconds=2)
"""A pause that is longer is no reason to hold the feed in hand."""
UNKNOWN_FEED = "unknown_feed"


class FeedLines:
    """Pulls the feeds that a job names, each by its own worker if there are so many, and keeps what they have."""

    name = KIND
    batch_rows = 1

    def __init__(
        self,
        products: Products,
        feeds: Sequence[Feed],
        pages: Pages,
        budgets: Budgets,
        *,
        clock: Clock,
        rng: random.Random,
        notifier: Notifier | None = None,
    ) -> None:
        """`notifier` counts faults of ours."""
        self._products = products
        self._feeds = {feed.name: feed for feed in feeds}
        self._pages, self._budgets = pages, budgets
        self._clock, self._rng, self._notifier = clock, rng, notifier

    def lines(self, job: Job) -> Iterator[tuple[InputRow, int]]:
        """The feeds of the job."""
        for number, name in enumerate(job.options[FEEDS], 1):
            yield InputRow(number * SPAN, name, reserved_rows=SPAN), 0

    def begin(self, job: Job, batch: Batch, lines: Sequence[InputRow]) -> BatchTask:
        """The work on a feed, from where its checkpoint says."""
        [line] = lines
        feed = self._feeds.get(line.text)
        if feed is None:
            return Unknown(line)
        progress = Progress(feed.name, feed.paginator.first(feed.url), line.row)
        if batch.checkpoint is not None:
            progress = Progress.read(batch.checkpoint)
        note = partial(faults.note, self._notifier, where="feed", source=KIND, job_id=job.id, feed=feed.name)
        pulling = FeedPuller(feed, progress, self._pages, self._budgets, clock=self._clock, rng=self._rng, note=note)
        return FeedBatch(self._products, job.id, feed, line, progress, pulling, note)


class Unknown:
    """A feed that is described no longer."""

    def __init__(self, line: InputRow) -> None:
        self._line = line

    def step(self, now: datetime) -> Step:
        """Say so."""
        detail = "The feed is not described any more in INVENTORY_PRODUCT_FEEDS of this worker."
        name = self._line.text[:LONGEST_INPUT]
        return Step([Row(self._line.row + 1, name, RowOutcome.REJECTED, now, code=UNKNOWN_FEED, detail=detail)])

    def left(self) -> Sequence[InputRow]:
        """The feed."""
        return [self._line]

    def close(self, now: datetime) -> None:
        """Nothing goes on beside the steps."""


class FeedBatch:
    """The work on one feed, whose checkpoint is its `Progress`.

    A thread pulls the pages; a step takes one that has come, or a part of one that has very many items. A step that raises
    has taken nothing: the next one takes the same. What a dead worker kept of a page behind the checkpoint is kept again,
    and changes nothing.
    """

    def __init__(
        self,
        products: Products,
        job_id: str,
        feed: Feed,
        line: InputRow,
        progress: Progress,
        pulling: FeedPuller,
        note: Callable[[Exception], None],
    ) -> None:
        self._items = Items(products, job_id, feed, note)
        self._line = line
        self._progress = progress
        self._pulling = pulling
        self._note = note
        self._begun = False

    def step(self, now: datetime) -> Step:
        """Keep the products of a page, if one has come."""
        if not self._begun:
            self._begun = True
            self._pulling.start()
        page = self._pulling.peek()
        if page is None:
            return self._state((), now, self._again_at(now))
        rows = self._kept(page, now)
        self._pulling.drop()
        over = self._progress.url is None
        return self._state(rows, now, None if over else now + LOOK_AGAIN, flush_now=True)

    def left(self) -> Sequence[InputRow]:
        """What is left of the feed: its next page, and all behind that."""
        if self._progress.url is None:
            return []
        return [InputRow(self._progress.row + 1, without_keys(self._progress.url))]

    def close(self, now: datetime) -> Step | None:
        """Await the request under way, and keep the pages that came, so that none of them is asked for again."""
        if not self._begun:
            return None
        ended, rows = self._pulling.close(), list[Row]()
        with suppress(StorageUnavailable):  # then the next worker asks for them again
            while (page := self._pulling.peek()) is not None:
                rows += self._kept(page, now)
                self._pulling.drop()
            if ended:
                effort = self._progress.effort + self._pulling.leftover
                self._progress = replace(self._progress, effort=effort, attempts=self._pulling.attempts)
        return self._state(rows, now, now)

    def _again_at(self, now: datetime) -> datetime | None:
        if self._pulling.over:
            return None
        rest = self._pulling.resting_until
        return rest if rest is not None and rest > now + LONG else now + LOOK_AGAIN

    def _state(self, rows: Sequence[Row], now: datetime, again_at: datetime | None, *, flush_now: bool = False) -> Step:
        return Step(rows, self._progress.products, self._progress.checkpoint, again_at, flush_now)

    def _kept(self, page: FetchedPage, now: datetime) -> Sequence[Row]:
        """Keep a page, and note the next one; the rows of what could not be used. Where that breaks, the feed ends here."""
        try:
            return self._keep(page, now)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of the work on a feed: logged, counted, and its end
            self._note(error)
            return self._keep(replace(page, items=None, next=None, taken=0, failure=broken()), now)

    def _keep(self, page: FetchedPage, now: datetime) -> Sequence[Row]:
        page = self._bounded(page)
        progress = self._progress
        kept, rows = self._items.keep(page, progress.row, now)
        row = progress.row + len(page.items or ())
        gap = _gap(page)
        if gap is not None:
            row += 1
            assert page.failure is not None
            text, failed = page.url[:LONGEST_INPUT], RowOutcome.FAILED
            rows.append(Row(row, text, failed, now, code=page.failure.code, detail=f"{page.failure} {gap}"))
        self._progress = replace(
            progress,
            url=page.next,
            row=row,
            taken=page.taken,
            pages=progress.pages + (page.taken == 0),
            products=progress.products + kept,
            rejected=progress.rejected + len(rows) - (gap is not None),
            attempts=0,
            failed_in_a_row=progress.failed_in_a_row + 1 if page.items is None else 0,
            anchor=page.anchor,
            gaps=progress.gaps + (gap is not None),
            missing=(*progress.missing, *([f"{page.url}: {gap}"] if gap else []))[:MOST_MISSING],
            effort=progress.effort + page.effort,
        )
        return rows

    def _bounded(self, page: FetchedPage) -> FetchedPage:
        """The page, or what there are numbers for of it."""
        room = self._line.last_row - self._progress.row - 1
        if page.items is None or len(page.items) < room:
            return page
        failure = SourceFailure("too_many_items", f"The feed has more than {SPAN:,} items.", permanent=True)
        return replace(page, items=page.items[: room - 1], next=None, taken=0, failure=failure)


def _gap(page: FetchedPage) -> str | None:
    """What is missing for what failed with a page; None if nothing did."""
    if page.failure is None:
        return None
    if page.items is not None:
        return "Whatever is behind this page is missing."
    return "This page is missing." if page.next is not None else "This page is missing, and whatever is behind it."


def feeds_of(job: Job) -> Mapping[int, str]:
    """The names of a run's feeds by the numbers of their batches."""
    return dict(enumerate(job.options[FEEDS], 1))

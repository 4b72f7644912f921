"""Jobs of the type `products`: without a file; each input row is a feed, and the items of the feed are its rows.

The items of the first feed are numbered from 1,000,001, those of the next one from 2,000,001. A page that could not be
fetched takes a number as well. Products have no rows of their own: they are found in the catalogue.
"""

from __future__ import annotations

import random
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from inventory import faults
from inventory.clock import Clock
from inventory.errors import SourceFailure, StorageUnavailable
from inventory.jobs.job_type import BatchTask, JobType, Step
from inventory.jobs.model import LONGEST_INPUT, Batch, InputRow, Job, Row, RowOutcome
from inventory.notifier import Notifier
from inventory.products.feed_puller import FeedPuller
from inventory.products.feeds import Feed
from inventory.products.fetched_page import FetchedPage, progress_after
from inventory.products.items import Items
from inventory.products.masking import Mask
from inventory.products.pages import Pages
from inventory.products.ports import Products
from inventory.products.progress import FeedProgress
from inventory.rate_limits.model import Budgets

KIND = "products"
FEEDS = "feeds"
ROWS_PER_FEED = 1_000_000
"""Row numbers that each feed has for its items."""
POLL_INTERVAL = timedelta(seconds=0.02)
LONG_PAUSE = timedelta(seconds=2)
"""A feed that pauses for longer is handed back until then."""
UNKNOWN_FEED = "unknown_feed"
TOO_MANY_ITEMS = SourceFailure("too_many_items", f"The feed has more than {ROWS_PER_FEED:,} items.", permanent=True)


class FeedJobs(JobType):
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
        self._products = products
        self._feeds = {feed.name: feed for feed in feeds}
        self._pages, self._budgets = pages, budgets
        self._clock, self._rng, self._notifier = clock, rng, notifier

    def input_rows(self, job: Job) -> Iterator[tuple[InputRow, int]]:
        for number, name in enumerate(job.options[FEEDS], 1):
            yield InputRow(number * ROWS_PER_FEED, name, reserved_rows=ROWS_PER_FEED), 0

    def begin(self, job: Job, batch: Batch, input_rows: Sequence[InputRow]) -> BatchTask:
        [input_row] = input_rows
        feed = self._feeds.get(input_row.text)
        if feed is None:
            return UnknownFeed(input_row)
        progress = FeedProgress(feed.name, feed.paginator.first(feed.url), input_row.row)
        if batch.checkpoint is not None:
            progress = FeedProgress.read(batch.checkpoint)
        note = partial(self._note, job, feed)
        puller = FeedPuller(feed, progress, self._pages, self._budgets, clock=self._clock, rng=self._rng, note=note)
        return FeedBatch(Items(self._products, job.id, feed, note), input_row, progress, puller, note, feed.mask)

    def _note(self, job: Job, feed: Feed, error: Exception) -> None:
        """Log and count an internal fault; one whose traceback would show a secret, by its text without."""
        told = "".join(traceback.format_exception(error))
        shown = error if feed.mask.text(told) == told else MaskedFault(feed.mask.text(told))
        faults.note(self._notifier, shown, where="feed", source=KIND, job_id=job.id, feed=feed.name)


class MaskedFault(Exception):
    """Stands for an internal fault whose text or traceback had a secret of its feed."""


class UnknownFeed:
    """A feed that is described no longer."""

    def __init__(self, input_row: InputRow) -> None:
        self._input_row = input_row

    def step(self, now: datetime) -> Step:
        detail = "INVENTORY_PRODUCT_FEEDS of this worker no longer describes the feed."
        name = self._input_row.text[:LONGEST_INPUT]
        return Step([Row(self._input_row.row + 1, name, RowOutcome.REJECTED, now, code=UNKNOWN_FEED, detail=detail)])

    def left(self) -> Sequence[InputRow]:
        return [self._input_row]

    def close(self, now: datetime) -> None:
        """Nothing goes on beside the steps."""


class FeedBatch:
    """The work on one feed, whose checkpoint is its `FeedProgress`: each step takes a page, or a part, that a thread pulled.

    A step that raises has taken nothing: the next one takes the same.
    """

    def __init__(
        self,
        items: Items,
        input_row: InputRow,
        progress: FeedProgress,
        puller: FeedPuller,
        note: Callable[[Exception], None],
        mask: Mask,
    ) -> None:
        self._items, self._input_row, self._progress = items, input_row, progress
        self._puller, self._note, self._mask = puller, note, mask

    def step(self, now: datetime) -> Step:
        self._puller.start()
        page = self._puller.peek()
        if page is None:
            return self._state((), self._again_at(now))
        rows = self._kept(page, now)
        self._puller.drop()
        is_over = self._progress.url is None
        return self._state(rows, None if is_over else now + POLL_INTERVAL, flush_now=True)

    def left(self) -> Sequence[InputRow]:
        if self._progress.url is None:
            return []
        return [InputRow(self._progress.row + 1, self._mask.url(self._progress.url))]

    def close(self, now: datetime) -> Step | None:
        """Await the request under way, and keep the pages that came, so that none of them is asked for again."""
        if not self._puller.is_started:
            return None
        ended, rows = self._puller.close(), list[Row]()
        with suppress(StorageUnavailable):  # then the next worker asks for them again
            while (page := self._puller.peek()) is not None:
                rows += self._kept(page, now)
                self._puller.drop()
            if ended:
                stats, attempts = self._puller.under_way
                self._progress = replace(self._progress, stats=self._progress.stats + stats, attempts=attempts)
        return self._state(rows, now)

    def _again_at(self, now: datetime) -> datetime | None:
        if self._puller.is_over:
            return None
        rest = self._puller.resting_until
        return rest if rest is not None and rest > now + LONG_PAUSE else now + POLL_INTERVAL

    def _state(self, rows: Sequence[Row], again_at: datetime | None, *, flush_now: bool = False) -> Step:
        return Step(rows, self._progress.products, self._progress.checkpoint, again_at, flush_now)

    def _kept(self, page: FetchedPage, now: datetime) -> Sequence[Row]:
        """Keep a page, and note the next one; the rows of what could not be used. If that raises, the feed ends here."""
        try:
            return self._keep(page, now)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of the work on a feed: logged, counted, and its end
            self._note(error)
            return self._keep(replace(page, items=None, next=None, taken=0, failure=faults.failure()), now)

    def _keep(self, page: FetchedPage, now: datetime) -> Sequence[Row]:
        progress = self._progress
        page = page.truncated(self._input_row.last_row - progress.row - 1, TOO_MANY_ITEMS)
        kept = self._items.keep(page, progress.row, now)
        rows = kept.rejected
        self._progress = progress_after(progress, page, products=kept.products, rejected=len(rows), unfit=kept.unfit)
        if page.failure is not None:
            detail = f"{self._mask.text(str(page.failure)).rstrip('.')}. {page.gap}"
            text, code = page.url[:LONGEST_INPUT], page.failure.code
            rows.append(Row(self._progress.row, text, RowOutcome.FAILED, now, code=code, detail=detail))
        return rows

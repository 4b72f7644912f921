"""Pulling a feed: a thread fetches one page after the other, as fast as the feed's budget allows.

It hands over each page as it comes, and waits while `MAX_WAITING` were not taken. It ends after the last page, at the first
that names no next page, or when it is told to stop. Then what was pulled can still be taken.

An unforeseen exception is passed to `note`, and ends the feed with a page that could not be fetched.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Condition, Thread

from inventory import faults
from inventory.clock import Clock
from inventory.products.feeds import Feed
from inventory.products.fetched_page import FetchedPage, portions
from inventory.products.page_fetcher import PageFetcher
from inventory.products.pages import Pages
from inventory.products.progress import FeedProgress, PullStats
from inventory.rate_limits.model import Budgets

MAX_WAITING = 2
"""Pages, or portions of one, that may wait to be taken."""
CLOSE_TIMEOUT = 5.0
"""Seconds that a request under way is awaited when the puller is to stop."""


class Stopped(Exception):
    """The puller was told to stop: not an error, but the way out of its thread."""


class FeedPuller:
    """Pulls one feed from where `progress` says. `pages` makes the requests, `note` hears of faults. `ticks` has seconds."""

    def __init__(
        self,
        feed: Feed,
        progress: FeedProgress,
        pages: Pages,
        budgets: Budgets,
        *,
        clock: Clock,
        rng: random.Random,
        note: Callable[[Exception], None],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._start, self._name, self._note = progress, feed.name, note
        self._clock, self._ticks = clock, ticks
        self._fetcher = PageFetcher(feed, progress, pages, budgets, clock=clock, rng=rng, rest=self._rest, ticks=ticks)
        self._waiting: deque[FetchedPage] = deque()
        self._changed = Condition()
        self._stopping = self._ended = False
        self._thread: Thread | None = None
        self.resting_until: datetime | None = None

    def start(self) -> None:
        """Begin, unless it has begun."""
        if self._thread is None:
            self._thread = Thread(target=self._run, name=f"pull {self._name}", daemon=True)
            self._thread.start()

    @property
    def is_started(self) -> bool:
        return self._thread is not None

    @property
    def is_over(self) -> bool:
        """Whether no further page will come."""
        with self._changed:
            return self._ended and not self._waiting

    @property
    def under_way(self) -> tuple[PullStats, int]:
        """What the page under way has cost so far, and its attempts; to be read when it is closed."""
        return self._fetcher.stats, self._fetcher.attempts

    def peek(self) -> FetchedPage | None:
        """The page that is next to be taken, if it has come."""
        with self._changed:
            return self._waiting[0] if self._waiting else None

    def drop(self) -> None:
        """Take that page."""
        with self._changed:
            self._waiting.popleft()
            self._changed.notify_all()

    def close(self) -> bool:
        """Have it end; False if a request under way takes too long to be awaited, and is given up."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is None:
            return True
        self._thread.join(CLOSE_TIMEOUT)
        return not self._thread.is_alive()

    def _run(self) -> None:
        url, failed, taken = self._start.url, self._start.failed_in_a_row, self._start.taken
        try:
            while url is not None:
                url, failed = self._pull(url, failed, taken)
                taken = 0
            with self._changed:
                self._ended = True
        except Stopped:
            return

    def _pull(self, url: str, failed: int, taken: int) -> tuple[str | None, int]:
        """Fetch a page and hand over what was not taken before; the next page, and how many in a row could not be read."""
        page = self._fetch(url, failed)
        for part in portions(page, url, taken):
            self._hand_over(part)
        return page.next, failed + 1 if page.items is None else 0

    def _fetch(self, url: str, failed: int) -> FetchedPage:
        try:
            return self._fetcher.fetch(url, failed)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of this thread: logged, counted, and the feed's end
            self._note(error)
            return self._fetcher.page(url, failure=faults.failure())

    def _hand_over(self, page: FetchedPage) -> None:
        """When it is to stop, there is room for the page that has come all the same."""
        with self._changed:
            while len(self._waiting) >= MAX_WAITING and not self._stopping:
                self._changed.wait()
            self._waiting.append(page)
            if self._stopping and page.next is not None:
                raise Stopped

    def _rest(self, seconds: float) -> None:
        until = self._ticks() + seconds
        with self._changed:
            self.resting_until = self._clock() + timedelta(seconds=seconds)
            while not self._stopping and (left := until - self._ticks()) > 0:
                self._changed.wait(left)
            self.resting_until = None
            if self._stopping:
                raise Stopped

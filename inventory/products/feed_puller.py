"""The pulling of a feed: a thread that asks for one page after the other, as fast as the feed's budget allows.

Lifecycle: it begins at a page, hands over each page as it comes, waits while `AHEAD` of them were not taken, and ends behind
the last one, at the first that nobody can go beyond, or when it is told to stop. Then the request that is under way is
awaited, what was pulled can still be taken, and `leftover` is what the page at hand has cost so far.

What may pass (a timeout, a cut connection, 429, 5xx, JSON that is none) is tried again, after a pause that doubles, with
full jitter, and no sooner than the upstream asked for. A breaker that is open counts as a try.

Whatever else is raised is told to `note`, and ends the feed with a page that could not be had: the next worker would meet it
again.
"""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from threading import Condition, Thread
from types import TracebackType
from typing import Any

from inventory import faults
from inventory.clock import Clock
from inventory.errors import SourceFailure
from inventory.products.feeds import Feed
from inventory.products.page_loop_guard import PageLoopGuard
from inventory.products.pages import (
    Busy,
    Malformed,
    PageAnswer,
    Pages,
    without_keys,
)
from inventory.products.paginators import Page, at
from inventory.products.progress import Progress, PullStats
from inventory.rate_limits.model import (
    Budgets,
    Permit,
    PermitRequest,
    Reason,
    Report,
    Throttled,
    is_unanswered,
)

AHEAD = 2
"""Pages, or parts of one, that may wait to be taken."""
MOST_ITEMS = 1_000
"""Items that are taken at once. A page of more is handed over in parts, for it may have a million and one step ends soon."""
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 30.0
"""Seconds before a request is made again: the most that it is the first time, and ever."""
AGAIN = 2
"""Times that a page which came malformed is asked for again, if that often: one that always is would cost much time."""
PATIENCE = 600.0
"""Seconds: a page whose upstream asks for a longer pause is given up."""
MOST_FAILED = 3
"""Pages in a row that cannot be read, behind which the feed ends."""
BREAKER_OPEN = "breaker_open"
CLOSING = 5.0
"""Seconds that a request under way is awaited when the pulling is to stop."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it came, or could not be had, with what that took; or a part of it, from the item `first` on.

    `url` is as anybody may see it, `next` is the page after it. `failure` says why it could not be read, or else why the
    feed ends here too early. After a part that is not the last one, `next` is the same page, and `taken` says how many of
    its items came so far.
    """

    url: str
    at: datetime
    items: tuple[Any, ...] | None
    next: str | None
    failure: SourceFailure | None
    anchor: str | None
    effort: PullStats
    first: int = 0
    taken: int = 0


class Call:
    """One request: as a context it notes how the request failed, if it did."""

    def __init__(self, permit: Permit) -> None:
        self._permit = permit
        self.elapsed = 0.0
        self.in_vain = False
        self._failed = False
        self._pause: float | None = None

    def __enter__(self) -> None:
        """Nothing failed so far."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.in_vain = error is not None
        if isinstance(error, SourceFailure):
            self._pause = error.pause if isinstance(error, Busy) else None
            self._failed = not (error.permanent or self._pause is not None or isinstance(error, Malformed))

    @property
    def report(self) -> Report:
        """What its budget is told. Who answers, be it that he cannot now or with garbage, is not away."""
        return Report(self._permit, self._failed, self.elapsed, self._pause)


class Stopped(Exception):
    """The pulling was told to stop: no error, but the way out of its thread."""


class FeedPuller:
    """Pulls one feed from where `progress` says. `pages` makes the requests, `note` hears of faults. `ticks` has seconds."""

    def __init__(
        self,
        feed: Feed,
        progress: Progress,
        pages: Pages,
        budgets: Budgets,
        *,
        clock: Clock,
        rng: random.Random,
        note: Callable[[Exception], None],
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._note = note
        self._feed, self._pages, self._budgets = feed, pages, budgets
        self._clock, self._rng, self._ticks = clock, rng, ticks
        self._start = progress
        self._trail = PageLoopGuard(feed, progress.pages, progress.anchor)
        self._pulled: deque[FetchedPage] = deque()
        self._changed = Condition()
        self._stopping = self._over = False
        self._pace = Pacer(feed.rate)
        self._openings: int | None = None
        self.resting_until: datetime | None = None
        self.attempts = progress.attempts
        self.leftover = PullStats()
        self._thread = Thread(target=self._run, name=f"pull {feed.name}", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def peek(self) -> FetchedPage | None:
        """The page that is next to be taken, if it has come."""
        with self._changed:
            return self._pulled[0] if self._pulled else None

    def drop(self) -> None:
        """Take that page."""
        with self._changed:
            self._pulled.popleft()
            self._changed.notify_all()

    def close(self) -> bool:
        """Have it end; False if a request under way takes too long to be awaited, and is given up."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        self._thread.join(CLOSING)
        return not self._thread.is_alive()

    @property
    def over(self) -> bool:
        """Whether no further page will come."""
        with self._changed:
            return self._over and not self._pulled

    def _run(self) -> None:
        url, failed, taken = self._start.url, self._start.failed_in_a_row, self._start.taken
        try:
            while url is not None:
                url, failed = self._pass_on(url, failed, taken)
                taken = 0
            with self._changed:
                self._over = True
        except Stopped:
            return

    def _pass_on(self, url: str, failed: int, taken: int) -> tuple[str | None, int]:
        """Pull a page of which so many items were taken before, and hand over the others; what `_run` goes on with.

        Nothing of a page is held when the next one is pulled: as objects it takes many times its bytes.
        """
        page = self._pulled_page(url, failed)
        for part in _parts(page, url, taken):
            self._hand_over(part)
        return page.next, failed + 1 if page.items is None else 0

    def _pulled_page(self, url: str, failed: int) -> FetchedPage:
        try:
            if self._openings is None:
                self._note_openings()
            return self._pull(url, failed)
        except Stopped:
            raise
        except Exception as error:  # noqa: BLE001 - the outermost edge of this thread: logged, counted, and the feed's end
            self._note(error)
            return self._page(url, None, None, broken())

    def _hand_over(self, page: FetchedPage) -> None:
        """When it is to stop, there is room for the page that has come all the same."""
        with self._changed:
            while len(self._pulled) >= AHEAD and not self._stopping:
                self._changed.wait()
            self._pulled.append(page)
            self.leftover = PullStats()
            self.attempts = 0
            if self._stopping and page.next is not None:
                raise Stopped

    def _pull(self, url: str, failed: int) -> FetchedPage:
        """The page, tried as often as it may be; what failed last is told rather than the breaker which that opened."""
        cause: SourceFailure | None = None
        while True:
            try:
                return self._try(url)
            except SourceFailure as failure:
                cause = failure if cause is None or failure.code != BREAKER_OPEN else cause
                self.attempts += 1
                again = min(self._feed.retries, AGAIN if isinstance(failure, Malformed) else self._feed.retries)
                if failure.permanent or self.attempts > again:
                    return self._given_up(url, cause, failed + 1)
                most = min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (self.attempts - 1))
                self._rest(self._rng.uniform(0, most))

    def _try(self, url: str) -> FetchedPage:
        answer = self._ask(url)
        items = at(answer.content, self._feed.items)
        if not isinstance(items, list):
            raise Malformed(f"There is no list at {self._feed.items!r} in the page", answer.links)
        self._trail.add(url)
        following, failure = None, None
        try:
            following = self._trail.behind(Page(url, answer.content, len(items), answer.links))
        except SourceFailure as astray:
            failure = astray
        return self._page(url, tuple(items), following, failure)

    def _given_up(self, url: str, failure: SourceFailure, failed: int) -> FetchedPage:
        """The page is left out. Where only its upstream is silent, the pages behind it would be as well."""
        self._trail.add(url)
        beyond = None
        if failed < MOST_FAILED and not (failure.code == BREAKER_OPEN or is_unanswered(failure)):
            with suppress(SourceFailure):
                beyond = self._trail.beyond(url, failure.links if isinstance(failure, Malformed) else ())
        return self._page(url, None, beyond, failure)

    def _page(
        self, url: str, items: tuple[Any, ...] | None, following: str | None, failure: SourceFailure | None
    ) -> FetchedPage:
        return FetchedPage(without_keys(url), self._clock(), items, following, failure, self._trail.anchor, self.leftover)

    def _ask(self, url: str) -> PageAnswer:
        """One request, with a permit that is given back whatever happens."""
        call = Call(self._permit())
        try:
            self._rest(self._pace.wait(self._ticks()))
            begun = left = self._ticks()
            try:
                with call:
                    response = self._pages.ask(url, self._feed.headers)
                    left = self._ticks() - response.since_sent
                    return self._pages.read(response)
            finally:
                ended = self._ticks()
                # Nobody knows when a request left to which nothing was answered.
                self._pace.note(ended if left == begun else left)
                call.elapsed = ended - begun
                self.leftover += PullStats.of_request(call.elapsed, failed=call.in_vain, again=self.attempts > 0)
        finally:
            self._budgets.done([call.report])
            if call.in_vain:
                self._note_openings()

    def _note_openings(self) -> None:
        """Count how often the upstream's breaker has opened since this was asked last."""
        upstream = self._budgets.state(self._feed.host)
        openings = 0 if upstream is None else upstream.openings
        if self._openings is not None and openings > self._openings:
            self.leftover += PullStats(trips=openings - self._openings)
        self._openings = openings

    def _permit(self) -> Permit:
        while True:
            [decision] = self._budgets.take([PermitRequest(self._feed.host)])
            if isinstance(decision, Permit):
                return decision
            if decision.reason is Reason.BREAKER or decision.wait > PATIENCE:
                self._refused(decision)
            self._rest(decision.wait)

    def _refused(self, refusal: Throttled) -> None:
        """Wait for the breaker, if there is another try; then this one has failed."""
        if self.attempts < self._feed.retries and refusal.wait <= PATIENCE:
            self._rest(refusal.wait)
        if refusal.reason is Reason.BREAKER:
            raise SourceFailure(BREAKER_OPEN, f"{refusal.host} fails too often, and is left alone")
        raise SourceFailure(
            "upstream_pause", f"{refusal.host} asked to be left alone for {refusal.wait:.0f} s", permanent=True
        )

    def _rest(self, seconds: float) -> None:
        until = self._ticks() + seconds
        with self._changed:
            self.resting_until = self._clock() + timedelta(seconds=seconds)
            while not self._stopping and (left := until - self._ticks()) > 0:
                self._changed.wait(left)
            self.resting_until = None
            if self._stopping:
                raise Stopped


def _parts(page: FetchedPage, url: str, taken: int) -> Iterator[FetchedPage]:
    """A page in parts that can be taken at once, from the item `taken` on; the first one has the effort of all."""
    items, effort = page.items, page.effort
    if items is None:
        yield page
        return
    while len(items) - taken > MOST_ITEMS:
        some = items[taken : taken + MOST_ITEMS]
        after = taken + MOST_ITEMS
        yield replace(page, items=some, next=url, failure=None, effort=effort, first=taken, taken=after)
        taken, effort = after, PullStats()
    yield replace(page, items=items[taken:], effort=effort, first=taken)


def broken() -> SourceFailure:
    """What is recorded where a fault of ours ended a feed."""
    return SourceFailure(faults.INTERNAL_FAULT, faults.TOLD, permanent=True)


class Pacer:
    """Keeps requests apart that would leave too close together: one may be held up, by a new connection say."""

    def __init__(self, rate: float) -> None:
        self._most = max(1, int(rate))
        self._span = self._most / rate
        self._left: deque[float] = deque(maxlen=self._most)

    def wait(self, now: float) -> float:
        """Seconds until the next one may leave."""
        full = len(self._left) == self._most
        return max(0.0, self._left[0] + self._span * 1.02 - now) if full else 0.0

    def note(self, now: float) -> None:
        """One left then."""
        self._left.append(now)

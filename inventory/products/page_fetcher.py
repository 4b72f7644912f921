"""One page of a feed, as often as it takes: each request has a permit, and is kept apart from the ones before it."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import structlog

from inventory.clock import Clock
from inventory.errors import NoRoom, SourceFailure
from inventory.products.feeds import Feed
from inventory.products.fetched_page import FetchedPage
from inventory.products.normalising import identity_of
from inventory.products.pacer import Pacer
from inventory.products.page_items import items_of
from inventory.products.page_loop_guard import PageLoopGuard
from inventory.products.pages import (
    MAY_PASS,
    PAST_THE_END,
    UNAUTHORIZED,
    Malformed,
    PageResponse,
    Pages,
    Redirected,
    RefusedPage,
)
from inventory.products.paginators import Page
from inventory.products.progress import FeedProgress, PullStats
from inventory.rate_limits.model import Budgets, Permit, PermitRequest, Reason, Throttled, is_unanswered
from inventory.rate_limits.permits import PermittedCall, request_permit
from inventory.retry import RetryPolicy

log = structlog.get_logger(__name__)

MALFORMED_RETRIES = 2
"""Retries of a page that came malformed: one that always does would cost much time."""
MAX_WAIT = 600.0
"""Seconds: a page whose upstream asks for a longer pause is given up."""
MAX_FAILED_PAGES = 3
"""Pages in a row that cannot be read before the feed ends."""
BREAKER_OPEN, UPSTREAM_PAUSE = "breaker_open", "upstream_pause"
ENDS_FEED = frozenset({BREAKER_OPEN, UPSTREAM_PAUSE, "unauthorized"})
"""Failures that the pages after it would meet as well."""


def page_retries(retries: int) -> RetryPolicy:
    """The retries of a page: pauses double, up to half a minute. What the upstream asks for is part of its budget."""
    return RetryPolicy(max_attempts=retries + 1, base=0.25, factor=2, longest=30.0)


def counts_against_upstream(failure: SourceFailure) -> bool:
    """Whether a failed request counts against the upstream's breaker: a 5xx does, garbage does not."""
    return not (failure.permanent or isinstance(failure, Malformed))


def wait_for_page(throttled: Throttled, _tries: int) -> float | None:
    """Wait for any reservation within `MAX_WAIT`, but not for an open breaker: that is a failed attempt."""
    return None if throttled.reason is Reason.BREAKER or throttled.wait > MAX_WAIT else throttled.wait


def is_past_end(status: int, promised: bool | None, *, follows_page: bool) -> bool:
    """Whether a status in place of a page only says that there is none: `promised` is whether there must be one.

    Beyond the number of pages that the feed told, any refusal does; elsewhere some do, right after a page.
    """
    if promised is None:
        return follows_page and status in PAST_THE_END
    return not promised and status >= 400 and status not in UNAUTHORIZED | MAY_PASS


class PageFetcher:
    """Fetches the pages of one feed from where `progress` says, one at a time.

    `rest` waits for so many seconds, and raises to end the fetching. `stats` and `attempts` are of the page under way.
    """

    def __init__(
        self,
        feed: Feed,
        progress: FeedProgress,
        pages: Pages,
        budgets: Budgets,
        *,
        clock: Clock,
        rng: random.Random,
        rest: Callable[[float], None],
        ticks: Callable[[], float],
    ) -> None:
        self._feed, self._pages, self._budgets = feed, pages, budgets
        self._clock, self._rng, self._rest, self._ticks = clock, rng, rest, ticks
        self._retry = page_retries(feed.retries)
        self._guard = PageLoopGuard(
            feed,
            progress.pages,
            progress.anchor,
            stale=progress.stale,
            told=progress.told,
            checksum=0 if progress.taken else progress.checksum,  # else the rest of a page would be the page again
        )
        self._pacer = Pacer(feed.rate)
        self._openings: int | None = None
        self.attempts = progress.attempts
        self.stats = PullStats()

    def fetch(self, url: str, failed: int) -> FetchedPage:
        """The page, or why it could not be fetched; `failed` is how many pages before it could not be read."""
        if self._openings is None:
            self._count_openings()
        cause: SourceFailure | None = None
        while True:
            try:
                return self._read(url, failed)
            except SourceFailure as failure:
                cause = failure if cause is None or failure.code != BREAKER_OPEN else cause
                self.attempts += 1
                self._count_openings()
                if self._gives_up(failure):
                    return self._failed(url, cause, failed + 1)
                self._rest(self._retry.pause(self.attempts, self._rng))
            except NoRoom as error:  # which is no failure of the feed
                log.warning("no_room", feed=self._feed.name, error=str(error))
                self._rest(error.wait)

    def page(
        self, url: str, *, items: tuple[Any, ...] | None = None, following: str | None = None, failure: SourceFailure | None
    ) -> FetchedPage:
        """What is reported of the page under way, which then is over."""
        stats, self.stats, self.attempts = self.stats, PullStats(), 0
        guard = self._guard
        return FetchedPage(
            self._feed.mask.url(url),
            self._clock(),
            items,
            following,
            failure,
            guard.anchor,
            stats,
            stale=guard.stale,
            told=guard.told,
            checksum=guard.checksum,
        )

    def _read(self, url: str, failed: int) -> FetchedPage:
        content, response = self._request(url)
        items = items_of(self._feed, content, follows_page=failed == 0 and self._guard.pages > 0)
        if items is None:
            begins = self._feed.mask.quotation(response.body.content)
            raise Malformed(f"There is no list at {self._feed.items!r} in the page: {begins}", response.links)
        self._guard.add(url)
        following, failure = None, None
        identities = frozenset(identity_of(self._feed, item) for item in items)
        try:
            following = self._guard.next(Page(url, content, len(items), response.links, identities))
        except SourceFailure as astray:
            failure = astray
        return self.page(url, items=tuple(items), following=following, failure=failure)

    def _failed(self, url: str, failure: SourceFailure, failed: int) -> FetchedPage:
        """The page is left out, or was after the last one. If its upstream is silent, the next pages would be too."""
        follows_page = failed == 1 and self._guard.pages > 0
        self._guard.add(url)
        promised = self._guard.is_promised(url)
        if isinstance(failure, RefusedPage) and is_past_end(failure.status, promised, follows_page=follows_page):
            self.stats += PullStats(failures=-1)
            return self.page(url, items=(), failure=None)
        following = None
        if failed < MAX_FAILED_PAGES and not (failure.code in ENDS_FEED or is_unanswered(failure)):
            with suppress(SourceFailure):
                following = self._guard.skip(url, failure.links if isinstance(failure, Malformed) else ())
        return self.page(url, following=following, failure=failure)

    def _gives_up(self, failure: SourceFailure) -> bool:
        retry = self._retry
        if isinstance(failure, Malformed):
            retry = replace(retry, max_attempts=min(retry.max_attempts, MALFORMED_RETRIES + 1))
        return retry.gives_up(self.attempts, permanent=failure.permanent)

    def _request(self, url: str) -> tuple[Any, PageResponse]:
        """What one request gets, and the JSON in it; its permit is given back whatever happens."""
        with PermittedCall(self._budgets, self._permit(), counts=counts_against_upstream, ticks=self._ticks) as call:
            self._rest(self._pacer.wait(self._ticks()))
            call.start()
            started, sent, failed = self._ticks(), None, True
            try:
                response = self._pages.get(url, self._feed.headers)
                sent = self._ticks() - response.since_sent
                _check_pause(response, call.host)
                call.pause = response.pause
                content, failed = self._pages.read(response, self._feed.mask), False
                return content, response
            except Redirected as redirect:
                raise redirect.shown(self._feed.mask) from redirect
            finally:
                ended = self._ticks()
                self._pacer.sent(ended if sent is None else sent)  # without an answer nobody knows when it was sent
                self.stats += PullStats.of_request(ended - started, failed=failed, again=self.attempts > 0)

    def _count_openings(self) -> None:
        """Count how often the upstream's breaker has opened since this was last looked at."""
        upstream = self._budgets.state(self._feed.host)
        openings = 0 if upstream is None else upstream.openings
        if self._openings is not None and openings > self._openings:
            self.stats += PullStats(trips=openings - self._openings)
        self._openings = openings

    def _permit(self) -> Permit:
        """A permit, however long that takes; `SourceFailure` if the upstream may not be called for too long."""
        decision = request_permit(self._budgets, PermitRequest(self._feed.host), may_wait=wait_for_page, sleep=self._rest)
        if isinstance(decision, Permit):
            return decision
        if self.attempts < self._feed.retries and decision.wait <= MAX_WAIT:
            self._rest(decision.wait)
        if decision.reason is Reason.BREAKER:
            raise SourceFailure(BREAKER_OPEN, f"{decision.host} fails too often and is not called for now")
        raise SourceFailure(UPSTREAM_PAUSE, f"{decision.host} asked for a pause of {decision.wait:.0f} s", permanent=True)


def _check_pause(response: PageResponse, host: str) -> None:
    """A pause that is too long to wait for ends this feed, and is not passed on to what else is called at its host."""
    if response.pause is not None and response.pause > MAX_WAIT:
        asked = f"{host} answered {response.status} and asked for a pause (Retry-After: {response.retry_after!r})"
        raise SourceFailure(UPSTREAM_PAUSE, f"{asked}, longer than the {MAX_WAIT:.0f} s that a run waits", permanent=True)

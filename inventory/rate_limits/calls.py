"""The requests of one collection: each has a permit of its own, and none waits while it has a permit."""

from __future__ import annotations

import time
from collections.abc import Callable

from inventory.errors import Deferred
from inventory.memory_budget import UNLIMITED, Room
from inventory.rate_limits.model import Budgets, Permit, PermitRequest, Report, Throttled
from inventory.rate_limits.permits import PASSES_SOON, PermittedCall, request_permit
from inventory.urls import Url

GiveBack = Callable[[Report], object]
"""Takes the report on a call that is over, to give its permit back."""
CheckRedirect = Callable[[Url], object]
"""Raises why a collection may not go on to this URL."""

MAX_WAIT = 1.0
"""Seconds that a collection under way, or one that a caller waits for, waits for its reservation at an upstream."""


def wait_briefly(throttled: Throttled, tries: int) -> float | None:
    """Wait once, for a reservation that comes within `MAX_WAIT`."""
    if tries or throttled.reason not in PASSES_SOON or throttled.wait > MAX_WAIT:
        return None
    return throttled.wait


def wait_for_next_step(throttled: Throttled, tries: int) -> float | None:
    """Wait once, up to `MAX_WAIT`, however far the reservation is."""
    return None if tries or throttled.reason not in PASSES_SOON else min(throttled.wait, MAX_WAIT)


class Calls:
    """The requests of one collection, one after the other, in one thread; as a context it ends the last one.

    `ahead` is a permit for the first request that was taken already. All others are urgent: a caller waits for them, or
    they are the next step of a collection half made. A failure counts against the upstream that was called last.
    `give_back` takes the report on the last request, to give its permit back soon; else that is done at once.
    `check_redirect` raises why a redirect may not be followed. `room` is for the bodies that they bring.
    """

    def __init__(
        self,
        budgets: Budgets,
        ahead: Permit | None = None,
        *,
        give_back: GiveBack | None = None,
        check_redirect: CheckRedirect | None = None,
        room: Room | None = None,
        ticks: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.room = room or UNLIMITED.room()
        self._budgets, self._ticks, self._sleep = budgets, ticks, sleep
        self._give_back, self._check_redirect = give_back, check_redirect
        self._call = None if ahead is None else PermittedCall(budgets, ahead, ticks=ticks)
        self._host: str | None = None

    def __enter__(self) -> Calls:
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        if self._give_back is None or self._call is None:
            self._end(error)
        else:
            self._give_back(self._call.report(error))

    def begin(self, host: str) -> None:
        """A request to this upstream is made now, and the one before is over; `Deferred` if it must not be made yet.

        A further request to the same upstream is made without a permit if none comes soon: deferring the collection would
        only make the one before it once more, and so on for ever.
        """
        is_first = self._host is None
        if is_first and self._call is not None and self._call.host == host:
            self._call.start()
        else:
            self._end()
            self._call = self._permitted(host)
        self._host = host

    def redirected(self, url: Url) -> None:
        """`begin` the request that a redirect leads to, if it may be followed."""
        if self._check_redirect is not None:
            self._check_redirect(url)
        self.begin(url.host)

    def paused(self, seconds: float) -> None:
        """The upstream that is being called asked for a pause of so many seconds."""
        if self._call is not None:
            self._call.pause = seconds

    def _permitted(self, host: str) -> PermittedCall | None:
        again = host == self._host
        may_wait = wait_for_next_step if again else wait_briefly
        decision = request_permit(self._budgets, PermitRequest(host, urgent=True), may_wait=may_wait, sleep=self._sleep)
        if isinstance(decision, Permit):
            call = PermittedCall(self._budgets, decision, ticks=self._ticks)
            call.start()
            return call
        if again and decision.reason in PASSES_SOON:
            return None
        raise Deferred(decision.host, decision.reason, decision.wait)

    def _end(self, error: BaseException | None = None) -> None:
        call, self._call = self._call, None
        if call is not None:
            call.end(error)

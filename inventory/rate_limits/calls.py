"""The calls of one collection: each request to an upstream has a permit of its own, taken before it, given back behind it.

Whoever collects makes the `Calls` and closes them; the fetcher says when a request begins. What waits in between waits
with no permit in hand, and briefly: a target whose upstream has no room is put off, so that it holds up nobody else's.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from types import TracebackType

from inventory.errors import Deferred, SourceFailure
from inventory.rate_limits.model import (
    Budgets,
    Permit,
    PermitRequest,
    Reason,
    Report,
    Throttled,
    is_unanswered,
)

PATIENCE = 1.0
"""Seconds for which a collection that is under way, or that a caller waits for, waits for its turn at an upstream."""
COMING = (Reason.RATE, Reason.CONCURRENCY)
"""Refusals behind which a turn comes by itself, and soon."""


class Calls:
    """The calls of one collection, one after the other, in one thread; as a context it gives back what it holds at its end.

    `ahead` is a permit that was taken for the first call already. All others are asked for here, and urgently: they are of
    a caller who waits, or the next step of a collection half made. A call that fails the collection counts against its
    upstream alone, not against those that were called before.
    """

    def __init__(
        self,
        budgets: Budgets,
        ahead: Permit | None = None,
        *,
        ticks: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._budgets = budgets
        self._held = ahead
        self._is_ahead = ahead is not None
        self._ticks = ticks
        self._sleep = sleep
        self._host: str | None = None
        self._begun = ticks()
        self._pause: float | None = None

    def __enter__(self) -> Calls:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._give_back(failed=isinstance(error, SourceFailure) and is_unanswered(error))

    def begin(self, host: str) -> None:
        """A request to this upstream is to be made now, and the one before is over.

        Raises `Deferred` if it must not be made: then the collection is to be made later. A further request to the upstream
        that was just called is an exception: it waits for its turn as well, but if that does not come soon it is made
        without: putting it off would only make the one before it once more, and so on for ever.
        """
        if self._is_ahead and self._held is not None and self._held.host == host:
            self._is_ahead = False
        else:
            self._give_back(failed=False)
            self._held = self._take(host)
        self._host, self._begun = host, self._ticks()

    def paused(self, seconds: float) -> None:
        """The upstream that is being called asked to be left alone for so long."""
        self._pause = seconds

    def _take(self, host: str) -> Permit | None:
        decision = self._ask(host)
        again = host == self._host
        if isinstance(decision, Throttled) and decision.reason in COMING and (again or decision.wait <= PATIENCE):
            self._sleep(min(decision.wait, PATIENCE))
            decision = self._ask(host)
        if isinstance(decision, Permit):
            return decision
        if again and decision.reason in COMING:
            return None
        raise Deferred(decision.host, decision.reason, decision.wait)

    def _ask(self, host: str) -> Permit | Throttled:
        [decision] = self._budgets.take([PermitRequest(host, urgent=True)])
        return decision

    def _give_back(self, *, failed: bool) -> None:
        """Report the call that is over. One that was told when to come again was answered, whatever it is worth."""
        permit, pause, self._held, self._pause, self._is_ahead = self._held, self._pause, None, None, False
        if permit is not None:
            self._budgets.done([Report(permit, failed and pause is None, self._ticks() - self._begun, pause)])

"""How an upstream is called: a permit is requested before each call, and given back after it with a report."""

from __future__ import annotations

import time
from collections.abc import Callable

from inventory.errors import SourceFailure
from inventory.rate_limits.model import Budgets, Permit, PermitRequest, Reason, Report, Throttled, is_unanswered

MayWait = Callable[[Throttled, int], float | None]
"""Seconds to wait before the next permit request, by the last decision and how many came before it; None gives up."""
PASSES_SOON = (Reason.RATE, Reason.CONCURRENCY)
"""Reasons that pass by themselves within moments; a pause or an open breaker may last for an hour."""


def request_permit(
    budgets: Budgets, request: PermitRequest, *, may_wait: MayWait, sleep: Callable[[float], object]
) -> Permit | Throttled:
    """Request a permit until it is given or `may_wait` gives up; then the last decision."""
    tries = 0
    while True:
        [decision] = budgets.take([request])
        if isinstance(decision, Permit) or (wait := may_wait(decision, tries)) is None:
            return decision
        sleep(wait)
        tries += 1


class PermittedCall:
    """A request that has its permit; as a context it gives the permit back and reports how the request went.

    `counts` says whether a failure counts against the host's breaker. A host that named a pause has answered.
    """

    def __init__(
        self,
        budgets: Budgets,
        permit: Permit,
        *,
        counts: Callable[[SourceFailure], bool] = is_unanswered,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self.host = permit.host
        self.pause: float | None = None
        self._budgets, self._permit, self._counts, self._ticks = budgets, permit, counts, ticks
        self._started: float | None = None

    def start(self) -> None:
        """The request is sent now: the host's time counts from here."""
        self._started = self._ticks()

    def end(self, error: BaseException | None = None) -> None:
        """The request is over; `error` is what it failed with."""
        self._budgets.done([self.report(error)])

    def report(self, error: BaseException | None = None) -> Report:
        """How the request went, for who gives the permit back later; `error` is what it failed with."""
        failed = self.pause is None and isinstance(error, SourceFailure) and self._counts(error)
        elapsed = 0.0 if self._started is None else self._ticks() - self._started
        return Report(self._permit, failed, elapsed, self.pause)

    def __enter__(self) -> PermittedCall:
        return self

    def __exit__(self, _type: object, error: BaseException | None, _traceback: object) -> None:
        self.end(error)

"""The permits of a collector's calls: requested for many claims at once, and given back together.

Redis is asked once for all of them, because a round trip for each costs more than all else that is not fetching.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from inventory import faults
from inventory.notifier import Notifier
from inventory.rate_limits.model import Budgets, Permit, PermitRequest, Report, Throttled
from inventory.records.model import Record


class CallPermits:
    """Requests the permits of first calls, and gives back those of calls that are over. It raises nothing."""

    def __init__(self, budgets: Budgets, notifier: Notifier) -> None:
        self._budgets, self._notifier = budgets, notifier
        self._reports: deque[Report] = deque()

    def request(self, claims: Sequence[Record]) -> Sequence[Permit | Throttled | None]:
        """The decision for each claim; those of lookups come first.

        None if the request for all breaks: then each collection asks for itself, so that the fault ends one of them at most.
        """
        if not claims:
            return []
        try:
            return self._budgets.take([PermitRequest(claim.target.host, urgent=not claim.bulk) for claim in claims])
        except Exception as error:  # noqa: BLE001 - the outermost edge: no claim is lost, and each gets its outcome
            faults.note(self._notifier, error, "permits")
            return [None] * len(claims)

    def give_back_soon(self, report: Report) -> None:
        """Keep the report on a call until the next `give_back`; for any thread."""
        self._reports.append(report)

    def give_back(self) -> None:
        """Give the permits back of all calls that are over."""
        reports = [self._reports.popleft() for _ in range(len(self._reports))]
        if not reports:
            return
        try:
            self._budgets.done(reports)
        except Exception as error:  # noqa: BLE001 - the outermost edge: these permits come back when their leases end
            faults.note(self._notifier, error, "permits")

"""What a budget is: permit requests, permits, reservations and reports, and what is known of an upstream host.

A host is called only with a permit. A permit counts against the host's concurrency until it is given back with a report. A
permit request without one is throttled, and told how long to wait. Nobody waits inside a budget.

The breaker of a host is closed until calls fail `Policy.failures` times in a row. Then it is open: every request is
throttled for a pause, which doubles with each opening in a row. After the pause it is half-open: one permit, the probe, is
given, and no other until its report closes the breaker or opens it again. A probe that is not given back is replaced when
its lease is over. Reports on permits from before the breaker's last change do not move it: they tell of the past.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol

from inventory.errors import SourceFailure
from inventory.rate_limits.limits import Limit

LONGEST_PAUSE = 3_600.0
"""Seconds: however long a pause an upstream asks for, it is tried again after this."""
LONGEST_WAIT = 2_400.0
"""Seconds: the farthest reservation, however many wait and however long a pause is."""


@dataclass(frozen=True, slots=True)
class Policy:
    """When a breaker opens and for how long, and the `lease` of a permit, longer than any call takes; in seconds."""

    lease: float
    failures: int = 5
    first_pause: float = 10.0
    longest_pause: float = 600.0


@dataclass(frozen=True, slots=True)
class PermitRequest:
    """A request to call a host once; `urgent` if somebody waits for it: it goes before the others."""

    host: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """One call of a host is allowed, now. `epoch` counts the changes of its breaker; `shared` says which budgets gave it."""

    host: str
    id: int
    epoch: int
    probe: bool
    shared: bool


class Reason(StrEnum):
    """Why a request was throttled: too many a second, too many at once, a pause that the host asked for, or its breaker."""

    RATE = "rate"
    CONCURRENCY = "concurrency"
    PAUSE = "pause"
    BREAKER = "breaker"


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not now: ask again after `wait` seconds, at this request's own reservation."""

    host: str
    reason: Reason
    wait: float


UNANSWERED = frozenset({"connection_refused", "connection_failed", "timeout", "dns_failure", "invalid_response"})
"""Failures of a collection that tell of the host: unless they are permanent, the next target may fail as well."""


def is_unanswered(failure: SourceFailure) -> bool:
    """Whether a failed collection counts against the host's breaker.

    A permanent failure does not: it is soon over, and says more than an open breaker. Nor does an answer that was truncated.
    """
    return failure.code in UNANSWERED and not failure.permanent


@dataclass(frozen=True, slots=True)
class Report:
    """How a call went. `elapsed`, and the `pause` that a `Retry-After` asked for, are in seconds.

    `failed`: the host did not answer, or not usefully; its breaker counts that.
    """

    permit: Permit
    failed: bool
    elapsed: float
    pause: float | None = None


class Breaker(IntEnum):
    """Where a host's breaker stands."""

    CLOSED = 0
    OPEN = 1
    HALF_OPEN = 2


@dataclass(frozen=True, slots=True)
class Latency:
    """How long a host took to answer, in seconds, over the last thousand answers or so; None without any."""

    answers: int
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Upstream:
    """What is known of a host: counts since it was first called (an hour of silence forgets it), seconds from now.

    `waiting_for` is the time to the last reservation, None if none is to come. `shared` is False when Redis is away and this
    is one program's own view.
    """

    host: str
    shared: bool
    limit: Limit
    in_use: int
    requests: int
    failures: int
    put_off: int
    latency: Latency
    breaker: Breaker
    failures_in_a_row: int
    openings: int
    opens_for: float | None
    paused_for: float | None
    callable_in: float
    waiting_for: float | None
    listed_at: datetime
    asked_at: datetime


class Budgets(Protocol):
    """The budgets of all hosts. No method waits for a reservation, or needs the clock of its caller."""

    def take(self, requests: Sequence[PermitRequest]) -> Sequence[Permit | Throttled]:
        """Decide all requests at once, in their order: a permit, which must come back by `done`, or when to ask again."""

    def done(self, reports: Sequence[Report]) -> None:
        """Give permits back, and tell how the calls went."""

    def state(self, host: str) -> Upstream | None:
        """What is known of a host, or None if nothing is."""

    def permits(self, hosts: Sequence[str], *, within: float) -> Mapping[str, int]:
        """How many calls of each of up to 100 hosts may begin within so many seconds, as far as is known now.

        None does while its breaker is open or it asked for a pause; one while its breaker is half-open.
        """

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        """Hosts by (`listed_at`, name), newest first, after `after`.

        `listed_at` is when it was last asked for, or up to a minute earlier, so that pages stay where they are meanwhile.
        """

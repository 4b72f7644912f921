"""What a budget is: asks, permits, refusals and reports, and what is known of an upstream host.

A host is called only with a permit. Lifecycle: an ask becomes a permit, which holds one of the host's places and is given
back with a report, or a refusal, which says after how long the next ask makes sense. Nobody waits inside a budget.

The breaker of a host is closed until calls fail `Policy.failures` times in a row, then open: every ask is refused for a
pause, which doubles with each opening in a row. Behind it, half-open: one permit, the probe, is given and none besides until
its report closes the breaker or opens it again; a probe whose holder died is given anew when its lease is over. Reports on
permits from before the breaker's last change do not move it: they tell of an upstream that was.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Protocol

from inventory.errors import SourceFailure
from inventory.rate_limits.limits import Limit

LONGEST_PAUSE = 3_600.0
"""Seconds: however long an upstream asks to be left alone, it is tried again after this."""
LONGEST_WAIT = 2_400.0
"""Seconds: no refusal says more, however long the line or a pause. Who asks again meanwhile is refused again."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How long a permit lasts that nobody gives back, and when a breaker opens and for how long; in seconds.

    `lease` must be longer than any call takes: behind it the holder counts as dead.
    """

    lease: float
    failures: int = 5
    first_pause: float = 10.0
    longest_pause: float = 600.0


@dataclass(frozen=True, slots=True)
class PermitRequest:
    """A wish to call a host once; `urgent` when somebody waits for it: it goes before the others."""

    host: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Permit:
    """One call of a host is allowed, now. `epoch` counts the changes of its breaker; `shared` says whose books it is in."""

    host: str
    id: int
    epoch: int
    probe: bool
    shared: bool


class Reason(StrEnum):
    """Why an ask was refused: too many a second, too many at once, a pause that the upstream asked for, or its breaker."""

    RATE = "rate"
    CONCURRENCY = "concurrency"
    PAUSE = "pause"
    BREAKER = "breaker"


@dataclass(frozen=True, slots=True)
class Throttled:
    """Not now. Ask again after `wait` seconds, when it is this one's turn: each refused one gets a turn of its own."""

    host: str
    reason: Reason
    wait: float


UNANSWERED = frozenset({"connection_refused", "connection_failed", "timeout", "dns_failure", "invalid_response"})
"""Failures of a collection that speak of the host: unless they are permanent, the next target may find it as dead."""


def is_unanswered(failure: SourceFailure) -> bool:
    """Whether a failed collection counts against the host's breaker.

    One of a permanent kind does not (a name that there is not, a bad certificate, a malformed answer): it is soon over, and
    tells more of the target than that a breaker is open. Nor does an answer that was cut: the host does answer. An invalid
    answer that is not permanent is what a source reports to which a 5xx or garbage is as good as no answer.
    """
    return failure.code in UNANSWERED and not failure.permanent


@dataclass(frozen=True, slots=True)
class Report:
    """How a call went. `elapsed` and `pause`, which is what a `Retry-After` asked for, are in seconds.

    `failed` is for the breaker: the host did not answer. Where any answer is welcome, because a web page is recorded as it
    is, no HTTP status is a failure; a source to which a 5xx is of no use reports it as one.
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
    """How long a host took for its answers, in seconds, over the last thousand or so (`answers`); None without any."""

    answers: int
    mean: float | None
    p50: float | None
    p95: float | None
    p99: float | None


@dataclass(frozen=True, slots=True)
class Upstream:
    """What is known of a host: counts since it was first called (an hour of silence forgets it), seconds from now.

    `shared` is False when Redis is away and this is one program's own view.
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
    listed_at: datetime
    asked_at: datetime


class Budgets(Protocol):
    """The budgets of all hosts. No method waits for a turn, or needs the clock of whoever calls."""

    def take(self, asks: Sequence[PermitRequest]) -> Sequence[Permit | Throttled]:
        """Decide asks, all of them at once and each in its place: a permit, which must come back by `done`, or a refusal."""
        ...

    def done(self, reports: Sequence[Report]) -> None:
        """Give permits back, and tell how the calls went."""
        ...

    def state(self, host: str) -> Upstream | None:
        """What is known of a host, or None if nothing is."""
        ...

    def listing(self, *, limit: int, after: tuple[datetime, str] | None) -> Sequence[Upstream]:
        """Hosts by (`listed_at`, name), newest first, from behind `after`.

        `listed_at` is when it was last asked for, or up to a minute earlier, so that pages stay where they are meanwhile.
        """
        ...

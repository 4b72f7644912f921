"""A host's state as shared and local budgets keep it, whole numbers by name, and what it means.

All instants are microseconds since 1970, by the clock of the budgets; all durations are microseconds.

| field | meaning |
| --- | --- |
| `next_allowed_at` | when the next permit would be due if they were evenly spaced (GCRA's theoretical arrival time) |
| `last_reservation`, `last_urgent_reservation` | the last reservation of a deferred request; the last of an urgent one |
| `urgent_waiting` | how many urgent requests wait for their reservations |
| `paused_until` | the end of the pause that the upstream asked for |
| `breaker`, `epoch`, `open_until` | a `Breaker`; its changes so far; the end of its pause |
| `probe`, `probe_until` | the permit of the last probe; the end of its lease |
| `failures_in_a_row` | failures without a success in between |
| `openings_in_a_row`, `openings` | openings of the breaker without a success in between; openings so far |
| `call_time` | how long calls lately took, as a moving average |
| `last_id`, `asked_at`, `listed_at` | the last permit; the last permit request; the position in the listing |
| `requests`, `put_off`, `failures` | permits, deferred requests and failures so far |
| `answers`, `answer_time`, `within_0` … | the histogram of latency: how many, their sum, how many in each bucket |
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime
from math import ceil

from inventory.clock import EPOCH, MILLISECOND
from inventory.rate_limits.limits import MICROSECONDS, Limit
from inventory.rate_limits.model import LONGEST_WAIT, Breaker, Latency, Upstream

State = Mapping[str, int]

INSTANTS = (
    "next_allowed_at",
    "last_reservation",
    "last_urgent_reservation",
    "paused_until",
    "open_until",
    "probe_until",
    "asked_at",
)
"""What changes when a clock is set back."""

HORIZON = int(LONGEST_WAIT * MICROSECONDS)
"""The farthest reservation; what would come after it shares the reservations before it. After a long pause reservations
start halfway to it, so that not all who wait for its end come back at once."""
NEAR = 1 * MICROSECONDS
"""How far ahead reservations are spaced by how slow a host was lately."""
MIN_SPACING = 4_000
"""The least time between two reservations farther away, unless the host was quicker. It bounds what repeated requests cost:
250 a second for one slow host, however many wait for it."""
URGENT_GRACE = 1 * MICROSECONDS
"""How long after its reservation an urgent request still finds its permit kept for it."""
IDLE_AFTER = 5 * MICROSECONDS
"""How long nobody calls, although they could, before reservations start again."""
REMEMBERED_FOR = 3_600 * MICROSECONDS
"""How long a host is remembered that is not called; longer than any reservation is ahead."""
MAX_HOSTS = 10_000
"""Hosts that are remembered at once, the last tenth only if they are in use; those that were not asked for the longest are
forgotten first."""
MAX_LOOKS = 8
"""Hosts that are looked at to find one that may be forgotten."""
LISTED_FOR = 60 * MICROSECONDS
"""How long a host keeps its position in the listing."""
MAX_LATENCIES = 1_000
"""Answers at which the histogram halves itself."""

BOUNDS = tuple(
    int(seconds * MICROSECONDS)
    for seconds in (0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.4, 0.6, 1, 1.5, 2.5, 5, 10, 20)
)
"""The upper bounds of all buckets but the last, which has none; in microseconds."""


def microseconds(seconds: float) -> int:
    """A duration as it is kept; at least 0."""
    return max(0, round(seconds * MICROSECONDS))


def bucket(elapsed: int) -> str:
    """The field of the histogram that a latency belongs to."""
    return f"within_{bisect_left(BOUNDS, elapsed)}"


def wait_seconds(duration: int) -> float:
    """A wait in whole milliseconds, rounded up: an instant that is truncated to milliseconds must not come too early."""
    return (ceil(duration / 1000) + 1) / 1000


def spacing(state: State, limit: Limit) -> int:
    """The time from one near reservation to the next: by the rate, or by how soon a slow host can take another call."""
    return max(limit.interval, min(state["call_time"] // limit.concurrency, NEAR))


def upstream_of(host: str, state: State, limit: Limit, *, in_use: int, now: int, shared: bool) -> Upstream:
    """What a host's state means at this instant."""
    now = max(now, state["asked_at"])  # the clock may have been set back since, which the next permit request corrects
    breaker, last = Breaker(state["breaker"]), max(state["last_reservation"], state["last_urgent_reservation"])
    if breaker is Breaker.OPEN and now >= state["open_until"]:
        breaker = Breaker.HALF_OPEN
    return Upstream(
        host=host,
        shared=shared,
        limit=limit,
        in_use=in_use,
        requests=state["requests"],
        failures=state["failures"],
        put_off=state["put_off"],
        latency=latency_of(state),
        breaker=breaker,
        failures_in_a_row=state["failures_in_a_row"],
        openings=state["openings"],
        opens_for=(state["open_until"] - now) / MICROSECONDS if breaker is Breaker.OPEN else None,
        paused_for=(state["paused_until"] - now) / MICROSECONDS if state["paused_until"] > now else None,
        callable_in=max(0, _callable_at(state, limit, in_use, now) - now) / MICROSECONDS,
        waiting_for=(last - now) / MICROSECONDS if last > now else None,
        listed_at=instant(state["listed_at"]),
        asked_at=instant(state["asked_at"]),
    )


def _callable_at(state: State, limit: Limit, in_use: int, now: int) -> int:
    """When a request may become a permit, at the earliest; at the limit of concurrency that is a guess."""
    return max(
        state["paused_until"],
        state["open_until"] if state["breaker"] == Breaker.OPEN else 0,
        state["probe_until"] if state["breaker"] == Breaker.HALF_OPEN else 0,
        state["next_allowed_at"] - limit.tolerance,
        now + spacing(state, limit) if in_use >= limit.concurrency else 0,
    )


def permits_of(upstream: Upstream | None, limit: Limit, within: float) -> int:
    """How many calls of a host may begin within so many seconds; `upstream` is what is known of it, if anything is."""
    if upstream is None:
        return limit.burst + int(within * limit.rate)
    left = within - upstream.callable_in
    if left <= 0 or upstream.breaker is Breaker.OPEN:
        return 0
    if upstream.breaker is Breaker.HALF_OPEN:
        return 1
    return limit.burst + int(left * limit.rate)


def latency_of(state: State) -> Latency:
    """The mean, and percentiles as far as the buckets tell: linear within one, the last as long as its lower bound."""
    counts = [state[f"within_{number}"] for number in range(len(BOUNDS) + 1)]
    answers = sum(counts)
    if not answers:
        return Latency(0, None, None, None, None)
    p50, p95, p99 = (_percentile(counts, answers * share) for share in (0.5, 0.95, 0.99))
    return Latency(answers, state["answer_time"] / answers / MICROSECONDS, p50, p95, p99)


def _percentile(counts: list[int], rank: float) -> float:
    below = 0
    for number, count in enumerate(counts[:-1]):
        if count and below + count >= rank:
            lower = BOUNDS[number - 1] if number else 0
            return (lower + (BOUNDS[number] - lower) * (rank - below) / count) / MICROSECONDS
        below += count
    return BOUNDS[-1] / MICROSECONDS


def instant(at: int) -> datetime:
    """An instant, truncated to milliseconds."""
    return EPOCH + at // 1000 * MILLISECOND

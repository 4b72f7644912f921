"""What is owed, and whether somebody is at it: collections, jobs, deliveries, the index, and the scheduler's heartbeat."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from inventory.clock import Clock
from inventory.doctor.model import Finding, ok, problem, warning
from inventory.jobs.ports import Jobs
from inventory.observations.ports import Observations
from inventory.records.ports import Records
from inventory.webhooks.ports import Deliveries

MAX_COUNTED = 10_000
LATE = timedelta(minutes=1)
"""How long something may be due: the scheduler looks every two seconds, and a claim lasts half a minute."""
LOST = timedelta(seconds=15)
"""How long something may be due that no RQ job waits for."""
HEARTBEAT_TIMEOUT = timedelta(seconds=60)
"""How old the scheduler's heartbeat may be."""
MANY_UNINDEXED = 10_000


class OwedCheck:
    """Checks the ledger of a store of the current schema. `waiting` tells how many RQ jobs wait, None if nobody knows."""

    def __init__(
        self, records: Records, jobs: Jobs, deliveries: Deliveries, observations: Observations, *,
        max_attempts: int, waiting: Callable[[], int | None], clock: Clock,
    ) -> None:  # fmt: skip
        self._records, self._jobs, self._deliveries, self._observations = records, jobs, deliveries, observations
        self._max_attempts = max_attempts
        self._waiting = waiting
        self._clock = clock

    def findings(self) -> Iterator[Finding]:
        """What is due, since when, and whether it is in the queue."""
        now = self._clock()
        due = self._records.due(now=now, max_attempts=self._max_attempts, limit=MAX_COUNTED)
        jobs = self._jobs.due(now=now, limit=MAX_COUNTED)
        deliveries = self._deliveries.due(now=now, limit=MAX_COUNTED)
        oldest = self._oldest(list(due)[:100])
        age = timedelta(0) if oldest is None else now - oldest
        text = f"Collections due: {_many(len(due))}, jobs: {_many(len(jobs))}, deliveries: {_many(len(deliveries))}."
        text += f" The oldest collection has waited for {age.total_seconds():,.0f} s." if due else ""
        waiting = self._waiting()
        if age > LOST and waiting == 0:
            advice = "Start workers and the scheduler, which wakes them for what is due."
            yield warning("owed", f"{text} No RQ job waits for them.", advice)
        elif age > LATE:
            yield warning("owed", text, "Start workers, or more of them (INVENTORY_WORKERS), and look into their log.")
        else:
            yield ok("owed", text)
        yield from self._index()

    def _oldest(self, ids: list[str]) -> datetime | None:
        found = [self._records.find(each) for each in ids]
        return min((each.due_at for each in found if each is not None and each.due_at is not None), default=None)

    def _index(self) -> Iterator[Finding]:
        unindexed = self._observations.count_unindexed(up_to=MAX_COUNTED)
        aside = len(self._observations.unindexable(limit=MAX_COUNTED))
        text = f"{_many(unindexed)} records are not indexed yet, and {_many(aside)} cannot be."
        if unindexed >= MANY_UNINDEXED:
            yield warning("index", text, "The scheduler goes on with it; `inventory reindex` beside it is faster.")
        elif aside:
            yield warning("index", text, "`inventory reindex` lists those with the reasons.")
        else:
            yield ok("index", text)


def scheduler(folder: Path, *, is_up: bool, clock: Clock) -> Iterator[Finding]:
    """Whether the scheduler goes round, as far as this data folder tells."""
    heartbeat = folder / "scheduler.heartbeat"
    if not heartbeat.exists():
        if is_up:
            yield problem(
                "scheduler", "No scheduler has run in this data folder.", f"Look into {folder / 'log' / 'scheduler.log'}."
            )
        else:
            yield ok("scheduler", "None has run in this data folder; one in a container of its own has its heartbeat there.")
        return
    age = clock() - datetime.fromtimestamp(heartbeat.stat().st_mtime, UTC)
    text = f"Its last round was {max(0.0, age.total_seconds()):,.0f} s ago."
    if age <= HEARTBEAT_TIMEOUT:
        yield ok("scheduler", text)
    elif is_up:
        yield problem("scheduler", text, f"Look into {folder / 'log' / 'scheduler.log'}.")
    else:
        yield ok("scheduler", f"{text} It does not run now with this data folder.")


def _many(count: int) -> str:
    return f"{count:,} or more" if count >= MAX_COUNTED else f"{count:,}"

"""A batch in a worker's hands: the claim on it, and how it goes on.

Each keeps its claim by writing what it found, or that it is still there, to the store at least every `RENEW` seconds.
Whatever raises is to be handed back or forgotten: its next holder goes on where the store says that this one came.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Protocol

from inventory.jobs.model import Batch, Job

LEASE = timedelta(seconds=30)
"""How long a batch is nobody else's after it was last heard of: many times what a step may take."""
RENEW = timedelta(seconds=2)
"""How long a batch in which nothing is found is not heard of, and a cancelled one not let go."""


class ClaimedBatch(Protocol):
    """A claimed batch. `again_at` is when going on can be of use, `open` how many rows it can keep collections busy with.

    `takes_turns` says that it can be handed back at any time for no more than the cost of a claim, `can_wait` that it can go
    on with what it has in memory once a store that was away is back.
    """

    job: Job
    claim: Batch
    again_at: datetime
    taken_at: datetime
    progress_at: datetime
    open: int
    takes_turns: bool

    @property
    def can_wait(self) -> bool: ...

    def go_on(self, now: datetime) -> bool:
        """Do some of the work; False when that was the end of it, or the claim is lost."""
        ...

    def hand_back(self, due_at: datetime, now: datetime) -> None:
        """Let others have it from `due_at` on."""
        ...

"""Rounds and results: ours and the reference alternate, so that what disturbs the machine disturbs both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

from bench.rig import Cost, cost
from tests.end_to_end.stack import Stack


@dataclass(frozen=True)
class RunSize:
    """How large a run is: rounds, seconds of load in each, and the share of the full number of records."""

    rounds: int = 5
    seconds: float = 5.0
    scale: float = 1.0

    def count(self, full: int) -> int:
        """A number of records at this size."""
        return max(100, int(full * self.scale))


@dataclass(frozen=True)
class Result:
    """One row: medians of the rounds; CPU seconds and peak memory are of our programs, in our rounds."""

    name: str
    store: str
    ratio: float | None
    ours: float
    reference: float | None
    unit: str
    rounds: int
    cpu_seconds: float
    peak_memory_mb: float
    sentence: str
    to_reach: float = 0
    at_most: float = 0

    @property
    def kind(self) -> str:
        """The kind of store that it was measured on."""
        return "mongo" if self.store.startswith("mongodb") else self.store

    @property
    def line(self) -> str:
        """The row as one line of JSON."""
        members = asdict(self) | {"store": self.kind}
        for internal in ("sentence", "to_reach", "at_most"):
            del members[internal]
        return json.dumps({name: round(value, 4) if isinstance(value, float) else value for name, value in members.items()})

    @property
    def goal(self) -> str:
        """What the ratio is to be."""
        return f"≥ {self.to_reach}" if self.to_reach else f"≤ {self.at_most}" if self.at_most else "—"


@dataclass(frozen=True)
class Rounds:
    """What ours and the reference reached, round by round."""

    ours: list[float]
    reference: list[float]
    cost: Cost

    def result(self, name: str, store: str, unit: str, sentence: str, *, to_reach: float = 0, at_most: float = 0) -> Result:
        """The row; its ratio is the median of the rounds' ratios."""
        ratio = median(mine / other for mine, other in zip(self.ours, self.reference, strict=True))
        return Result(
            name, store, ratio, median(self.ours), median(self.reference), unit, len(self.ours),
            self.cost.cpu_seconds, self.cost.peak_memory_mb, sentence, to_reach, at_most,
        )  # fmt: skip


def interleaved(running: Stack, rounds: int, ours: Callable[[], float], reference: Callable[[], float]) -> Rounds:
    """Let ours and the reference alternate; a first run of each warms up and does not count."""
    ours()
    reference()
    sessions = [program.pid for program in running.processes.values()]
    mine, others, cpu = [], [], 0.0
    for _ in range(rounds):
        before = cost(sessions)
        mine.append(ours())
        cpu += cost(sessions).cpu_seconds - before.cpu_seconds
        others.append(reference())
    return Rounds(mine, others, Cost(cpu, cost(sessions).peak_memory_mb))

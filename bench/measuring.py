"""Rounds and results: ours and the reference take turns, so that what disturbs the machine disturbs both."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from statistics import median

from bench.rig import Cost, cost
from tests.end_to_end.stack import Stack


@dataclass(frozen=True)
class Effort:
    """How long a benchmark takes: rounds, seconds of load in each, and the share of the full number of records."""

    rounds: int = 5
    seconds: float = 5.0
    scale: float = 1.0

    def count(self, full: int) -> int:
        """A number of records at this effort."""
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

    @property
    def line(self) -> str:
        """The row as one line of JSON."""
        members = {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}
        return json.dumps({name: value for name, value in members.items() if name != "sentence"})


@dataclass(frozen=True)
class Rounds:
    """What ours and the reference reached, round by round."""

    ours: list[float]
    reference: list[float]
    cost: Cost

    def result(self, name: str, store: str, unit: str, sentence: str) -> Result:
        """The row; its ratio is the median of the rounds' ratios."""
        ratio = median(mine / other for mine, other in zip(self.ours, self.reference, strict=True))
        return Result(
            name, store, ratio, median(self.ours), median(self.reference), unit, len(self.ours),
            self.cost.cpu_seconds, self.cost.peak_memory_mb, sentence,
        )  # fmt: skip


def interleaved(
    running: Stack, rounds: int, ours: Callable[[], float], reference: Callable[[], float], *, warm_up: bool = True
) -> Rounds:
    """Let ours and the reference take turns; a first turn of each warms up and does not count, if it is to."""
    if warm_up:
        ours(), reference()
    sessions = [program.pid for program in running.processes.values()]
    mine, others, cpu = [], [], 0.0
    for _ in range(rounds):
        before = cost(sessions)
        mine.append(ours())
        cpu += cost(sessions).cpu_seconds - before.cpu_seconds
        others.append(reference())
    return Rounds(mine, others, Cost(cpu, cost(sessions).peak_memory_mb))

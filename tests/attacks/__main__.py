"""`python -m tests.attacks [WORD ...]`: a hit beside each attack against a quiet one, as a table; over 5 × is a failure.

Quiet and attacked rounds alternate, so that what else disturbs the machine disturbs both. A word chooses the attacks whose
names have it. Beside uploads a file of 3 MB is imported in each round.
"""
# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from statistics import median

from tests.attacks.crowd import Crowd, Manner
from tests.attacks.site import hit, imported, site
from tests.attacks.slow_clients import ATTACKS, LINES, UPLOADS
from tests.end_to_end.stack import Stack

ROUNDS, HITS = 3, 60
MAX_RATIO = 5.0
"""How many times its quiet median a hit may take beside an attack."""
FILE = LINES * 70_000


@dataclass
class Course:
    """Seconds that hits took."""

    quiet: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    refused: int = 0

    @property
    def ratio(self) -> float:
        """The median beside the attack against the quiet one."""
        return median(self.beside) / median(self.quiet)

    def row(self, name: str, count: int) -> str:
        """The line of the table."""
        quiet, beside, worst = (1_000 * seconds for seconds in (median(self.quiet), median(self.beside), max(self.beside)))
        return f"| {name} | {count:,} | {quiet:.1f} | {beside:.1f} | {self.ratio:.1f} | {worst:.0f} |"


def course(running: Stack, name: str, count: int, manner: Manner) -> Course:
    """Rounds of one attack."""
    seen = Course()
    for number in range(ROUNDS):
        seen.quiet += hits(running)
        with Crowd(running.port, count, manner):
            seen.beside += hits(running)
            if name in UPLOADS:
                seen.refused += not imported(running, b"http://%d.test/\n" % number + FILE)
    return seen


def hits(running: Stack) -> list[float]:
    """How long some hits took."""
    return [hit(running.port, number) for number in range(HITS)]


def table(words: list[str]) -> Iterator[bool]:
    """Print the rows; for each whether it is as it should be."""
    print("| attack | connections | quiet, ms | beside it, ms | ratio | worst, ms |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, (count, manner) in ATTACKS.items():
        if words and not any(word in name for word in words):
            continue
        with site() as running:
            seen = course(running, name, count, manner)
        print(seen.row(name, count), flush=True)
        if seen.refused:
            print(f"{name}: {seen.refused} of {ROUNDS} imports were refused", file=sys.stderr)
        yield seen.ratio <= MAX_RATIO and not seen.refused


if __name__ == "__main__":
    sys.exit(not all(list(table(sys.argv[1:]))))

"""When to try again what failed, and when to give up: the one policy of records and of product feeds."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Up to `max_attempts`, with pauses that grow by `factor` from `base` seconds up to `longest`.

    Pauses have full jitter, so that those who failed together do not come back together.
    """

    max_attempts: int
    base: float
    factor: int
    longest: float

    def gives_up(self, attempt: int, *, permanent: bool = False) -> bool:
        """Whether the n-th attempt is the last one, because none is left or another cannot help."""
        return permanent or attempt >= self.max_attempts

    def pause(self, attempt: int, rng: Random, *, at_least: float = 0.0) -> float:
        """Seconds between the n-th attempt and the next one; `at_least` is what the upstream asked for."""
        return max(at_least, rng.uniform(0, min(self.base * self.factor ** (attempt - 1), self.longest)))

"""How far a feed has come, and what it took: the checkpoint of its batch, as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

import orjson

from inventory.rate_limits.model import Latency
from inventory.rate_limits.state import bucket, latency_of, microseconds

MAX_MISSING = 20
"""Gaps that are named; the others are only counted."""


@dataclass(frozen=True, slots=True)
class PullStats:
    """What pages took: requests, those that gave no page, retries, and how often a breaker stopped them.

    `latency` is a histogram of the answers, as budgets keep it.
    """

    requests: int = 0
    failures: int = 0
    retries: int = 0
    trips: int = 0
    latency: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: PullStats) -> PullStats:
        names = {**self.latency, **other.latency}
        latency = {name: self.latency.get(name, 0) + other.latency.get(name, 0) for name in names}
        return PullStats(
            self.requests + other.requests,
            self.failures + other.failures,
            self.retries + other.retries,
            self.trips + other.trips,
            latency,
        )

    @classmethod
    def of_request(cls, seconds: float, *, failed: bool, again: bool) -> PullStats:
        elapsed = microseconds(seconds)
        return cls(1, int(failed), int(again), latency={bucket(elapsed): 1, "answer_time": elapsed})

    @property
    def percentiles(self) -> Latency:
        """How long answers took."""
        return latency_of(defaultdict(int, self.latency))


@dataclass(frozen=True, slots=True)
class FeedProgress:
    """A feed in the middle of a run: `url` is the next page, None after the last; `row` the last row number that was given.

    Of the next page `taken` items were taken before. `attempts` counts the requests for that page so far, `failed_in_a_row`
    the pages before it that could not be read, `stale` those without a new item. `told` is the largest number of pages or
    items that a page has told, `checksum` that of the last page's items. `unfit` counts, by field, the values of products
    that could not be used and were left out. `gaps` counts what is missing, `missing` names the first of it.
    """

    feed: str
    url: str | None
    row: int
    taken: int = 0
    pages: int = 0
    products: int = 0
    rejected: int = 0
    attempts: int = 0
    failed_in_a_row: int = 0
    anchor: str | None = None
    gaps: int = 0
    missing: tuple[str, ...] = ()
    stats: PullStats = PullStats()
    stale: int = 0
    told: int = 0
    checksum: int = 0
    unfit: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, checkpoint: str) -> FeedProgress:
        """The progress that a checkpoint holds. The stats are kept as `effort`, their name in earlier versions."""
        kept: dict[str, Any] = orjson.loads(checkpoint)
        names = {each.name for each in fields(cls)}
        values = {name: value for name, value in kept.items() if name in names}
        return cls(**values | {"missing": tuple(kept["missing"]), "stats": PullStats(**kept["effort"])})

    @property
    def checkpoint(self) -> str:
        values = asdict(self)
        values["effort"] = values.pop("stats")
        return orjson.dumps(values).decode()

    @property
    def is_complete(self) -> bool:
        """Whether it came to the end, and nothing was left out on the way."""
        return self.url is None and self.gaps == 0

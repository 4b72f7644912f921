"""The lookups that were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LookupOutcome(StrEnum):
    """How a lookup was answered: `hit` and `stale` from the inventory; a `miss` was collected, or will be.

    A `failed` one could not be collected, and `unknown` does not exist according to its upstream.
    """

    HIT = "hit"
    STALE = "stale"
    MISS = "miss"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Lookup:
    """One lookup of a target; `id` is 32 hexadecimal digits."""

    id: str
    source: str
    key: str
    outcome: LookupOutcome
    at: datetime

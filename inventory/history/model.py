"""The lookups that were made."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class LookupOutcome(StrEnum):
    """What a lookup found: `hit` and `stale` were known, `miss` was not, `failed` could not be collected.

    `unknown`: there is no such thing, as its upstream said.
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

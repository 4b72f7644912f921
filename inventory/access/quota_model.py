"""How much a caller may do in a minute and in a day: what quotas are, how they are written, and what is left of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from math import ceil

from inventory.errors import InvalidRequest

PERIODS: Mapping[str, int] = {"minute": 60, "day": 86_400}
"""Seconds, by the name of the period."""
MAX_AMOUNT = 10**12
NONE = "none"
"""What a key has in place of a quota of the settings that is not for it."""
RATE = re.compile(r"([1-9][0-9]{0,12})/(minute|day)")
TAKES = "N/minute, N/day or both with a comma between, such as 600/minute,10000/day; or none"


class Counted(StrEnum):
    """What is counted: requests that read, collections that requests began, and uploads."""

    LOOKUPS = "lookups"
    COLLECTIONS = "collections"
    IMPORTS = "imports"


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """So many of one kind in each period of a caller, which begins with the first one."""

    counted: Counted
    amount: int
    period: str

    @property
    def seconds(self) -> int:
        """How long a period is."""
        return PERIODS[self.period]

    @property
    def name(self) -> str:
        """The name of its policy in header fields."""
        return f"{self.counted}-{self.period}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """How much of a quota was used in the period that is under way, and in how many seconds that ends."""

    quota: Quota
    used: int
    ends_in: float

    @property
    def left(self) -> int:
        """How many are left; requests that were under way together may have used more than there were."""
        return max(0, self.quota.amount - self.used)


def read_setting(text: str) -> tuple[Quota, ...]:
    """The quotas of `lookups=6000/minute,collections=600/minute`; `ValueError` of anything else."""
    quotas = []
    for part in filter(None, map(str.strip, text.split(","))):
        name, _, rate = part.partition("=")
        quotas.append(_quota(Counted(name.strip()), rate.strip()))
    return _each_once(quotas)


def in_force(own: Mapping[str, str], usual: Sequence[Quota]) -> Sequence[Quota]:
    """The quotas of a key: its own of what it has some for, and those of the settings for everything else.

    Raises `InvalidRequest` where its own cannot be read, which says what to send instead.
    """
    return _in_force(tuple(own.items()), tuple(usual))


def checked(own: Mapping[str, str]) -> Mapping[str, str]:
    """These, if they can be the quotas of a key; else `InvalidRequest`, which says what to send instead."""
    in_force(own, ())
    return dict(own)


def exceeded(usages: Iterable[Usage], counted: Counted) -> Sequence[Usage]:
    """The quotas of this kind of which nothing is left."""
    return [usage for usage in usages if usage.quota.counted is counted and not usage.left]


def retry_after(usages: Iterable[Usage]) -> int:
    """Whole seconds after which something is left of all of them."""
    return max([1, *(ceil(usage.ends_in) for usage in usages)])


def done(counted: Counted | None, status: int, *, begun: bool | None) -> tuple[Counted, ...]:
    """What a request that may be counted has done, given the status of its answer: nothing if that is no success.

    `begun` says whether it began a collection, None if that was not the question. A lookup that began one is both.
    """
    if counted is None or not (200 <= status < 300 or status in (303, 304)):  # 303 is what a form of ours is answered with
        return ()
    if counted is Counted.LOOKUPS and begun:
        return (Counted.LOOKUPS, Counted.COLLECTIONS)
    return (Counted.LOOKUPS,) if begun is False else (counted,)


def header_fields(usages: Sequence[Usage]) -> Mapping[str, str]:
    """`RateLimit-Policy` and `RateLimit` by draft-ietf-httpapi-ratelimit-headers-10: lists of RFC 9651."""
    policies = (f'"{each.quota.name}";q={each.quota.amount};w={each.quota.seconds}' for each in usages)
    limits = (f'"{each.quota.name}";r={each.left};t={ceil(each.ends_in)}' for each in usages)
    return {"RateLimit-Policy": ", ".join(policies), "RateLimit": ", ".join(limits)}


@lru_cache(1_024)
def _in_force(own: tuple[tuple[str, str], ...], usual: tuple[Quota, ...]) -> Sequence[Quota]:
    replaced: set[Counted] = set()
    quotas: list[Quota] = []
    for name, text in own:
        try:
            counted = Counted(name)
            quotas += _quotas(counted, text)
        except ValueError as error:
            wrong = f"{name[:40]}={text[:40]!r} is no quota. {', '.join(Counted)} take {TAKES}."
            raise InvalidRequest(f"The quotas cannot be read: {wrong}", {"quotas": [wrong]}) from error
        replaced.add(counted)
    return tuple(quotas + [each for each in usual if each.counted not in replaced])


def _quotas(counted: Counted, text: str) -> Sequence[Quota]:
    if text.strip() == NONE:
        return ()
    return _each_once([_quota(counted, rate.strip()) for rate in text.split(",")])


def _quota(counted: Counted, rate: str) -> Quota:
    found = RATE.fullmatch(rate)
    if found is None or int(found[1]) > MAX_AMOUNT:
        raise ValueError(f"not a rate: {rate[:40]!r}")
    return Quota(counted=counted, amount=int(found[1]), period=found[2])


def _each_once(quotas: Sequence[Quota]) -> tuple[Quota, ...]:
    """The quotas in the order of their kinds and periods; `ValueError` if one is given twice."""
    if len({each.name for each in quotas}) < len(quotas):
        raise ValueError("a quota is given twice")
    return tuple(sorted(quotas, key=lambda each: (list(Counted).index(each.counted), each.seconds)))

"""How often hosts may be called."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil

MICROSECONDS = 1_000_000


@dataclass(frozen=True, slots=True)
class Limit:
    """How often one host may be called: `rate` a second in the long run, `burst` at once, `concurrency` at the same time.

    In any span of t seconds there are at most `burst` + t × `rate` permits. A server that counts by itself and allows N in
    any second wants burst 1 and a rate a few per cent below N. Requests take differently long to arrive.
    """

    rate: float
    concurrency: int
    burst: int

    @classmethod
    def of(cls, rate: float, concurrency: int) -> Limit:
        """The limit with the usual burst: one for each connection, but from a quarter to the whole of a second's permits."""
        return cls(rate, concurrency, max(min(concurrency, ceil(rate)), ceil(rate / 4)))

    def share(self, count: int) -> Limit:
        """One of `count` equal shares, which together stay within this limit unless a share would be below one call."""
        return Limit(self.rate / count, max(1, self.concurrency // count), max(1, self.burst // count))

    @property
    def interval(self) -> int:
        """Microseconds between two permits in the long run."""
        return ceil(MICROSECONDS / self.rate)

    @property
    def tolerance(self) -> int:
        """Microseconds by which permits may run ahead of their interval: what makes the burst."""
        return (self.burst - 1) * self.interval


Limits = Callable[[str], Limit]
"""The limit of a host, by its name in lower case. The same in all programs."""


@dataclass(frozen=True, slots=True)
class HostLimits:
    """The limits that the settings give: a default, and hosts with a rate, a concurrency or a whole limit of their own."""

    rate: float
    concurrency: int
    rates: Mapping[str, float] = field(default_factory=dict)
    concurrencies: Mapping[str, int] = field(default_factory=dict)
    whole: Mapping[str, Limit] = field(default_factory=dict)

    def __call__(self, host: str) -> Limit:
        """The limit of this host; what the settings say of it goes before a whole limit."""
        if host in self.whole and host not in self.rates and host not in self.concurrencies:
            return self.whole[host]
        return Limit.of(self.rates.get(host, self.rate), self.concurrencies.get(host, self.concurrency))

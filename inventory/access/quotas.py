"""Quotas: who has which, what is left of them, and counting what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inventory.access.address import caller_network
from inventory.access.counters import Counters
from inventory.access.model import Caller, Key
from inventory.access.quota_model import Counted, Quota, Usage, exceeded, in_force, retry_after
from inventory.errors import QuotaExceeded


@dataclass(frozen=True, slots=True)
class QuotaService:
    """The quotas of callers: each key's own, or else `usual` ones, which addresses without a key have too.

    A caller without quotas is not counted, and nothing is asked for it.
    """

    counters: Counters
    usual: Sequence[Quota] = ()

    def of(self, key: Key | None) -> Sequence[Quota]:
        """The quotas of a key, or of an address without one."""
        return self.usual if key is None or not key.quotas else in_force(key.quotas, self.usual)

    def read(self, caller: Caller) -> Sequence[Usage]:
        """What a caller has used of its quotas."""
        quotas = self.of(caller.key)
        return self.counters.read(_name(caller), quotas) if quotas else ()

    def count(self, caller: Caller, done: Sequence[Counted]) -> Sequence[Usage]:
        """Count what a caller has done, each kind as often as it is named; what it has used since."""
        counted = [quota for kind in done for quota in self.of(caller.key) if quota.counted is kind]
        if counted:
            self.counters.add(_name(caller), counted)
        return self.read(caller)


def obstacle(caller: Caller, usages: Sequence[Usage], counted: Counted) -> QuotaExceeded | None:
    """Why a caller may do no more of this kind for now; None if it may."""
    used_up = exceeded(usages, counted)
    if not used_up:
        return None
    wait = retry_after(used_up)
    rates = " and ".join(f"{usage.quota.amount:,} a {usage.quota.period}" for usage in used_up)
    whose = "this key" if caller.key else "your address"
    return QuotaExceeded(f"The quota of {counted} of {whose} is used up: {rates}. Try again in {wait:,} s.", wait)


def _name(caller: Caller) -> str:
    return f"key:{caller.key.id}" if caller.key else f"address:{caller_network(caller.address)}"

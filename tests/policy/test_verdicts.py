"""How often it is looked whether policies have changed: not for each snapshot, however long the store takes for that."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import pytest

from inventory.listing import Key
from inventory.observations.model import Matcher, Observation
from inventory.policy.model import KeptPolicy
from inventory.policy.verdicts import KEPT, REFRESH_AFTER, Verdicts


class SlowStore:
    """Has no policies, and takes a while to say so. `now` are seconds, which pass only then, or when a test says so."""

    def __init__(self, seconds: float) -> None:
        self.now, self.asked, self._seconds = 0.0, 0, seconds

    def changed_at(self) -> Mapping[str, datetime]:
        self.asked += 1
        self.now += self._seconds
        return {}

    def put(self, policy: KeptPolicy, *, at_most: int) -> KeptPolicy | None:
        raise NotImplementedError

    def find(self, policy_id: str) -> KeptPolicy | None:
        raise NotImplementedError

    def listing(self, *, limit: int, after: Key | None) -> Sequence[KeptPolicy]:
        raise NotImplementedError

    def delete(self, policy_id: str) -> bool:
        raise NotImplementedError

    def shown(
        self, record_ids: Sequence[str], fields: Sequence[Matcher], *, at: datetime | None
    ) -> Mapping[str, Sequence[Observation]]:
        raise NotImplementedError

    def values(self, record_ids: Collection[str], fields: Collection[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
        raise NotImplementedError


@pytest.mark.parametrize("seconds", [0.0, 4.0], ids=["quick", "slow"])
def test_policies_are_read_again_a_second_after_they_have_come_and_not_before(seconds: float) -> None:
    store = SlowStore(seconds)
    verdicts = Verdicts(store, store, [KEPT], ticks=lambda: store.now)
    for _ in range(9):
        verdicts.current()
    assert store.asked == 1

    store.now += REFRESH_AFTER
    verdicts.current()
    assert store.asked == 2


def test_policies_are_read_at_once_for_who_asks_for_them_afresh() -> None:
    store = SlowStore(0.0)
    verdicts = Verdicts(store, store, [KEPT], ticks=lambda: store.now)
    for _ in range(3):
        verdicts.current(afresh=True)

    assert store.asked == 3

"""When uses of keys are written, whatever other hosts and the store do."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from inventory.access.key_uses import KeyUses
from inventory.access.model import Scope, Verb
from tests.access.fakes import MemoryKeys
from tests.contract.actions import after

READ = Scope(verb=Verb.READ)
ADDRESS = "192.0.2.1"


class Broken(MemoryKeys):
    """A store that once fails in a way that nobody foresaw."""

    def note_use(self, key_id: str, *, at: datetime, address: str) -> None:
        super().note_use(key_id, at=at, address=address)
        if self.asked["note_use"] == 1:
            raise ZeroDivisionError


@pytest.mark.parametrize(("seconds", "writes"), [(-3600, 1), (-61, 1), (-59, 0), (-1, 0), (0, 0), (59, 0), (61, 1)])
def test_what_a_host_noted_whose_clock_differs_counts(seconds: float, writes: int) -> None:
    keys = MemoryKeys()
    key, _ = keys.make(READ)
    uses = KeyUses(keys, start=lambda work: work())

    for milliseconds in range(20):
        used = replace(key, last_used_at=after(0))
        uses.note(used, at=after(seconds + milliseconds / 1_000), address=ADDRESS)

    assert keys.asked["note_use"] == writes


def test_after_a_fault_that_nobody_foresaw_uses_are_noted_again() -> None:
    keys = Broken()
    key, _ = keys.make(READ)
    uses = KeyUses(keys, start=lambda work: work())
    with pytest.raises(ZeroDivisionError):
        uses.note(key, at=after(0), address=ADDRESS)

    uses.note(key, at=after(61), address=ADDRESS)

    assert keys.kept[key.digest].last_used_at == after(61)

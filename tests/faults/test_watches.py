"""Each change is told once, whatever happens meanwhile: the short version of `python -m tests.faults.watches`."""

from __future__ import annotations

from random import Random

import pytest

from tests.faults.faults import faults_for
from tests.faults.rig import rig
from tests.faults.stores import mongo_is_there
from tests.faults.watches import SETTINGS, Receivers, Site, Watched, prove

KINDS = ["sqlite", *(["mongo"] if mongo_is_there() else [])]
FAULTS = ("kill a worker", "kill the scheduler", "kill the store", "flush redis", "store away")


@pytest.mark.parametrize("kind", KINDS)
def test_each_change_is_in_one_message_that_each_receiver_gets(kind: str) -> None:
    with rig(kind, **SETTINGS) as running, Site() as site, Receivers() as receivers:
        running.start()
        watched = Watched(running, site, receivers, [f"/watched/{number}" for number in range(25)], Random(7))
        watched.begin()
        possible = [fault for fault in FAULTS if fault in faults_for(running)]
        proof = prove(watched, faults=possible, waves=6, per_wave=8, away=2)
        log = running.log("scheduler")[-3000:] if proof.complaints else ""

    assert not proof.complaints, f"{proof}\n{log}"
    assert proof.planted == 48
    assert proof.messages >= 2

"""A worker without the fence, for a control run: it stores whatever it has collected, even if another worker has the claim.

    python -m tests.faults.unfenced

It settles through the ports alone: where its own claim is over, it settles the present one.
"""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Event
from typing import Any

from inventory.clock import utc_now
from inventory.config import Settings
from inventory.errors import StorageUnavailable
from inventory.records.model import Outcome, Record, State, Stored
from inventory.records.ports import Records
from inventory.wiring import build, open_store
from tests.fakes import Replacing


class Unfenced:
    """A `settle` that takes effect whatever the lease and the fence say."""

    def __init__(self, records: Records) -> None:
        self._records = records

    def settle(self, outcomes: Sequence[Outcome]) -> Sequence[bool]:
        return [self._settle(outcome) for outcome in outcomes]

    def _settle(self, outcome: Outcome) -> bool:
        claim = self._present_claim(outcome.claim)
        if isinstance(outcome, Stored):
            assert claim.lease is not None
            outcome = replace(outcome, snapshot=replace(outcome.snapshot, id=claim.lease))
        return self._records.settle([replace(outcome, claim=claim)])[0]

    def _present_claim(self, claim: Record) -> Record:
        now = utc_now()
        present = self._records.find(claim.id)
        if present is not None and present.state is State.RUNNING:
            return present
        self._records.accept(claim.target, now=now, seen=present)
        return self._records.claim(claim.id, now=now, lease_for=timedelta(seconds=60)) or claim


def main() -> None:
    """Collect what is due, again and again, until SIGTERM."""
    stopping = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopping.set())
    settings = Settings.read()
    fenced = open_store(settings)
    store: Any = Replacing(fenced, records=Replacing(fenced.records, settle=Unfenced(fenced.records).settle))
    collector = build(settings, store=store).collector
    while not stopping.wait(0.2):
        try:
            collector.collect_due(slots=4, stopping=stopping.is_set)
        except StorageUnavailable:
            continue


if __name__ == "__main__":
    main()

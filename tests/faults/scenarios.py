"""Each fault alone, and the meetings that need a rig of their own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from tests.faults import claims, conductor
from tests.faults.faults import EVERYWHERE, IN_A_FILE, WITH_A_SERVER, poison
from tests.faults.rig import Rig, rig
from tests.faults.witness import Witness

RATE = 40.0
LONG = ("redis away", "both late")
"""Scenarios in which the full run has things away for a minute."""


@dataclass(frozen=True)
class Scenario:
    """A run on a rig of its own."""

    name: str
    play: Callable[[Rig, int, int, float], conductor.Row]
    api_processes: int = 2

    def run(self, kind: str, *, seed: int, accepted: int, away: float) -> conductor.Row:
        with rig(kind, api_processes=self.api_processes) as running:
            running.start()
            return self.play(running, seed, accepted, away)


def single(kind: str) -> list[Scenario]:
    """The scenarios for a kind of store."""
    own = IN_A_FILE if kind == "sqlite" else WITH_A_SERVER
    names = [fault.__name__.replace("_", " ") for fault in (*EVERYWHERE, *own, poison)]
    return [
        *(Scenario(name, _alone(name)) for name in names),
        Scenario("one target, four API processes", simultaneous, api_processes=4),
    ]


def _alone(name: str) -> Callable[[Rig, int, int, float], conductor.Row]:
    def play(running: Rig, seed: int, accepted: int, away: float) -> conductor.Row:
        return conductor.alone(running, name, seed=seed, accepted=accepted, rate=RATE, away=away)

    return play


def simultaneous(running: Rig, seed: int, accepted: int, away: float) -> conductor.Row:
    """Each target is looked up 40 times at once; each must be one record and one fetch."""
    began = time.monotonic()
    witness = Witness(running.url, running.folder / "accepted-at-once.jsonl")
    urls = [running.upstream.url(f"/page/once/{n}") for n in range(max(1, accepted // 40))]
    with ThreadPoolExecutor(40) as pool:
        for url in urls:
            list(pool.map(witness.ask, [url] * 40))
    quiet_after = claims.wait_for_quiet(running.store.direct, seconds=60, tick=running.look_after)
    verdict = claims.check(running.store.direct, witness.seen())
    verdict.unexpected += witness.unexpected
    fetched = Counter({url: running.upstream.count(f"/page/once/{n}") for n, url in enumerate(urls)})
    verdict.duplicates += [f"{url} was fetched {count} times" for url, count in fetched.items() if count != 1]
    return conductor.Row(
        f"40 lookups at once of each of {len(urls)} targets, 4 API processes", verdict,
        seconds=time.monotonic() - began, quiet_after=quiet_after, slowest=witness.longest,
    )  # fmt: skip

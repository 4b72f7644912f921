"""`python -m tests.faults.imports --rows 100000`: a big import while workers are killed, and worse.

By default all workers get `kill -9` twice on the way; `--faults` names others, or `all`, which come in an order that the
seed chooses for as long as the job runs. At the end the job must be completed with every row once, and its counts a recount:
it exits with 1 if not.
"""
# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random

from tests.end_to_end.importing import Import, table
from tests.faults.faults import Scene, faults_for
from tests.faults.rig import WORKERS, Rig, rig
from tests.faults.witness import Witness

SETTINGS = {"workers": 1, "fetch_deadline": 3, "upstream_rate": 10**6, "upstream_concurrency": 1_000, "max_attempts": 20}
"""Attempts are many, because each fault may cost one of a target that is not to blame."""
UNDISTURBED = 60.0
"""Rows are waited for so long before the next fault comes all the same: a lease may have to end first."""


@dataclass
class Proof:
    """What became of an import; `complaints` must be empty."""

    rows: int
    faults: list[str]
    seconds: float
    rate: float
    fetched: int
    longest_standstill: float
    complaints: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        verdict = "; ".join(self.complaints) or "completed, every row once, counts equal to a recount"
        speed = f"{self.seconds:.1f} s, {self.rate:,.0f}/s, {self.fetched:,} fetches"
        faults = f"{len(self.faults)} faults ({', '.join(self.faults)}), longest standstill {self.longest_standstill:.0f} s"
        return f"{self.rows:,} rows, {speed}, {faults}: {verdict}"


def prove(running: Rig, *, rows: int, paths: int, faults: Iterator[str], rng: Random, away: float, every: int) -> Proof:
    """Import so many rows that mean so many pages, with a fault about `every` so many rows."""
    urls = [running.upstream.url(f"/page/import/{n % paths}") for n in range(rows)]
    began = time.monotonic()
    job = Import(running, table(urls))
    scene = Scene(running, Witness(running.url, running.folder / "accepted"), rng, away)
    known, happened = {"kill every worker": kill_every_worker, **faults_for(running)}, list[str]()
    progress = Progress(job, running)
    while progress.wait_for_more(rng.randint(every // 2, every)) and (name := next(faults, None)):
        known[name](scene)
        happened.append(name)
        running.look_after()
    while progress.wait_for_more(every):
        continue
    end, took = job.now, time.monotonic() - began
    proof = Proof(rows, happened, took, rows / took, running.upstream.count(), progress.longest)
    if (end["status"], end["total"], end["processed"], end["succeeded"]) != ("completed", rows, rows, rows):
        proof.complaints.append(f"the job ended as {end}")
    recount = job.recount(range(2, rows + 2))
    if recount.twice or recount.missing or recount.outcomes != {"succeeded": rows}:
        proof.complaints.append(
            f"{len(recount.twice)} rows twice, {len(recount.missing)} missing, recounted {dict(recount.outcomes)}"
        )
    proof.complaints += [f"died by itself: {name}" for name in running.unasked]
    return proof


class Progress:
    """Waits for a job to come on, and notes how long it did not."""

    def __init__(self, job: Import, running: Rig) -> None:
        self._job, self._running = job, running
        self._processed, self._at = 0, time.monotonic()
        self.longest = 0.0

    def wait_for_more(self, rows: int) -> bool:
        """Wait until so many more rows are done, or for a while; False when the job is finished."""
        began, goal = time.monotonic(), self._processed + rows
        while time.monotonic() < began + UNDISTURBED:
            self._running.look_after()
            now = self._look()
            if now is not None and (now["finished_at"] or now["processed"] >= goal):
                return not now["finished_at"]
            time.sleep(0.1)
        return True

    def _look(self) -> dict[str, int] | None:
        now = self._job.glance()
        if now is None:
            return None
        if now["processed"] < self._processed:
            raise AssertionError(f"it went back from {self._processed} to {now}")
        if now["processed"] > self._processed:
            self.longest = max(self.longest, time.monotonic() - self._at)
            self._processed, self._at = now["processed"], time.monotonic()
        return now


def kill_every_worker(scene: Scene) -> None:
    """All programs that have claimed batches, at once."""
    scene.rig.kill(*WORKERS)
    scene.rig.start(*WORKERS)


def at_random(names: Sequence[str], rng: Random) -> Iterator[str]:
    """Each once in random order, then any."""
    yield from rng.sample(names, len(names))
    while True:
        yield rng.choice(names)


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.faults.imports", description=__doc__)
    options.add_argument("--rows", type=int, default=100_000)
    options.add_argument("--paths", type=int, default=1_000, help="different pages that the rows mean")
    options.add_argument("--kills", type=int, default=2, help="how often workers are killed")
    options.add_argument("--faults", default="", help="names with commas between, or all, instead of kills")
    options.add_argument("--every", type=int, default=0, help="rows between two faults; by default a fifth of all")
    options.add_argument("--away", type=float, default=5.0, help="seconds for which something is away")
    options.add_argument("--seed", type=int, default=int(time.time()))
    options.add_argument("--store", choices=["sqlite", "mongo"], default="sqlite")
    chosen = options.parse_args()
    rng = Random(chosen.seed)
    print(f"seed {chosen.seed}, store {chosen.store}", flush=True)
    with rig(chosen.store, **SETTINGS) as running:
        running.start()
        everything = sorted(faults_for(running))
        names = everything if chosen.faults == "all" else [name for name in chosen.faults.split(",") if name]
        faults = at_random(names, rng) if names else iter(["kill every worker"] * chosen.kills)
        every = chosen.every or max(1, chosen.rows // 5)
        proof = prove(running, rows=chosen.rows, paths=chosen.paths, faults=faults, rng=rng, away=chosen.away, every=every)
        if proof.complaints:
            print("\n".join(running.log(name)[-4_000:] for name in WORKERS))
    print(proof)
    return 1 if proof.complaints else 0


if __name__ == "__main__":
    sys.exit(main())

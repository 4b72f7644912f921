"""`python -m tests.events --lines 1000000`: a log file through the real programs; a worker is killed on the way.

Prints how fast it was, and how much memory a worker took against a file of a thousand lines. Exits with 1 if a line was lost
or is there twice.
"""
# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from inventory import wiring
from inventory.config import Settings
from tests.end_to_end.stack import Stack, stack
from tests.events import logs
from tests.events.rehearsal import Rehearsal

SMALL = 1_000


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.events", description=__doc__)
    options.add_argument("--lines", type=int, default=1_000_000)
    options.add_argument("--bad", type=float, default=0.005, help="the share of lines that are no log events")
    options.add_argument("--kills", type=int, default=1, help="workers that are killed on the way")
    options.add_argument("--seconds", type=float, default=1_800, help="in which the import has to end")
    chosen = options.parse_args()
    few, _ = _rehearse(SMALL, argparse.Namespace(**vars(chosen) | {"kills": 0}))
    many, holds = _rehearse(chosen.lines, chosen)
    print(
        f"peak memory of a worker: {many:.0f} MiB against {few:.0f} MiB with {SMALL:,} lines, {many / few:.2f} times as much"
    )
    return 0 if holds else 1


def _rehearse(lines: int, chosen: argparse.Namespace) -> tuple[float, bool]:
    """One import on programs of its own; the peak memory of a worker in MiB, and whether every line is where it belongs."""
    with stack() as running:
        file = running.folder / "logs.jsonl"
        bad = logs.write(file, lines, seed=lines, bad=chosen.bad)
        running.start()
        rehearsal = Rehearsal(running, file)
        rehearsal.upload()
        for kill in range(1, chosen.kills + 1):
            rehearsal.wait_for(lambda job, kill=kill: job["processed"] > lines * kill / (chosen.kills + 1), chosen.seconds)
            print(f"killed worker {rehearsal.kill_a_worker()}", flush=True)
        job = rehearsal.wait_for_end(chosen.seconds)
        print({name: job[name] for name in ("status", "total", "succeeded", "failed", "rejected", "rate", "error")})
        return max(rehearsal.peaks.values()), _holds(running, rehearsal, job, bad)


def _holds(running: Stack, rehearsal: Rehearsal, job: dict[str, object], bad: frozenset[int]) -> bool:
    store = wiring.open_store(Settings(data_dir=Path(running.folder)))
    total = int(str(job["total"]))
    kept = sorted(rehearsal.kept(store))
    store.close()
    right = kept == sorted(set(range(1, total + 1)) - bad) and rehearsal.rejected() == sorted(bad)
    print(f"{len(kept):,} events, each valid line once, and {len(bad):,} rejected rows: {right}", flush=True)
    return right and job["status"] == "completed" and job["succeeded"] == total - len(bad)


if __name__ == "__main__":
    sys.exit(main())

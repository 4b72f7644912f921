"""`python -m tests.faults --seed 1 --store sqlite`: the full run; exits with 1 if any claim does not hold."""
# ruff: noqa: T201 - a program that prints

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator

from tests.faults import conductor, scenarios
from tests.faults.rig import rig
from tests.faults.stores import MONGO_COMMAND, mongo_is_there


def main() -> int:
    options = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    options.add_argument("--seed", type=int, default=int(time.time()), help="the same seed is the same order of faults")
    options.add_argument("--accepted", type=int, default=10_000, help="202s to be seen under random faults")
    options.add_argument("--runs", type=int, default=1, help="random runs, each on a new rig, with the next seed")
    options.add_argument("--alone", type=int, default=200, help="202s to be seen under each fault alone; 0 leaves these out")
    options.add_argument("--rate", type=float, default=40.0, help="lookups a second under random faults")
    options.add_argument("--away", type=float, default=10.0, help="seconds for which things are away under random faults")
    options.add_argument("--long", type=float, default=60.0, help="the same where Redis or both are away, alone")
    options.add_argument("--only", default="", help="only the scenarios whose names have this in them")
    options.add_argument("--store", choices=["sqlite", "mongo"], default="sqlite")
    chosen = options.parse_args()
    if chosen.store == "mongo" and not mongo_is_there():
        options.error(f"{MONGO_COMMAND} must say how a server is run, such as 'mongod --port {{port}} --dbpath {{folder}}'")
    print(f"seed {chosen.seed}, store {chosen.store}", flush=True)
    rows = []
    for row in _rows(chosen):
        rows.append(row)
        verdict = "" if row.holds else f"  FAILED: {row.verdict.complaints}"
        print(f"{row.scenario}: {row.verdict.seen} seen, {row.seconds:.0f} s{verdict}", flush=True)
    print(f"\n{conductor.table(rows)}\n")
    for row in rows:
        if len(row.faults) > 1:
            print(f"{row.scenario}: " + ", ".join(f"{name} × {count}" for name, count in sorted(row.faults.items())))
    return 0 if all(row.holds for row in rows) else 1


def _rows(chosen: argparse.Namespace) -> Iterator[conductor.Row]:
    if chosen.alone:
        for scenario in scenarios.single(chosen.store):
            if chosen.only in scenario.name:
                away = chosen.long if scenario.name in scenarios.LONG else chosen.away
                yield scenario.run(chosen.store, seed=chosen.seed, accepted=chosen.alone, away=away)
    for seed in range(chosen.seed, chosen.seed + chosen.runs):
        if chosen.accepted and chosen.only in "all at random":
            with rig(chosen.store) as running:
                running.start()
                yield conductor.all_at_random(
                    running, seed=seed, accepted=chosen.accepted, rate=chosen.rate, away=chosen.away
                )


if __name__ == "__main__":
    sys.exit(main())

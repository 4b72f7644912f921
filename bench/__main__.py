"""`python -m bench [NAME...]`: measures, prints a line of JSON and a sentence for each row, and keeps both in RESULTS.md."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping

from bench import hit
from bench.measuring import Effort, Result

Measure = Callable[[str, Effort], Result]
BENCHMARKS: Mapping[str, Measure] = {"hit": hit.measure}


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    options.add_argument("--rounds", type=int, default=Effort.rounds)
    options.add_argument("--seconds", type=float, default=Effort.seconds, help="of load in each round")
    options.add_argument("--scale", type=float, default=Effort.scale, help="share of the full number of records")
    options.add_argument("--store", choices=["sqlite", "mongo"], help="only this one")
    chosen = options.parse_args()
    effort = Effort(chosen.rounds, chosen.seconds, chosen.scale)
    stores = ["sqlite"] + ([os.environ["INVENTORY_TEST_MONGO_URI"]] if "INVENTORY_TEST_MONGO_URI" in os.environ else [])
    for name in chosen.names or BENCHMARKS:
        for store in stores:
            if chosen.store and (store == "sqlite") != (chosen.store == "sqlite"):
                continue
            result = BENCHMARKS[name](store, effort)
            sys.stdout.write(f"{result.line}\n{result.sentence}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()

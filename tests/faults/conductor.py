"""Runs scenarios: load, faults that a seed chooses, quiet, and the claims; one row of the table for each."""

from __future__ import annotations

import itertools
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from random import Random

from tests.faults import claims
from tests.faults.faults import Fault, Scene, faults_for, poison
from tests.faults.rig import Rig
from tests.faults.witness import Load, Witness, targets

SLOWEST_ANSWER = 25.0
"""Seconds within which every lookup must be answered, whatever is away: a hang is a finding."""
SELDOM = ("stop a worker beyond its lease", "store away for longer than a lease")
"""Faults that last longer than the others; in a random sequence they come less often."""
LABELS = itertools.count()


@dataclass
class Row:
    """A line of the table."""

    scenario: str
    verdict: claims.Verdict
    faults: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    quiet_after: float = 0.0
    slowest: float = 0.0

    @property
    def holds(self) -> bool:
        return self.verdict.holds


def all_at_random(rig: Rig, *, seed: int, accepted: int, rate: float, away: float, short: bool = False) -> Row:
    """Faults in random order, one after the other, for as long as the load lasts, and each of them at least once.

    A poison URL is there from the beginning, beside all others. A `short` run does without the store that is away for
    longer than a lease.
    """
    rng = Random(seed)
    names = sorted(faults_for(rig).keys() - set(SELDOM[1:] if short else ()))

    def sequence() -> Iterable[str]:
        yield from rng.sample(names, len(names))
        while True:
            name = rng.choice(names)
            if name not in SELDOM or rng.random() < 0.25:
                yield name

    return run(
        rig, f"all at random, seed {seed}", sequence(), rng, accepted=accepted, rate=rate, away=away, at_least=len(names),
        beside=(poison,),
    )  # fmt: skip


def alone(rig: Rig, name: str, *, seed: int, accepted: int, rate: float, away: float) -> Row:
    """One fault under load."""
    return run(rig, name, [name], Random(seed), accepted=accepted, rate=rate, away=away, at_least=1)


def run(
    rig: Rig,
    scenario: str,
    sequence: Iterable[str],
    rng: Random,
    *,
    accepted: int,
    rate: float,
    away: float,
    at_least: int,
    beside: Sequence[Fault] = (),
    quiet_within: float | None = None,
) -> Row:
    """Load with these faults, then quiet, then the claims. Whatever died by itself is started again, and is a finding."""
    began = time.monotonic()
    row = Row(scenario, claims.Verdict())
    witness = Witness(rig.url, rig.folder / f"accepted-{next(LABELS)}.jsonl")
    scene = Scene(rig, witness, rng, away)
    known = faults_for(rig) | {"poison": poison}
    load = Load(witness, targets(rig.upstream, f"l{next(LABELS)}"), accepted=accepted, rate=rate)
    pool = ThreadPoolExecutor()
    try:
        aside = [pool.submit(fault, scene) for fault in beside]
        for name in sequence:
            if load.done and row.faults.total() >= at_least:
                break
            _pause(0.3 + rng.random(), rig)
            known[name](scene)
            row.faults[name] += 1
            rig.look_after()
        load.join(300 + 5 * accepted / rate, rig.look_after)
        for fault, ending in zip(beside, aside, strict=True):
            ending.result(600)
            row.faults[_name(fault)] += 1
        bound = quiet_within or (rig.lease + 40) * (rig.attempts + 1)
        row.quiet_after = claims.wait_for_quiet(rig.store.direct, seconds=bound, tick=rig.look_after)
    finally:
        witness.closed = True
        pool.shutdown()
    row.verdict = claims.check(rig.store.direct, witness.seen())
    row.slowest = witness.longest
    row.verdict.unexpected += witness.unexpected + [f"died by itself: {name}" for name in rig.unasked]
    if witness.longest > SLOWEST_ANSWER:
        row.verdict.unexpected.append(f"an answer took {witness.longest:.1f} s")
    rig.unasked.clear()
    row.seconds = time.monotonic() - began
    return row


def _name(fault: Fault) -> str:
    return fault.__name__.replace("_", " ")


def _pause(seconds: float, rig: Rig) -> None:
    time.sleep(seconds)
    rig.look_after()


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    head = (
        "| scenario | faults injected | 202s seen | stored | failed | lost | duplicates | leases outlived |"
        " unindexed or wrongly observed | longest time to the end | slowest answer |\n"
        f"|{' --- |' * 11}\n"
    )
    return head + "\n".join(_line(row) for row in rows)


def _line(row: Row) -> str:
    found = row.verdict
    counts = (found.seen, found.stored, found.failed, len(found.lost), len(found.duplicates), len(found.outlived))
    counts += (len(found.unobserved),)
    middle = " | ".join(f"{count:,}" for count in counts)
    return f"| {row.scenario} | {row.faults.total()} | {middle} | {found.longest:.1f} s | {row.slowest:.1f} s |"

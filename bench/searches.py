"""`search`, `search_past`, `facet`, `change_groups`: questions to targets of ten collections each.

The reference is a statement that reads every record once.
"""

from __future__ import annotations

import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from statistics import median

from bench import filled_fleet, fleet
from bench.measuring import Result, Rounds, RunSize
from bench.rig import Cost
from inventory import wiring
from inventory.changes.parameters import ChangeParameters
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.observations.model import Condition
from inventory.observations.queries.query import parse
from inventory.store import Store

TARGETS = 100_000
"""`--scale 10` is a million, which takes five minutes to fill and 2.1 GB."""
PAGE = 100
DENSE = 'header.server:nginx* AND tls.issuer:"Issuer 1"'
CONDITIONS = (
    DENSE,
    "header.server:nginx* AND NOT _exists_:header.strict-transport-security",
    "header.server:cloudflare AND header.x-powered-by:PHP/8.1",
    "header.server:nginx* AND host:h123.d24.example",
    "status:[500 TO 599] AND _exists_:header.strict-transport-security",
    "domain:d77.example AND NOT status:200",
    "tls.not_after:[* TO 2026-03-01] AND header.cache-control:no-store",
    "cookie.*.secure:true AND status:503",
    "_exists_:header.content-security-policy AND http_version:2",
    "host:h12* AND header.server:apache*",
    "status:503 OR header.server:cloudflare",
    "NOT _exists_:header.content-security-policy AND NOT script.host:cdn3.example",
    "header.server:cloudflare header.cache-control:no-store script.host:cdn3.example image.host:img2.example script.inline:5"
    " http_version:2 status:503 header.x-powered-by:PHP/8.1",  # each part means many, and all of them hardly any
)
HSTS = "header.strict-transport-security"
FACETS = ("header.server", "status", "script.host", "tls.issuer", "domain", "title")
FULL_SCAN = "SELECT sum(length(key)) FROM records NOT INDEXED"


@dataclass(frozen=True)
class Filled:
    """A store with the fleet."""

    path: Path
    store: Store
    count: int


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="inv-")


@cache
def filled(count: int) -> Filled:
    """The same for all rows of a run, because it takes a while."""
    path = Path(_folder().name) / f"{count}.sqlite3"
    store = wiring.open_store(Settings(store_url=f"sqlite:///{path}"))
    store.prepare()
    filled_fleet.fill(path, count)
    return Filled(path, store, count)


def measure_search(store: str, size: RunSize) -> Result:
    """First pages of searches by two conditions or more."""
    return _searches("search", size, past=False, at_most=2)


def measure_past(store: str, size: RunSize) -> Result:
    """The same of an instant in the middle of the sixth collection."""
    return _searches("search_past", size, past=True, at_most=3)


def measure_facet(store: str, size: RunSize) -> Result:
    """The commonest values over all targets, and over those of two dense conditions."""
    of = filled(size.count(TARGETS))
    conditions = [parse(each, now=utc_now()) for each in ("*", DENSE)]
    asked = [
        partial(of.store.observations.facet, condition, at=None, field=name, limit=10)
        for condition in conditions
        for name in FACETS
    ]
    sentence = f"The slowest of {len(asked)} facets over {of.count:,} targets, against a look at each record."
    return _rounds(of, size, asked, 1.0).result("facet", "sqlite", "CPU s", sentence, at_most=10)


def measure_groups(store: str, size: RunSize) -> Result:
    """The groups of a day on which a deploy took HSTS from four of a hundred targets."""
    of = filled(size.count(TARGETS))
    services = wiring.build(Settings(store_url=f"sqlite:///{of.path}"))
    since, until = (fleet.collected_at(0, fleet.DEPLOYED + days).isoformat() for days in (0, 1))
    question = ChangeParameters(fields=(HSTS,), since=since, until=until)
    groups = services.fleet_changes.groups(question, limit=20)
    asked = [partial(services.fleet_changes.groups, question, limit=20)]
    sentence = (
        f"Groups of the {groups.changes:,} changes that a deploy made on a day to {of.count:,} targets,"
        " against a look at each record."
    )
    return _rounds(of, size, asked, 1.0).result("change_groups", "sqlite", "CPU s", sentence, at_most=15)


def _searches(name: str, size: RunSize, *, past: bool, at_most: float) -> Result:
    of = filled(size.count(TARGETS))
    at = fleet.collected_at(of.count // 2, 5) if past else None
    conditions = [parse(each, now=utc_now(), past=past) for each in CONDITIONS]
    asked = [partial(_first_page, of.store, condition, at) for condition in conditions]
    when = "in the past, " if past else ""
    sentence = (
        f"95th percentile of the first pages of {len(asked)} searches {when}over {of.count:,} targets,"
        " against a look at each record."
    )
    return _rounds(of, size, asked, 0.95).result(name, "sqlite", "CPU s", sentence, at_most=at_most)


def _first_page(store: Store, condition: Condition, at: datetime | None) -> None:
    store.observations.search(condition, at=at, limit=PAGE, after=None)


def _rounds(of: Filled, size: RunSize, asked: Sequence[Callable[[], object]], percentile: float) -> Rounds:
    """Each round asks every question and looks at each record once; a first one warms up and does not count."""
    ours, reference = [], []
    began = time.process_time()
    with closing(sqlite3.connect(of.path)) as connection:
        for _ in range(size.rounds + 1):
            times = sorted(_seconds(each) for each in asked)
            ours.append(times[min(len(times) - 1, int(percentile * len(times)))])
            reference.append(median(_seconds(lambda: connection.execute(FULL_SCAN).fetchone()) for _ in range(3)))
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Rounds(ours[1:], reference[1:], Cost(time.process_time() - began, memory))


def _seconds(work: Callable[[], object]) -> float:
    """The CPU seconds of some work, which waits for nothing: others may use the machine, too."""
    began = time.thread_time()
    work()
    return time.thread_time() - began

"""Indexing what is not indexed: what a crash left out, an older store, and what is to be indexed again."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

from inventory import faults
from inventory.errors import NotFound, StorageUnavailable, UnusableStore
from inventory.html_pages.page import Page
from inventory.listing import Key
from inventory.notifier import Notifier
from inventory.observations import extraction
from inventory.observations.model import PastCollection
from inventory.observations.observing import Tracker, Verdicts
from inventory.observations.ports import Observations
from inventory.records.model import Content, Record, Snapshot, State
from inventory.records.service import RecordService
from inventory.records.snapshots import SnapshotService

MAX_SNAPSHOTS, MAX_WEIGHT = 1_000, 50_000
"""Of one record, the newest, until they make about so many statements: more than a second is seldom needed for these."""
MAX_STATEMENTS = 100_000
"""Of one record, so that its transaction holds up no other writer for long."""
PAGE = 50
"""Snapshots of a record that are in memory at once."""
RECORDS_AT_ONCE = 20
"""Records that are looked for at a time."""
MAX_REASON = 500

PageOf = Callable[[bytes, Content], Page | None]
"""The page that a body is, for the content of its snapshot."""


class Indexed(Enum):
    """What became of a record: `OVERTAKEN` if it changed, went, or was indexed by somebody else meanwhile."""

    DONE = "done"
    OVERTAKEN = "overtaken"
    SET_ASIDE = "set aside"


@dataclass(frozen=True, slots=True)
class Indexer:
    """Rebuilds observations from the snapshots that are kept. Every method may raise `StorageUnavailable`."""

    observations: Observations
    records: RecordService
    snapshots: SnapshotService
    page_of: PageOf
    verdicts: Verdicts
    notifier: Notifier
    rng: random.Random

    def walk(self) -> Walk:
        """A way through all records that are unindexed."""
        return Walk(self, self.rng)

    def index(self, record_id: str) -> Indexed:
        """Index a record. One that cannot be indexed, whatever is wrong with it, is set aside with the reason."""
        record = None
        try:
            record = self.records.find_all([record_id]).get(record_id)
            done = record is not None and self.observations.reindex(record, self._history(record))
        except UnusableStore as error:  # a damaged page in its file: if nothing can be written, this raises again
            self._set_aside(record_id, record, error)
        except StorageUnavailable:
            raise
        except Exception as error:  # noqa: BLE001 - the edge of one unit of work: logged, counted, and kept with the record
            self._set_aside(record_id, record, error)
        else:
            return Indexed.DONE if done else Indexed.OVERTAKEN
        return Indexed.SET_ASIDE

    def _set_aside(self, record_id: str, record: Record | None, error: Exception) -> None:
        reason = f"{type(error).__name__}: {error}".encode(errors="backslashreplace").decode()[:MAX_REASON]
        reason = reason if record is None else f"{reason} ({record.target.key})"
        self.observations.set_aside(record_id, reason, seen=record)
        faults.note(self.notifier, error, "index_record", record_id=record_id)

    def _history(self, record: Record) -> list[PastCollection]:
        """The outcomes that are known, the oldest first."""
        tracker, pages, history, statements = Tracker(), _Pages(self.snapshots, self.page_of), deque[PastCollection](), 0
        verdicts = self.verdicts.of(record.target)
        for snapshot in self._snapshots(record.id):
            page = pages.of(snapshot)
            shown = tracker.observed(record.target, snapshot.content, page)
            shown = extraction.with_verdicts(shown, verdicts(snapshot, page))
            history.append(PastCollection(snapshot.collected_at, shown))
            statements += len(history[-1].statements)
            while statements > MAX_STATEMENTS and len(history) > 1:
                statements -= len(history.popleft().statements)
        if record.state is State.FAILED and record.failure is not None:
            shown = extraction.of_failure(record.target, record.failure)
            history.append(PastCollection(record.failure.at, shown, failed=True))
        return list(history)

    def _snapshots(self, record_id: str) -> Iterator[Snapshot]:
        """The newest snapshots of a record, the oldest of them first; one page at a time is in memory."""
        positions: list[Key | None] = [None]
        page = self.snapshots.newest(record_id, limit=PAGE)
        left = MAX_WEIGHT - sum(map(_weight, page))
        while len(page) == PAGE and left > 0 and len(positions) < MAX_SNAPSHOTS // PAGE:
            positions.append((page[-1].collected_at, page[-1].id))
            page = self.snapshots.newest(record_id, limit=PAGE, after=positions[-1])
            left -= sum(map(_weight, page))
        yield from reversed(page)
        for position in reversed(positions[:-1]):
            yield from reversed(self.snapshots.newest(record_id, limit=PAGE, after=position))


def _weight(snapshot: Snapshot) -> int:
    """About how many statements a snapshot makes."""
    lines, cookies = (snapshot.content.get(name) for name in ("headers", "cookies"))
    return 40 + sum(len(each) * times for each, times in ((lines, 1), (cookies, 8)) if isinstance(each, list))


@dataclass(slots=True)
class _Pages:
    """What bodies say where the contents, as in old snapshots, do not. The last one is kept: most pages stay the same."""

    snapshots: SnapshotService
    page_of: PageOf
    last: object = None
    page: Page | None = None

    def of(self, snapshot: Snapshot) -> Page | None:
        """The page of a snapshot."""
        content = snapshot.content
        if "page" in content or snapshot.body_sha256 is None or "response" not in content:
            return None
        this = (snapshot.body_sha256, content["response"].get("final_url"), content["body"])
        if this != self.last:
            try:
                self.page, self.last = self.page_of(self.snapshots.body(snapshot.body_sha256), content), this
            except NotFound:  # it was removed just now, with its snapshot
                return None
        return self.page


@dataclass(slots=True)
class Walk:
    """One of any number of ways through the records that are unindexed.

    Each begins at a random place, and goes to another where it meets one that was quicker. So hardly any record is indexed
    twice, and nobody has to hold what a crash would leave locked.
    """

    indexer: Indexer
    rng: random.Random
    after: str = field(init=False)

    def __post_init__(self) -> None:
        self._jump()

    def step(self, limit: int = RECORDS_AT_ONCE) -> list[Indexed]:
        """Index some of the next records; what became of each, and nothing if there are none."""
        unindexed, done = self.indexer.observations.unindexed, list[Indexed]()
        for record_id in unindexed(limit=limit, after=self.after) or unindexed(limit=limit):
            done.append(self.indexer.index(record_id))
            self.after = record_id
            if done[-1] is Indexed.OVERTAKEN:
                self._jump()
                break
        return done

    def _jump(self) -> None:
        self.after = f"{self.rng.getrandbits(64):016x}"

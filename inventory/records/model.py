"""Targets, records, snapshots and failures, and the outcomes that change them.

Instants are aware, in UTC, with millisecond precision (what both stores keep without loss).
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from inventory.json_bytes import body_of
from inventory.memory_budget import Room
from inventory.rate_limits.model import LONGEST_WAIT

Content = Mapping[str, Any]
"""What a source saw, as JSON-ready values: a document that the source's schema describes."""


class State(StrEnum):
    """The state of a record's collection in the ledger."""

    PENDING = "pending"
    RUNNING = "running"
    STORED = "stored"
    FAILED = "failed"


class Status(StrEnum):
    """What a reader gets: a snapshot, a promise of one, or a failure."""

    STORED = "stored"
    PENDING = "pending"
    FAILED = "failed"


LONGEST_DELAY = timedelta(seconds=LONGEST_WAIT)
"""The longest pause of a collection or of a batch: as long as the longest wait for a reservation at its host."""
CLOCKS_DIFFER = timedelta(minutes=5)
"""An upper bound for the difference between the clocks of two machines that work together."""
AHEAD = LONGEST_DELAY + CLOCKS_DIFFER
"""What is due later than this was scheduled by a clock that was ahead, so it is due now."""
LEASE_AHEAD = timedelta(minutes=20)
"""The same for the end of a lease: at most the longest FETCH_DEADLINE, 15 seconds, and 3 minutes on a slow store."""


def is_ahead(at: datetime, now: datetime) -> bool:
    """Whether an instant was noted by a clock that was ahead, and has been set back since."""
    return at > now + CLOCKS_DIFFER


@dataclass(frozen=True, slots=True)
class Target:
    """One thing to collect: a source, its canonical key, and the upstream host that is called for it."""

    source: str
    key: str
    host: str

    @property
    def id(self) -> str:
        """32 hexadecimal digits that are the same for the same source and key, wherever they are computed."""
        return _id_of(self.source, self.key)


@lru_cache(maxsize=4_096)
def _id_of(source: str, key: str) -> str:
    """Remembered, because a collection asks for it a dozen times."""
    return hashlib.sha256(f"{source}\n{key}".encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Failure:
    """How a collection failed. `retry_at` is the first instant at which it may be tried again.

    `redirects` are those that were seen before it failed, as JSON-ready values.
    """

    code: str
    detail: str
    permanent: bool
    attempts: int
    at: datetime
    retry_at: datetime
    redirects: tuple[Mapping[str, object], ...] = ()

    def stands(self, now: datetime) -> bool:
        """Whether it is too soon to try again. A failure in the future was recorded by a clock that was ahead."""
        return now < self.retry_at and not is_ahead(self.at, now)


@dataclass(frozen=True, slots=True)
class Record:
    """What is known now of one target, without the contents of its snapshots.

    `accepted_at` is the first acceptance and never changes; `requested_at` is the latest one.
    `due_at` is when a worker may claim it: for a pending record the end of its pause, for a running one the end of its
    lease; None if no collection is due. `lease` and `fence` are those of the latest claim: together they are the right to
    settle it. `failure` is the last failure after the latest snapshot. `revalidate`: the next collection may ask the
    upstream only whether the latest snapshot still holds. `bulk`: only jobs wait for it. `owner` is the id of the key for
    which the latest collection was accepted, "" without one: claims are shared evenly between owners.
    """

    target: Target
    state: State
    accepted_at: datetime
    requested_at: datetime
    due_at: datetime | None
    attempt: int
    fence: int
    lease: str | None = None
    first_collected_at: datetime | None = None
    collected_at: datetime | None = None
    snapshots: int = 0
    snapshot_id: str | None = None
    failure: Failure | None = None
    revalidate: bool = False
    bulk: bool = False
    owner: str = ""

    @property
    def id(self) -> str:
        """The target's id: one record per target."""
        return self.target.id

    @property
    def status(self) -> Status:
        """`stored` as soon as there is a snapshot to read, also while a refresh is due or has failed."""
        if self.snapshot_id is not None:
            return Status.STORED
        return Status.FAILED if self.state is State.FAILED else Status.PENDING


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one collection saw; immutable. `body_sha256` names the body it shares with every equal one."""

    id: str
    record_id: str
    collected_at: datetime
    content: Content
    body_sha256: str | None


class Added(StrEnum):
    """What became of a past snapshot: `SURPLUS` where enough later ones are kept, `TAKEN` where another one has its id."""

    ADDED = "added"
    KNOWN = "known"
    SURPLUS = "surplus"
    TAKEN = "taken"


@dataclass(frozen=True, slots=True)
class RecordFilter:
    """Which records a listing shows; None means any."""

    source: str | None = None
    status: Status | None = None
    host: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordTotals:
    """How many records there are, and of how many a collection is due or running: of new ones, and of those that refresh.

    `failed` are those without a snapshot whose collection failed. It and `waiting` are counted up to a bound.
    """

    total: int
    waiting: int
    failed: int


@dataclass(frozen=True, slots=True)
class RecordWithSnapshot:
    """A record with its latest snapshot and that snapshot's body, read together.

    Stores keep most bodies as `text`, a JSON string (`json_bytes.text_of`), and others as `stored_body`.
    """

    record: Record
    snapshot: Snapshot | None
    stored_body: bytes | None = None
    text: bytes | None = None

    @property
    def body(self) -> bytes | None:
        """The bytes of the body."""
        return self.stored_body if self.text is None else body_of(self.text)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The record as it is after `accept`; `accepted` if this very call made its collection due."""

    record: Record
    accepted: bool


class Statement(NamedTuple):
    """A field of a target and its value, as text that is valid UTF-8; `volatile` if it is the shape of a value."""

    field: str
    value: str
    volatile: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """Statements that many targets make, as a site's responses do, none of them twice.

    It equals itself alone: who makes one gives the same object for the same statements, so that stores can remember what
    they know of all of them at once.
    """

    statements: tuple[Statement, ...] = ()


NOTHING_COMMON = Common()


@dataclass(frozen=True, slots=True)
class Statements(Collection[Statement]):
    """Statements of a target: `own` ones, and those in `common` with others, which are of other fields.

    `latest` are those that are kept of the latest snapshot alone: numbers that differ each time.
    """

    own: Sequence[Statement] = ()
    common: Common = NOTHING_COMMON
    latest: Sequence[Statement] = ()

    def __iter__(self) -> Iterator[Statement]:
        return chain(self.own, self.common.statements, self.latest)

    def __len__(self) -> int:
        return len(self.own) + len(self.common.statements) + len(self.latest)

    def __contains__(self, statement: object) -> bool:
        return any(each == statement for each in self)


class Attachment(NamedTuple):
    """Bytes that a snapshot names besides its body, by their SHA-256; None where an earlier snapshot brought them."""

    sha256: str
    content: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PastSnapshot:
    """A snapshot that was not collected here, with its target, its body, and all that is attached to it."""

    target: Target
    snapshot: Snapshot
    body: bytes
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Stored:
    """Outcome: the claim ends in a snapshot. `snapshot.id` is the claim's lease: one claim, at most one snapshot.

    `statements` are those that the snapshot makes; None if they are not known yet. `room` is held for a large body.
    `attachments` are kept once per distinct content, like bodies, for as long as a snapshot names them.
    """

    claim: Record
    snapshot: Snapshot
    body: bytes | None
    statements: Statements | None = None
    room: Room | None = field(default=None, compare=False, repr=False)
    attachments: tuple[Attachment, ...] = ()

    def stating(self, statements: Statements | None) -> Stored:
        """The same with these statements; every collection needs it, and `replace` takes three times as long."""
        return Stored(
            claim=self.claim,
            snapshot=self.snapshot,
            body=self.body,
            statements=statements,
            room=self.room,
            attachments=self.attachments,
        )

    @property
    def shares_body(self) -> bool:
        """Whether the upstream said that the snapshot before still holds: this one shares its body."""
        return self.body is None and self.snapshot.body_sha256 is not None

    @property
    def size(self) -> int:
        """Bytes of the body and of what is attached."""
        return len(self.body or b"") + sum(len(each.content or b"") for each in self.attachments)


@dataclass(frozen=True, slots=True)
class Postponed:
    """Outcome: the claim is handed back, to be tried again at `due_at`; `failure` says why, if anything failed.

    Without `counted` it was not an attempt: the upstream was not called, or there was no room here for its body.
    """

    claim: Record
    due_at: datetime
    failure: Failure | None
    counted: bool = True


@dataclass(frozen=True, slots=True)
class Failed:
    """Outcome: the claim ends in a failure that is answered until `failure.retry_at`.

    `statements` are those that the failure makes; None if they are not known yet.
    """

    claim: Record
    failure: Failure
    statements: Statements | None = None

    def stating(self, statements: Statements | None) -> Failed:
        """The same with these statements."""
        return Failed(claim=self.claim, failure=self.failure, statements=statements)


Outcome = Stored | Postponed | Failed

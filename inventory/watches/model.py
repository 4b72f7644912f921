"""Watches, what they find, and the messages that tell it.

A watch is a query that is collected on a schedule, and the conditions on which it sends a message. A finding is one thing
that a collection of one target showed and a watch is to tell. A message tells all findings of a watch since the one before.

    look      evaluate the new outcomes of a target for all watches (`looking`); those outcomes are `Unseen` before
    find      what was evaluated is kept as findings, and targets get or lose schedules
    owe       a watch with findings that are not told owes a message from a due time on, in the manner of the ledger
    tell      the message is made (`composing`), with a delivery for each destination (`inventory.webhooks`)
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from inventory.limits import Limits
from inventory.records.model import CLOCKS_DIFFER, Record

MIN_EVERY, MAX_EVERY = 60, 31_536_000
"""Seconds between two collections of a target for a watch: a minute to a year."""
MAX_PERSIST = 20
"""Collections in a row for which something must hold before it is told."""
MAX_COOLDOWN = 2_592_000
"""Seconds between two messages of a watch at most: 30 days."""
DEFAULT_COOLDOWN = 300
DEFAULT_EXPIRES_WITHIN, MAX_EXPIRES_WITHIN = 30, 398
"""Days before the end of a certificate. Browsers accept none that is valid for longer than 398 days."""
MAX_NAME = 200
"""Characters of a name."""
MAX_DESTINATIONS = 10
"""Places that the messages of one watch go to."""
MAX_WATCHES = 1_000
"""Each outcome is compared with all of them."""
GATHER = timedelta(seconds=10)
"""How long a message waits for further findings after the first one: what changed on many targets is one message."""
MESSAGE_AHEAD = 2 * CLOCKS_DIFFER
"""No message is due later than so long after the cooldown, not even one that is being made."""
MAX_TOLD_BYTES = 8_000_000
"""Bytes of the findings of one message, as a store keeps them. More of them come in the next one."""
MORE_CHANGES = "*"
"""The field of a change that stands for all that one collection changed besides those that are told each."""
KEPT_COLLECTIONS = 64
"""The latest collections of a target that are remembered, more than any `persist` asks for."""


class On(StrEnum):
    """On what a watch sends a message."""

    CHANGES = "changes"
    ENTERS = "enters"
    LEAVES = "leaves"
    FAILS = "fails"
    RECOVERS = "recovers"
    EXPIRES = "expires"


class SinkKind(StrEnum):
    """Where a message goes."""

    WEBHOOK = "webhook"
    EMAIL = "email"
    FILE = "file"


@dataclass(frozen=True, slots=True)
class Destination:
    """One place that messages go to: the id of a webhook, an e-mail address, or the name of a file."""

    kind: SinkKind
    address: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """A watch as it is kept. `every` and `cooldown` are seconds, `expires_within` days; `every` None: no schedule.

    `fields` is a list of names and patterns as `field=` of changes takes it; empty means all. `limits` are those of the key
    that made it: beyond them it watches nothing. `version` goes up whenever
    `query`, `every` or `paused` changes: schedules of an older version are void. `enrolled` says that all targets which
    match have a schedule of this version; `enrolled_up_to` is the position in the search after which the next ones come.
    `owner` is the id of the key that made it, or resumed it last, "" without one: what is collected for the watch belongs to
    that key, and it is paused when that key ends.
    `changed_at` is the last change by people, a pause or its end too, and `resumed_at` is the end of the latest pause.
    """

    id: str
    name: str
    query: str
    every: int | None
    on: Sequence[On]
    fields: str = ""
    persist: int = 1
    cooldown: int = DEFAULT_COOLDOWN
    expires_within: int = DEFAULT_EXPIRES_WITHIN
    destinations: Sequence[Destination] = ()
    limits: Limits | None = None
    paused: bool = False
    created_at: datetime
    changed_at: datetime
    resumed_at: datetime | None = None
    version: int = 1
    enrolled: bool = False
    enrolled_up_to: tuple[datetime, str] | None = None
    messages: int = 0
    last_message_at: datetime | None = None
    owner: str = ""

    @property
    def begun_at(self) -> datetime:
        """Since when it tells what happens: since it was made, or the end of its latest pause."""
        return self.resumed_at or self.created_at


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a target is to be collected next for a watch; `version` is that of the watch."""

    watch_id: str
    record_id: str
    due_at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Collection:
    """How one collection of a target ended: `failed` without a snapshot."""

    at: datetime
    failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A target with outcomes that no watch has looked at: the last `new` ones of its `collections`, the oldest first.

    `tagged_at` is when people first changed its labels since, None if they have not. `mark` names this state:
    `Outcomes.seen` takes effect only while it is so.
    """

    record: Record
    collections: Sequence[Collection]
    new: int
    tagged_at: datetime | None
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one collection of a target showed that a watch is to tell.

    `field`, `old` and `new` are those of a change (`changes`; see `MORE_CHANGES`), `failure` with its code (`fails`,
    `recovers`), `tls.not_after` with its date (`expires`), and empty for `enters` and `leaves`. `before` is the collection
    that showed the old values last. Of many values the first are kept, and the last one says so. `watch_id`, `record_id`,
    `on`, `field` and `at` together are its identity, with the date in place of `at` for `expires`: it is kept once.
    """

    watch_id: str
    record_id: str
    on: On
    at: datetime
    field: str = ""
    old: Sequence[str] = ()
    new: Sequence[str] = ()
    before: datetime | None = None

    @property
    def id(self) -> str:
        """32 hexadecimal digits that follow from its identity."""
        when = self.at.astimezone(UTC).isoformat(timespec="milliseconds")
        if self.on is On.EXPIRES:
            when = "\n".join(self.new)
        parts = self.watch_id, self.record_id, self.on.value, when, self.field
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """Whether a target is to have a schedule of a watch: it matches the query now, or something is to be confirmed.

    `due_at` is when it is to be collected if it has no schedule yet, and `sooner` an instant that may be before its next
    one: a change is to be confirmed.
    """

    watch_id: str
    version: int
    matches: bool
    due_at: datetime | None = None
    sooner: datetime | None = None

    @property
    def starts_at(self) -> datetime | None:
        """When a new schedule is due."""
        return min((each for each in (self.due_at, self.sooner) if each is not None), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What all watches made of the unseen outcomes of a target.

    `broken`: a fault of ours kept one of them from it. So the outcomes stay new, and come again with the next one.
    """

    unseen: Unseen
    findings: Sequence[Finding] = ()
    memberships: Sequence[Membership] = ()
    broken: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposingClaim:
    """The right to make the next message of a watch: of all findings that none has told, up to a limit."""

    watch: Watch
    lease: str
    fence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Findings that say the same of so many targets. `count` is that of the findings, and `samples` are a few of them.

    All of it came after `since`: this is when a target was last collected before any of it.
    """

    on: On
    field: str
    old: Sequence[str]
    new: Sequence[str]
    count: int
    targets: int
    since: datetime
    first_at: datetime
    last_at: datetime
    samples: Sequence[Finding]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What a watch tells at once. `number` counts the messages of a watch from 1; `payload` is the JSON that is delivered.

    `id` is the `webhook-id` of every delivery of it. It has `more_groups` besides the `groups` that are kept.
    """

    id: str
    watch_id: str
    number: int
    created_at: datetime
    findings: int
    targets: int
    groups: Sequence[Group] = field(default=())
    more_groups: int = 0
    payload: bytes = b""


def swept(schedules: Sequence[Schedule], active: Sequence[Watch], now: datetime) -> tuple[list[Schedule], list[Schedule]]:
    """Of these schedules those that are void, and those that were due much too late, as they are to be."""
    watches = {(each.id, each.version): each for each in active}
    void: list[Schedule] = []
    late: list[Schedule] = []
    for each in schedules:
        watch = watches.get((each.watch_id, each.version))
        if watch is None:
            void.append(each)
        elif (right := on_time(each, watch.every or MAX_EVERY, now)) != each:
            late.append(right)
    return void, late


def message_id(watch_id: str, number: int) -> str:
    """The id of a message of a watch, 32 hexadecimal digits: a message is found by its number."""
    return hashlib.sha256(f"message\n{watch_id}\n{number}".encode()).hexdigest()[:32]


def message_due_at(watch: Watch, now: datetime) -> datetime:
    """When a message of what was found at `now` is due: `GATHER` later, or when the cooldown is over, if that is later."""
    gathered, last = now + GATHER, watch.last_message_at
    if last is None:
        return gathered
    is_ahead = last > now + CLOCKS_DIFFER  # it was noted by a clock that was ahead
    return max(gathered, (now if is_ahead else last) + timedelta(seconds=watch.cooldown))


def is_owed_late(watch: Watch, due_at: datetime, now: datetime) -> bool:
    """Whether a message was put off, or its watch was leased, by a clock that was ahead: so it is due now."""
    return due_at > now + timedelta(seconds=watch.cooldown) + MESSAGE_AHEAD


def on_time(schedule: Schedule, every: int, now: datetime) -> Schedule:
    """The schedule, due within its period of `every` seconds: a clock that was ahead may have made it due much later."""
    period, late = timedelta(seconds=every), schedule.due_at - now
    return schedule if late <= period + CLOCKS_DIFFER else replace(schedule, due_at=now + late % period)

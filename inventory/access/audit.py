"""The audit: who did what, to what, and with which outcome. Entries are added, and removed when they are old."""

from __future__ import annotations

import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from threading import Lock

import structlog

from inventory import listing
from inventory.access import current
from inventory.access.model import AuditEntry, Caller, Mode
from inventory.access.ports import Audit
from inventory.clock import Clock, rfc3339
from inventory.errors import InventoryError
from inventory.instants import invalid, read_instant
from inventory.masking import Masking
from inventory.records.model import Target

log = structlog.get_logger(__name__)

DONE = "done"
WEBPAGE = "webpage"
"""The source whose routes are called `metadata`."""
LOOK_UP = "look_up"
"""The verb of a lookup that accepted a collection. Its noun is `metadata` or the source."""
KEPT, LOST, SKIPPED = "kept", "lost", "skipped"
"""What becomes of an entry: the store has it, or only the log, or it was one failure too many of its caller."""
MAX_FAILURES, FAILURES_WITHIN = 60, 60.0
"""Entries of what one caller was refused or failed at, in so many seconds and in one process: more tell nothing new."""
MAX_CALLERS = 1_024
"""Callers whose failures are counted."""
MAX_TARGET = 2_048
"""Characters of a target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFilter:
    """Entries of a key's id, of an address, of an action or of all that begin so, and of a time; see `ports.Audit`."""

    key_id: str | None = None
    address: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def chosen(
    now: datetime,
    *,
    key: str | None = None,
    address: str | None = None,
    action: str | None = None,
    since: str | None = None,
    until: str | None = None,
) -> AuditFilter:
    """What the texts of parameters choose at `now`; `InvalidRequest` names the first that means nothing."""
    begin = None if since is None else read_instant("since", since, now)
    end = None if until is None else read_instant("until", until, now)
    if begin is not None and end is not None and end <= begin:
        raise invalid("until", "It is not after `since`. Send a later instant.")
    return AuditFilter(key_id=key, address=address, action=action, since=begin, until=end)


class AuditService:
    """Keeps who did what. What cannot be kept is logged: what was done is done, and is answered all the same.

    `count` counts entries by what becomes of them. `ticks` is a monotonic clock.
    """

    def __init__(
        self,
        audit: Audit,
        masking: Masking,
        *,
        mode: Mode,
        clock: Clock,
        count: Callable[[str, int], object] = lambda _result, _number: None,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._audit, self._masking = audit, masking
        self.keeps_lookups = mode is not Mode.OPEN
        self.clock, self._count = clock, count
        self._failures = _Failures(ticks)

    def note(self, caller: Caller, action: str, target: str, *, outcome: str = DONE, request_id: str) -> None:
        """Keep that a caller did something, or tried to, durably before it returns; of many failures some."""
        if outcome != DONE and not self._failures.admit(caller.owner):
            self._count(SKIPPED, 1)
            return
        self._keep([self._entry(caller, action, target, outcome, request_id)])

    def note_lookup(self, target: Target) -> None:
        """Keep that the lookup which this thread answers accepted a collection, if there is such a lookup."""
        if self.keeps_lookups and (made_by := current.caller()) is not current.NOBODY:
            request_id = structlog.contextvars.get_contextvars().get("request_id", "")
            self.note_lookups([(made_by, target, request_id)])

    def note_lookups(self, made: Sequence[tuple[Caller, Target, str]]) -> None:
        """Keep together lookups that accepted a collection: of each the caller, what it was of, and the request's id."""
        if made and self.keeps_lookups:
            self._keep([self._entry(who, _look_up_of(target), target.key, DONE, name) for who, target, name in made])

    def listing(self, chosen: AuditFilter, *, limit: int, after: listing.Key | None) -> Sequence[AuditEntry]:
        """Entries by (at, id), newest first, those after the position `after`."""
        return self._audit.listing(**asdict(chosen), limit=limit, after=after)

    def _entry(self, caller: Caller, action: str, target: str, outcome: str, request_id: str) -> AuditEntry:
        key = caller.key
        return AuditEntry(
            id=secrets.token_hex(16),
            at=self.clock(),
            action=action,
            target=self._masking(target[:MAX_TARGET]),
            outcome=outcome,
            request_id=request_id,
            address=caller.address,
            key_id=None if key is None else key.id,
            key_name=None if key is None else key.name,
            user=None if caller.user is None else self._masking(caller.user),
        )

    def _keep(self, entries: Sequence[AuditEntry]) -> None:
        try:
            self._audit.add(entries)
        except InventoryError as error:
            self._count(LOST, len(entries))
            for entry in entries:
                log.error("audit_not_kept", error=str(error), **asdict(entry) | {"at": rfc3339(entry.at)})
        else:
            self._count(KEPT, len(entries))


def _look_up_of(target: Target) -> str:
    return f"{'metadata' if target.source == WEBPAGE else target.source}.{LOOK_UP}"


class _Failures:
    """Admits `MAX_FAILURES` of each caller, all those without a key together, within `FAILURES_WITHIN` seconds."""

    def __init__(self, ticks: Callable[[], float]) -> None:
        self._ticks = ticks
        self._lock = Lock()
        self._counted: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def admit(self, owner: str) -> bool:
        """Whether one more failure of a caller is kept."""
        now = self._ticks()
        with self._lock:
            began, count = self._counted.pop(owner, (now, 0))
            if now - began >= FAILURES_WITHIN:
                began, count = now, 0
            self._counted[owner] = began, count + 1
            if len(self._counted) > MAX_CALLERS:
                self._counted.popitem(last=False)
        return count < MAX_FAILURES

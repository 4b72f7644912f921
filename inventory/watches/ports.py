"""What watches need of a store: each method is one atomic statement in domain words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from inventory.listing import Key
from inventory.observations.model import Condition, FoundTarget, Matcher, Observation
from inventory.watches.model import MAX_TOLD_BYTES, ComposingClaim, Finding, Looked, Message, Schedule, Unseen, Watch
from inventory.webhooks.model import Delivery


class ObservedTargets(Protocol):
    """What targets state and stated: a part of what observations need of a store, see there."""

    def search(self, condition: Condition, *, at: datetime | None, limit: int, after: Key | None) -> Sequence[FoundTarget]:
        """The targets that a condition holds for, now or at an instant, by (instant, id), newest first, after a position."""

    def shown(
        self, record_ids: Sequence[str], fields: Sequence[Matcher], *, at: datetime | None
    ) -> Mapping[str, Sequence[Observation]]:
        """The state of up to 1,000 records, by id."""

    def intervals(self, since: Mapping[str, datetime]) -> Mapping[str, Sequence[Observation]]:
        """For each of up to 1,000 record ids, all observations that held at an instant or later."""

    def unindexed(self, *, limit: int, after: str = "") -> Sequence[str]:
        """The ids of records that a search may not find yet, those after an id."""


class Watches(Protocol):
    """The watches themselves. While any that is not paused exists, each outcome and each change of labels is remembered."""

    def add(self, watch: Watch, *, at_most: int) -> Watch | None:
        """Keep a new watch; None if there are `at_most` already. A watch of the same name is returned instead, unchanged."""

    def find(self, watch_id: str) -> Watch | None:
        """The watch, or None."""

    def named(self, name: str) -> Watch | None:
        """The watch of this name, or None."""

    def listing(self, *, limit: int, after: Key | None) -> Sequence[Watch]:
        """Watches by (created_at, id), newest first, those after `after`."""

    def active(self) -> Sequence[Watch]:
        """All that are not paused, the oldest first."""

    def replace(self, seen: Watch, watch: Watch) -> bool:
        """Keep what people set of a watch, if it has not been replaced since it was `seen`; False otherwise.

        What is owed and told of it stays as it is, but for when a message is due after another cooldown. False also if
        another watch has the name.
        """

    def delete(self, watch_id: str) -> bool:
        """Remove the watch, what it owes, its messages and their deliveries; False if there is none.

        Its schedules are void from then on, and are removed later.
        """


class Schedules(Protocol):
    """When targets are to be collected for watches."""

    def enrol(self, watch: Watch, schedules: Sequence[Schedule], *, up_to: Key | None) -> bool:
        """Give up to 1,000 targets a schedule, and note how far that has come: `up_to` None if these are the last ones.

        One that a target has already of this version stays. False, and nothing happens, if the version is another by now.
        """

    def due(self, *, now: datetime, limit: int) -> Sequence[Schedule]:
        """Up to `limit` schedules that are due, the oldest first; with them come those that are void.

        The record of one may be gone.
        """

    def advance(self, schedules: Sequence[Schedule]) -> None:
        """Let each of these be due at its new `due_at`; one that is gone or of another version stays as it is."""

    def remove(self, schedules: Sequence[Schedule]) -> None:
        """Remove these, where they are still of the same version."""

    def sweep(self, *, after: str, limit: int, now: datetime) -> str:
        """Remove those among the `limit` next ones after an id whose watch is gone, paused or of another version.

        Of the others, those that a clock that was ahead made due too late get `on_time`. Returns where the next call goes
        on, "" after the last one.
        """

    def counts(self, watch_ids: Sequence[str]) -> Mapping[str, int]:
        """How many targets have a schedule of each watch."""


class Outcomes(Protocol):
    """Outcomes of collections that watches are to look at. `Records.settle` and tagging write them."""

    def unseen(self, *, limit: int) -> Sequence[Unseen]:
        """Up to `limit` targets with such outcomes, the longest unseen first; only those whose observations are indexed."""

    def seen(self, looked: Sequence[Looked], *, now: datetime) -> Sequence[bool]:
        """Note that all watches have looked: keep the findings, make the schedules so, and forget what was unseen.

        False of each target that has had another outcome since, or that somebody else was quicker to look at: nothing counts
        then. A watch with a new finding owes a message at `message_due_at`. What is for a watch that is gone, or of another
        version, is left out. What is unseen of a target whose look is `broken` is not forgotten: `unseen` returns it again
        after the next outcome, or change of labels, of that target.
        """

    def forget(self, *, limit: int) -> int:
        """Forget up to `limit` unseen outcomes of before the first active watch, or all while there is none; how many."""


class Messages(Protocol):
    """Findings that are owed, and the messages that told them."""

    def claim(self, *, now: datetime, lease_for: timedelta) -> ComposingClaim | None:
        """Lease a watch whose message is due, or `is_owed_late`, or whose lease is over; None if there is none."""

    def owed(self, claim: ComposingClaim, *, limit: int, max_bytes: int = MAX_TOLD_BYTES) -> Sequence[Finding]:
        """The oldest findings of the watch that no message has told; only these belong to the message of this claim.

        Up to `limit`, and no more of them than take `max_bytes` in the store, but for the first. Empty if the claim is lost;
        or if nothing is owed any more, which ends the claim.
        """

    def commit(self, claim: ComposingClaim, message: Message, deliveries: Sequence[Delivery], *, now: datetime) -> bool:
        """Keep the message and its deliveries, and note that it told what `owed` returned. False if the claim is lost.

        If more is owed, the next message is due when the cooldown is over. Committing the same again (a lost reply) is
        harmless, and True.
        """

    def listing(self, watch_id: str, *, limit: int, after: Key | None) -> Sequence[Message]:
        """Messages of a watch by (created_at, id), newest first, without payload."""

    def find(self, message_id: str) -> Message | None:
        """A message with its payload, or None."""

    def findings(self, message_id: str, *, limit: int, after: Key | None) -> Sequence[Finding]:
        """What it told, by (at, id), newest first."""

    def retire(self, *, before: datetime, limit: int) -> int:
        """Remove messages that were made before and have no delivery that goes on, with all of theirs.

        Also what the removal of a watch left that was cut short. Some `limit` findings, messages and deliveries at a time,
        so that others need not wait for long; how many that were, 0 if nothing is left.
        """

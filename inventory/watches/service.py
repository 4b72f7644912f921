"""Making, changing and trying watches, and what they have told."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from secrets import token_hex

from inventory import optimistic
from inventory.clock import Clock
from inventory.errors import InvalidRequest, NameTaken, NotFound, QueryTooBroad, TooManyWatches, UnknownWatch
from inventory.limits import Limits, within
from inventory.listing import Key
from inventory.slots import Slots
from inventory.watches.destinations import NamedWebhooks
from inventory.watches.model import MAX_WATCHES, Destination, Finding, Message, SinkKind, Watch, message_id
from inventory.watches.parsing import parsed
from inventory.watches.ports import Messages, Schedules, Watches
from inventory.watches.rehearsal import Rehearsal, Rehearser
from inventory.watches.settings import WatchSettings, changed, read_settings, scheduled_again, settings_of
from inventory.webhooks.model import Delivery
from inventory.webhooks.service import WebhookService

TESTS_WAIT, TESTS_ADMITTED = 10.0, 4
"""One process tests one watch at a time: for how many seconds others wait, and how many requests there are with them."""
MAX_DAYS = 90
"""Days that a test looks back at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A watch as it is kept, and the secrets of webhooks that were made for it, by id: they are not shown again."""

    watch: Watch
    secrets: Mapping[str, str] = field(repr=False)


class WatchService:
    """The watches. Every method may raise `StorageUnavailable`, and `UnknownWatch` where it takes a watch's id."""

    def __init__(
        self,
        watches: Watches,
        schedules: Schedules,
        messages: Messages,
        webhooks: WebhookService,
        rehearser: Rehearser,
        *,
        has_mail: bool,
        clock: Clock,
        owner: Callable[[], str] = lambda: "",
    ) -> None:
        """`owner` tells who makes a watch in this thread."""
        self._watches, self._schedules, self._messages = watches, schedules, messages
        self._webhooks, self._named, self._rehearser = webhooks, NamedWebhooks(webhooks), rehearser
        self._has_mail = has_mail
        self._tests = Slots(1, max_wait=TESTS_WAIT, admitted=TESTS_ADMITTED)
        self._clock = clock
        self._owner = owner

    def create(self, settings: WatchSettings, limits: Limits | None = None) -> Made:
        """A new watch, which watches nothing beyond limits. A URL that no webhook has makes one.

        With limits, of the webhooks that exist only those may be named that watches within them use: `OutOfScope`.
        `InvalidRequest` and `InvalidQuery` on what is not valid; `InvalidUrl`, a kind of it, `UnknownWebhook` or
        `TooManyWebhooks` on a webhook; `QueryTooBroad`, or `TooManyRequests` while too many search; `NameTaken`, and
        `TooManyWatches`.
        """
        new = replace(self._read(settings, token_hex(16), limits), owner=self._owner())
        self._check_name(new)
        secrets: dict[str, str] = {}
        with self._named.removing_if_refused(secrets):
            kept = self._watches.add(self._named.resolved(new, (), secrets, self._usable(limits)), at_most=MAX_WATCHES)
            if kept is None:
                raise TooManyWatches(f"There are {MAX_WATCHES:,} watches, and no more are kept. Delete one first.")
            if kept.id != new.id:
                raise _name_taken(new)
        return Made(watch=kept, secrets=secrets)

    def check(self, settings: WatchSettings) -> WatchSettings:
        """The settings as they would be kept, but for webhooks, which stay as they are; nothing is made."""
        return settings_of(self._read(settings, ""))

    def find(self, watch_id: str, limits: Limits | None = None) -> Watch:
        """The watch as it stands. One that may reach what is beyond limits is as unknown as one that does not exist."""
        watch = self._watches.find(watch_id)
        if watch is None or not within(watch.limits, limits):
            raise UnknownWatch(f"There is no watch {watch_id}; /api/v1/watches and `inventory watch list` list all.")
        return watch

    def named(self, name: str) -> Watch:
        """The watch of this name."""
        watch = self._watches.named(name.strip())
        if watch is None:
            raise UnknownWatch(
                f"There is no watch of the name {name.strip()}; /api/v1/watches and `inventory watch list` list all."
            )
        return watch

    def listing(self, *, limit: int, after: Key | None) -> Sequence[Watch]:
        """Watches by (created_at, id), newest first, those that follow `after`."""
        return self._watches.listing(limit=limit, after=after)

    def scheduled(self, watches: Sequence[Watch]) -> Mapping[str, int]:
        """How many targets each of these collects, by id. A million of them take some 50 ms to count."""
        return self._schedules.counts([each.id for each in watches if each.every is not None and not each.paused])

    def change(self, watch_id: str, change: Callable[[WatchSettings], WatchSettings], limits: Limits | None = None) -> Made:
        """Change what is set of a watch, whatever others do to it at the same time; raises what `create` does.

        `limits` are those of who changes it, and do not become those of the watch.
        """
        secrets: dict[str, str] = {}
        usable = self._usable(limits)

        def with_webhooks(seen: Watch) -> Watch:
            new = self._read(change(settings_of(seen)), seen.id, seen.limits, seen)
            self._check_name(new)
            return changed(seen, self._named.resolved(new, seen.destinations, secrets, usable))

        with self._named.removing_if_refused(secrets):
            return Made(watch=self._replace(watch_id, with_webhooks), secrets=secrets)

    def pause(self, watch_id: str) -> Watch:
        """Let a watch look at nothing and collect nothing. What it owes is still told."""
        return self._replace(watch_id, lambda seen: self._paused(seen, paused=True))

    def resume(self, watch_id: str) -> Watch:
        """Let a watch that was paused look and collect again, for who resumes it. What happened meanwhile is not told."""
        return self._replace(watch_id, lambda seen: self._paused(seen, paused=False))

    def pause_orphans(self, has_ended: Callable[[str], bool]) -> Sequence[Watch]:
        """Pause the watches of keys that have ended, and which these are. `has_ended` says whether a key has, by its id."""
        active = [each for each in self._watches.active() if each.owner]
        ended = {owner for owner in {each.owner for each in active} if has_ended(owner)}

        def orphaned(seen: Watch) -> Watch:
            return self._paused(seen, paused=True) if seen.owner in ended else seen

        found = [each for each in active if each.owner in ended]
        for each in found:
            with suppress(UnknownWatch):
                self._replace(each.id, orphaned)
        return found

    def delete(self, watch_id: str) -> None:
        """Remove a watch, its messages and their deliveries. Webhooks stay."""
        if not self._watches.delete(watch_id):
            self.find(watch_id)

    def test(self, watch_id: str, *, days: int) -> Rehearsal:
        """What it would have told of the last days, as far as that can be seen in some seconds; nothing is sent.

        `TooManyRequests` while others are being tested.
        """
        if not 1 <= days <= MAX_DAYS:
            raise InvalidRequest("`days` is not valid.", {"days": [f"Send a whole number, 1 to {MAX_DAYS}."]})
        watch = parsed(self.find(watch_id))
        with self._tests.one("Other watches are being tested."), _naming_the_query():
            return self._rehearser.rehearse(watch, days=days)

    def messages(self, watch_id: str, *, limit: int, after: Key | None) -> Sequence[Message]:
        """Messages of a watch by (created_at, id), newest first, those that follow `after`; without payload."""
        return self._messages.listing(self.find(watch_id).id, limit=limit, after=after)

    def message(self, watch_id: str, number: int) -> Message:
        """A message with its payload; `NotFound` if there is none of this number, or none any more."""
        found = self._messages.find(message_id(self.find(watch_id).id, number))
        if found is None:
            path = f"/api/v1/watches/{watch_id}/messages"
            raise NotFound(f"There is no message {number} of this watch, or it is not kept any more; {path} lists all.")
        return found

    def findings(self, watch_id: str, number: int, *, limit: int, after: Key | None) -> Sequence[Finding]:
        """What a message told, by (at, id), newest first, those that follow `after`."""
        return self._messages.findings(self.message(watch_id, number).id, limit=limit, after=after)

    def deliveries(self, message: Message) -> Sequence[Delivery]:
        """How a message was delivered to each destination."""
        return self._webhooks.deliveries_of(message.id)

    def again(self, watch_id: str, number: int, delivery_id: str) -> Delivery:
        """Send a message to one of its destinations again, with the same id.

        `NotFound`; of a webhook `UnknownWebhook` if it was removed, and `WebhookDisabled`.
        """
        for each in self.deliveries(self.message(watch_id, number)):
            if each.id == delivery_id:
                return self._webhooks.send_again(each)
        path = f"/api/v1/watches/{watch_id}/messages/{number}"
        raise NotFound(f"There is no delivery {delivery_id} of this message; {path} lists all.")

    def _read(
        self, settings: WatchSettings, watch_id: str, limits: Limits | None = None, seen: Watch | None = None
    ) -> Watch:
        """The watch of these settings. A query that the watch as `seen` collects for already is not tried again."""
        watch = read_settings(settings, watch_id, self._clock(), limits)
        is_tried = seen is not None and seen.every is not None and seen.query == watch.watch.query
        if watch.watch.every is not None and not is_tried:
            with _naming_the_query():
                self._rehearser.try_query(watch)
        if not self._has_mail and any(each.kind is SinkKind.EMAIL for each in settings.destinations):
            reason = "There is no mail server. The operator sets INVENTORY_SMTP_URL."
            raise InvalidRequest(reason, {SinkKind.EMAIL.value: [reason]})
        return watch.watch

    def _usable(self, limits: Limits | None) -> Set[Destination] | None:
        """Where watches within limits send messages: who has these limits knows no other webhooks. None without limits."""
        if limits is None:
            return None
        watches = self._watches.listing(limit=MAX_WATCHES, after=None)
        return {place for each in watches if within(each.limits, limits) for place in each.destinations}

    def _check_name(self, watch: Watch) -> None:
        """`NameTaken` if another watch has the name."""
        found = self._watches.named(watch.name)
        if found is not None and found.id != watch.id:
            raise _name_taken(watch)

    def _paused(self, seen: Watch, *, paused: bool) -> Watch:
        if seen.paused is paused:
            return seen
        now = self._clock()
        changed = replace(seen, paused=paused, changed_at=now)
        return scheduled_again(changed if paused else replace(changed, resumed_at=now, owner=self._owner()))

    def _replace(self, watch_id: str, change: Callable[[Watch], Watch]) -> Watch:
        """Change a watch as it stands, whatever others do to it at the same time."""
        return optimistic.change(
            lambda: self.find(watch_id),
            change,
            self._watches.replace,
            revision=lambda watch: (watch.changed_at, watch.version, settings_of(watch)),
            refused=_name_taken,
        )


@contextmanager
def _naming_the_query() -> Iterator[None]:
    """The query that is too broad is that of a watch."""
    try:
        yield
    except QueryTooBroad as error:
        error.errors = {"query": [str(error)]}
        raise


def _name_taken(watch: Watch) -> NameTaken:
    return NameTaken(f"Another watch has the name {watch.name}. Choose another name, or change that watch.")

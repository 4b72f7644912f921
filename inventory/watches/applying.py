"""Making the watches as a file of them says: what is to be done first, then doing it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import starmap
from typing import Any

from inventory.errors import InvalidRequest, InventoryError, StorageUnavailable, UnknownWatch
from inventory.listing import Key
from inventory.watches.members import members_of
from inventory.watches.model import Destination, SinkKind, Watch
from inventory.watches.service import WatchService
from inventory.watches.settings import WatchSettings, settings_of
from inventory.webhooks.model import ID, MAX_WEBHOOKS
from inventory.webhooks.service import WebhookService

AT_ONCE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptWatch:
    """A watch as it is kept, and its settings as a file has them."""

    watch: Watch
    settings: WatchSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedWatch:
    """A watch that is to have other settings; `members` are those that differ, each with its old and its new value."""

    kept: KeptWatch
    settings: WatchSettings
    members: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be done; `unchanged` watches are as they should be already."""

    new: Sequence[WatchSettings]
    changed: Sequence[ChangedWatch]
    removed: Sequence[KeptWatch]
    unchanged: int

    @property
    def is_empty(self) -> bool:
        """Whether nothing is to be done."""
        return not (self.new or self.changed or self.removed)


def plan(kept: Sequence[KeptWatch], wanted: Sequence[WatchSettings]) -> Plan:
    """What is to be done so that the wanted watches are kept and no others. Watches are told apart by their names."""
    known = {each.settings.name: each for each in kept}
    names = {each.name for each in wanted}
    pairs = [(known[each.name], each) for each in wanted if each.name in known]
    changed = [each for each in starmap(_changed, pairs) if each.members]
    return Plan(
        new=[each for each in wanted if each.name not in known],
        changed=changed,
        removed=[each for each in kept if each.settings.name not in names],
        unchanged=len(pairs) - len(changed),
    )


class WatchApplier:
    """Compares the watches with those that are wanted, and makes them so."""

    def __init__(self, watches: WatchService, webhooks: WebhookService) -> None:
        self._watches, self._webhooks = watches, webhooks

    def kept(self) -> Sequence[KeptWatch]:
        """All watches by their names."""
        urls = {each.id: each.url for each in self._webhooks.listing(limit=MAX_WEBHOOKS, after=None)}

        def url_of(webhook_id: str) -> str:
            return urls.get(webhook_id, webhook_id)  # it was removed, and the watch still names it

        found = [KeptWatch(watch=each, settings=self._with_urls(settings_of(each), url_of)) for each in self._all()]
        return sorted(found, key=lambda each: each.settings.name)

    def plan(self, wanted: Sequence[WatchSettings]) -> Plan:
        """What is to be done. `InvalidRequest` names the watch that could not be made, and why."""
        return plan(self.kept(), [self._checked(each) for each in wanted])

    def apply(self, plan: Plan) -> Iterator[Mapping[str, str]]:
        """Do it, a watch at each step, which tells the secrets of webhooks that it made, by id: they are not shown again.

        Where it ends with an error, applying the file again does the rest.
        """
        for gone in plan.removed:
            try:
                self._watches.delete(gone.watch.id)
            except UnknownWatch:  # somebody else has removed it meanwhile
                continue
        for each in plan.changed:
            yield self._watches.change(each.kept.watch.id, _always(each.settings)).secrets
        for settings in plan.new:
            yield self._watches.create(settings).secrets

    def _all(self) -> Iterator[Watch]:
        after: Key | None = None
        while some := self._watches.listing(limit=AT_ONCE, after=after):
            yield from some
            after = some[-1].created_at, some[-1].id

    def _checked(self, settings: WatchSettings) -> WatchSettings:
        try:
            return self._with_urls(self._watches.check(settings), self._webhooks.url_of)
        except StorageUnavailable:
            raise
        except InventoryError as error:
            errors = error.errors if isinstance(error, InvalidRequest) else None
            raise InvalidRequest(f"The watch {settings.name}: {error}", errors) from error

    def _with_urls(self, settings: WatchSettings, url_of: Callable[[str], str]) -> WatchSettings:
        """The settings with URLs in place of the ids of webhooks, which other inventories do not know."""
        destinations = [
            Destination(each.kind, url_of(each.address)) if each.kind is SinkKind.WEBHOOK else each
            for each in settings.destinations
        ]
        return replace(settings, destinations=list(dict.fromkeys(destinations)))


def exported(kept: Sequence[KeptWatch]) -> tuple[Sequence[WatchSettings], Sequence[str]]:
    """The watches as a file of them has them, and what was left out of it."""
    watches: list[WatchSettings] = []
    left_out: list[str] = []
    for each in kept:
        settings, removed = _without_removed_webhooks(each.settings)
        watches.append(settings)
        left_out += [f"{settings.name}: left out the webhook {webhook}, which was removed" for webhook in removed]
        if each.watch.limits is not None:
            limits = ", ".join(each.watch.limits.texts)
            left_out.append(f"{settings.name}: left out its limits to {limits}, which only its key can make")
    return watches, left_out


def _without_removed_webhooks(settings: WatchSettings) -> tuple[WatchSettings, Sequence[str]]:
    """The settings of a kept watch without the webhooks that were removed, and the ids of these: they have no URL."""
    removed = [each for each in settings.destinations if each.kind is SinkKind.WEBHOOK and ID.fullmatch(each.address)]
    left = [each for each in settings.destinations if each not in removed]
    return replace(settings, destinations=left), [each.address for each in removed]


def _changed(before: KeptWatch, after: WatchSettings) -> ChangedWatch:
    old, new = members_of(before.settings), members_of(after)
    return ChangedWatch(
        kept=before,
        settings=after,
        members={name: (old[name], new[name]) for name in new if old[name] != new[name]},
    )


def _always(settings: WatchSettings) -> Callable[[WatchSettings], WatchSettings]:
    return lambda _: settings

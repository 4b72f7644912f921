"""What people set of a watch, and whether that can be."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from inventory.errors import InvalidRequest
from inventory.limits import Limits
from inventory.watches.model import (
    DEFAULT_COOLDOWN,
    DEFAULT_EXPIRES_WITHIN,
    MAX_COOLDOWN,
    MAX_DESTINATIONS,
    MAX_EVERY,
    MAX_EXPIRES_WITHIN,
    MAX_NAME,
    MAX_PERSIST,
    MIN_EVERY,
    Destination,
    On,
    SinkKind,
    Watch,
)
from inventory.watches.parsing import ParsedWatch, parsed
from inventory.webhooks.model import EMAIL_ADDRESS, FILE_NAME

RANGES = (
    ("persist", 1, MAX_PERSIST, "a whole number of collections"),
    ("cooldown", 0, MAX_COOLDOWN, "whole seconds"),
    ("expires_within", 1, MAX_EXPIRES_WITHIN, "whole days"),
)
"""Members that are numbers, with their bounds and what they count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """What people set of a watch, see `Watch`. The address of a webhook is its id, or a URL."""

    name: str
    query: str
    every: int | None = None
    on: Sequence[On] = (On.CHANGES,)
    fields: str = ""
    persist: int = 1
    cooldown: int = DEFAULT_COOLDOWN
    expires_within: int = DEFAULT_EXPIRES_WITHIN
    destinations: Sequence[Destination] = ()


def settings_of(watch: Watch) -> WatchSettings:
    """What people have set of a watch."""
    return WatchSettings(
        name=watch.name,
        query=watch.query,
        every=watch.every,
        on=watch.on,
        fields=watch.fields,
        persist=watch.persist,
        cooldown=watch.cooldown,
        expires_within=watch.expires_within,
        destinations=watch.destinations,
    )


def read_settings(settings: WatchSettings, watch_id: str, now: datetime, limits: Limits | None = None) -> ParsedWatch:
    """A new watch of these settings; `InvalidRequest` names all that is wrong, `InvalidQuery` what in `query` or `fields`.

    The destinations are as they were given.
    """
    errors: dict[str, list[str]] = {}
    for name, reason in _problems(settings):
        errors.setdefault(name, []).append(reason)
    if errors:
        raise InvalidRequest("The watch is not valid: the member `errors` says why.", errors)
    return parsed(
        Watch(
            id=watch_id,
            name=settings.name.strip(),
            query=settings.query,
            every=settings.every,
            on=tuple(each for each in On if each in settings.on),
            fields=settings.fields,
            persist=settings.persist,
            cooldown=settings.cooldown,
            expires_within=settings.expires_within,
            destinations=tuple(dict.fromkeys(settings.destinations)),
            limits=limits,
            created_at=now,
            changed_at=now,
        )
    )


def changed(watch: Watch, new: Watch) -> Watch:
    """The watch with what was set anew. Its targets get their schedules again where these may differ."""
    together = replace(
        new,
        id=watch.id,
        paused=watch.paused,
        created_at=watch.created_at,
        resumed_at=watch.resumed_at,
        version=watch.version,
        enrolled=watch.enrolled,
        enrolled_up_to=watch.enrolled_up_to,
        messages=watch.messages,
        last_message_at=watch.last_message_at,
        owner=watch.owner,
    )
    if settings_of(together) == settings_of(watch):
        return watch
    is_scheduled_alike = (watch.query, watch.every) == (new.query, new.every)
    return together if is_scheduled_alike else scheduled_again(together)


def scheduled_again(watch: Watch) -> Watch:
    """The next version of a watch, so that the schedules of the one before are void."""
    return replace(watch, version=watch.version + 1, enrolled=False, enrolled_up_to=None)


def _problems(settings: WatchSettings) -> Iterator[tuple[str, str]]:
    """What is wrong, each with the name of its member."""
    name = settings.name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        yield "name", f"Send a name of 1 to {MAX_NAME} printable characters."
    if settings.every is not None and not MIN_EVERY <= settings.every <= MAX_EVERY:
        yield "every", f"Send whole seconds, {MIN_EVERY} to {MAX_EVERY:,}; or null to collect nothing for this watch."
    if not settings.on:
        yield "on", f"Send one of these at least: {', '.join(On)}."
    for member, minimum, maximum, unit in RANGES:
        if not minimum <= getattr(settings, member) <= maximum:
            yield member, f"Send {unit}, {minimum} to {maximum:,}."
    if len(settings.destinations) > MAX_DESTINATIONS:
        kind = settings.destinations[MAX_DESTINATIONS].kind
        yield kind.value, f"The messages of a watch go to {MAX_DESTINATIONS} places at most."
    for each in settings.destinations:
        yield from _problems_of(each)


def _problems_of(destination: Destination) -> Iterator[tuple[str, str]]:
    kind, address = destination.kind, destination.address
    if kind is SinkKind.EMAIL and not EMAIL_ADDRESS.fullmatch(address):
        yield kind.value, "Send an e-mail address, such as team@example.com, without a name."
    if kind is SinkKind.FILE and not FILE_NAME.fullmatch(address):
        yield kind.value, "Send the name of a file without a path: up to 64 of a-z, 0-9, '.', '_' and '-'."

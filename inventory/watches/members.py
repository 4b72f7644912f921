"""What people set of a watch as the members of an object, in JSON or in a file of watches, and back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import fields as members_in
from dataclasses import replace
from typing import Any

from inventory.observations.queries.field_lists import names_in
from inventory.watches.model import Destination, SinkKind
from inventory.watches.settings import WatchSettings

Members = Mapping[str, Any]
"""Members as `schemas.WatchChange` loads them: `on` has values of `On`; `fields`, `webhook`, `email`, `file` are lists."""

NEEDED = ("name", "query")
"""Members that each watch has."""


def settings_from(members: Members) -> WatchSettings:
    """The settings of a new watch; what is `NEEDED` is there."""
    return with_members(WatchSettings(name=members["name"], query=members["query"]), members)


def with_members(settings: WatchSettings, members: Members) -> WatchSettings:
    """The settings with these members; what is left out stays, and so do the destinations of other kinds."""
    kinds = [kind for kind in SinkKind if kind.value in members]
    destinations = [each for each in settings.destinations if each.kind not in kinds]
    destinations += [Destination(kind, address) for kind in kinds for address in members[kind.value]]
    changed = {name: value for name, value in members.items() if name not in list(SinkKind)}
    if "fields" in changed:
        changed["fields"] = ",".join(changed["fields"])
    return replace(settings, destinations=_in_order(destinations), **changed)


def members_of(settings: WatchSettings) -> dict[str, Any]:
    """All members, as JSON has them."""
    members = {each.name: getattr(settings, each.name) for each in members_in(settings) if each.name != "destinations"}
    members |= {"on": [each.value for each in settings.on], "fields": field_names(settings.fields)}
    return members | {kind.value: list(_addresses(settings.destinations, kind)) for kind in SinkKind}


def chosen_members(settings: WatchSettings) -> dict[str, Any]:
    """The members that are not as they are by default, and of lists with one text only that: what a person would write."""
    usual = members_of(WatchSettings(name="", query=""))
    members = {name: value for name, value in members_of(settings).items() if name in NEEDED or value != usual[name]}
    return {name: _alone(value) if name != "on" else value for name, value in members.items()}


def field_names(fields: str) -> list[str]:
    """The names and patterns of `Watch.fields`."""
    return [name for _, name in names_in(fields)] if fields.strip() else []


def _addresses(destinations: Sequence[Destination], kind: SinkKind) -> Iterator[str]:
    return (each.address for each in destinations if each.kind is kind)


def _in_order(destinations: Sequence[Destination]) -> Sequence[Destination]:
    kinds = list(SinkKind)
    return sorted(destinations, key=lambda each: kinds.index(each.kind))


def _alone(value: Any) -> Any:
    return value[0] if isinstance(value, list) and len(value) == 1 else value

"""The settings of a watch as fields of a form, and back as the members that the API takes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from inventory.ui.forms import whole
from inventory.watches.documents import Document
from inventory.watches.members import members_of
from inventory.watches.settings import WatchSettings

UNITS: Mapping[str, int] = {"seconds": 1, "minutes": 60, "hours": 3_600, "days": 86_400}
_BETWEEN = re.compile(r"[\s,]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchFields:
    """What the fields of the form have. Each list of addresses is a text, but for webhooks that can be ticked."""

    name: str
    query: str
    every: str
    every_unit: str
    on: Sequence[str]
    fields: str
    persist: str
    cooldown: str
    cooldown_unit: str
    expires_within: str
    webhook: Sequence[str]
    other_webhooks: str
    email: str
    file: str


def usual_fields() -> WatchFields:
    """Those of a watch that is to be made."""
    return fields_of(members_of(WatchSettings(name="", query="")))


def fields_of(watch: Document) -> WatchFields:
    """Those of a watch as the API shows it."""
    every, every_unit = in_unit(watch["every"]) if watch["every"] is not None else ("", "hours")
    cooldown, cooldown_unit = in_unit(watch["cooldown"])
    return WatchFields(
        name=watch["name"],
        query=watch["query"],
        every=str(every),
        every_unit=every_unit,
        on=watch["on"],
        fields=", ".join(watch["fields"]),
        persist=str(watch["persist"]),
        cooldown=str(cooldown),
        cooldown_unit=cooldown_unit,
        expires_within=str(watch["expires_within"]),
        webhook=watch["webhook"],
        other_webhooks="",
        email="\n".join(watch["email"]),
        file="\n".join(watch["file"]),
    )


def fields_from(sent: MultiDict[str, str]) -> WatchFields:
    """Those that a browser sent."""
    lists = {name: sent.getlist(name) for name in ("on", "webhook")}
    names = [name for name in WatchFields.__dataclass_fields__ if name not in lists]
    return WatchFields(**{name: sent.get(name, "").strip() for name in names}, **lists)  # type: ignore[arg-type]


def members_from(fields: WatchFields) -> dict[str, Any]:
    """The members as JSON has them, for `WatchRequest` or `WatchChange` to load."""
    return {
        "name": fields.name,
        "query": fields.query,
        "every": _seconds(fields.every, fields.every_unit) if fields.every else None,
        "on": list(fields.on),
        "fields": fields.fields or None,
        "persist": whole(fields.persist),
        "cooldown": _seconds(fields.cooldown, fields.cooldown_unit),
        "expires_within": whole(fields.expires_within),
        "webhook": [*fields.webhook, *_addresses(fields.other_webhooks)],
        "email": _addresses(fields.email),
        "file": _addresses(fields.file),
    }


def in_unit(seconds: int) -> tuple[int, str]:
    """So many seconds in the largest unit in which that is a whole number."""
    name = next(name for name, size in reversed([*UNITS.items()]) if seconds % size == 0 and (seconds or size == 1))
    return seconds // UNITS[name], name


def _seconds(text: str, unit: str) -> int | str:
    number = whole(text)
    return number * UNITS.get(unit, 1) if isinstance(number, int) else number


def _addresses(text: str) -> list[str]:
    return [each for each in _BETWEEN.split(text) if each]

"""What an import of a log file may say of its lines: `service`, `map` and `format`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from inventory.errors import InvalidRequest
from inventory.events.access_lines import LogFormat
from inventory.events.lines import LineReader
from inventory.events.names import FIELDS, MAX_SERVICE, Member, service
from inventory.events.normaliser import Choices

SERVICE, MAP, FORMAT = OPTIONS = ("service", "map", "format")


def reader_of(options: Mapping[str, Any], now: datetime) -> LineReader:
    """The reader that the options of an import ask for; `InvalidRequest` names an option that is not valid.

    Lines whose time has no year are dated from `now`.
    """
    named = options.get(SERVICE)
    if named is not None and service(named) is None:
        raise _invalid(SERVICE, f"Send a name of 1 to {MAX_SERVICE} printable characters.")
    described = options.get(FORMAT)
    choices = Choices(now=now, service=named, mapped=_mapped(options.get(MAP)))
    return LineReader(choices, LogFormat.of(described) if described is not None else None)


def _mapped(text: str | None) -> Mapping[str, Member]:
    """The members that fields are mapped to, as in `timestamp:fields.when,level:severity`."""
    mapped: dict[str, Member] = {}
    for pair in [] if text is None else text.split(","):
        field, colon, name = pair.strip().partition(":")
        if field not in FIELDS or not colon or not name.strip():
            raise _invalid(MAP, f"Send pairs such as timestamp:fields.when, of {', '.join(FIELDS)}, with commas between.")
        if field in mapped:
            raise _invalid(MAP, f"{field} is mapped twice. Send it once.")
        mapped[field] = Member.of(name.strip())
    return mapped


def _invalid(option: str, detail: str) -> InvalidRequest:
    return InvalidRequest(f"Not valid: {option}.", {option: [detail]})

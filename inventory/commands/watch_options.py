"""What `inventory watch` takes to say what a watch is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import click
from marshmallow import Schema, ValidationError

from inventory.errors import InvalidRequest
from inventory.watches.model import On
from inventory.web_api.arguments import errors_of

UNITS: Mapping[str, int] = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
_SECONDS = re.compile(r"(\d{1,12})([smhdw]?)", re.ASCII)


class Seconds(click.ParamType[int]):
    """Seconds, or a time such as `30m`."""

    name = "duration"

    def get_metavar(self, param: click.Parameter, ctx: click.Context) -> str:
        """What it takes, as the help shows it."""
        return "SECONDS|1h|7d"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """So many seconds."""
        found = _SECONDS.fullmatch(str(value))
        if found is None:
            self.fail(f"{value!r} is neither seconds nor a time such as 30m, 12h or 7d.", param, ctx)
        return int(found[1]) * UNITS[found[2]]


SETTINGS = (
    click.option("--every", type=Seconds(), help="How often each target is collected; 0, the default: not for this watch."),
    click.option("--on", metavar=f"{'|'.join(On)},...", multiple=True, help="Tell this; repeatable.  [default: changes]"),
    click.option("--field", "fields", metavar="FIELD,...", multiple=True, help="Changes of these fields only; repeatable."),
    click.option("--persist", type=int, metavar="N", help="Tell what N collections in a row showed alike.  [default: 1]"),
    click.option("--cooldown", type=Seconds(), help="Time between two messages at least.  [default: 5m]"),
    click.option("--expires-within", type=int, metavar="DAYS", help="For the end of certificates.  [default: 30]"),
    click.option("--webhook", metavar="ID|URL", multiple=True, help="Send messages there; repeatable, like the next two."),
    click.option("--email", metavar="ADDRESS", multiple=True, help="Send them to an e-mail address."),
    click.option("--file", metavar="NAME", multiple=True, help="Append them to messages/NAME.jsonl in the data folder."),
)


def settings_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What is set of a watch, but for its name and query."""
    for option in reversed(SETTINGS):
        command = option(command)
    return command


def loaded(schema: Schema, options: Mapping[str, Any]) -> Any:
    """The members that options give, as the API would read them."""
    members = {name: value for name, value in options.items() if value is not None and value != ()}
    if "on" in members:
        members["on"] = [each.strip() for text in members["on"] for each in text.split(",")]
    members = {
        name: [each for each in value if each] if isinstance(value, tuple) else value for name, value in members.items()
    }
    if members.get("every") == 0:
        members["every"] = None
    try:
        return schema.load(members)
    except ValidationError as error:
        raise InvalidRequest("The watch is not valid:", errors_of(error)) from error

"""What is printed of watches: groups of what they found, and what a file of them would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from inventory.commands.terminal import instants_folded, new_table, safe_text
from inventory.watches.applying import Plan
from inventory.watches.members import chosen_members

GONE, CAME, CHANGED = ("- ", "red"), ("+ ", "green"), ("~ ", "yellow")
KEEP_IT = "inventory: keep the secret; it is not shown again"
MAX_SHOWN = 10
"""Values of a change that are shown; `--json` has more."""


def print_groups(console: Console, groups: Sequence[Mapping[str, Any]]) -> None:
    """A table with what was found alike, how often and when, and on which target for one."""
    if not groups:
        return
    table = new_table("count", "on", "change", "seen", "for example", right=("count",), lines=True)
    for group in groups:
        seen = dict.fromkeys([group["first_at"], group["last_at"]])
        what = Text("\n").join([safe_text(group["on"]), *([safe_text(group["field"])] if group["field"] else [])])
        instants = instants_folded(console, Text("\n".join(seen)))
        sample = safe_text(group["samples"][0]["url"] or group["samples"][0]["record_id"])
        table.add_row(f"{group['count']:,}", what, _values(group), instants, sample)
    console.print(table)


def print_plan(console: Console, plan: Plan) -> None:
    """A line for each watch that is new, changes or goes, and how many there are of each."""
    for each in plan.new:
        members = chosen_members(each)
        console.print(
            _line(CAME, each.name, [f"{name} {_shown(value)}" for name, value in members.items() if name != "name"])
        )
    for change in plan.changed:
        differing = [f"{name} {_shown(old)} → {_shown(new)}" for name, (old, new) in change.members.items()]
        console.print(_line(CHANGED, change.settings.name, differing))
    for gone in plan.removed:
        console.print(_line(GONE, gone.settings.name, []))
    counts = f"{len(plan.new)} new, {len(plan.changed)} changed, {len(plan.removed)} removed, {plan.unchanged} unchanged"
    console.print(counts)


def print_secrets(secrets: Mapping[str, str]) -> None:
    """The secrets of webhooks that were made, at once: they are not shown again."""
    for webhook, secret in secrets.items():
        click.echo(f"secret of the new webhook {webhook}: {secret}")
    if secrets:
        click.echo(KEEP_IT, err=True)


def _line(how: tuple[str, str], name: str, members: Sequence[str]) -> Text:
    sign, style = how
    line = safe_text(f"{sign}{name}")
    line.stylize(style)
    return line.append_text(safe_text(": " + "; ".join(members))) if members else line


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value) or "all targets"


def _values(group: Mapping[str, Any]) -> Text:
    """A line for each value, what is gone in red and what is new in green."""
    return Text("\n").join([*_lines(group["old"], GONE), *_lines(group["new"], CAME)])


def _lines(values: Sequence[str], how: tuple[str, str]) -> Iterator[Text]:
    sign, style = how
    for each in values[:MAX_SHOWN]:
        line = safe_text(f"{sign}{each}")
        line.stylize(style)
        yield line
    if len(values) > MAX_SHOWN:
        yield Text(f"{sign}and {len(values) - MAX_SHOWN} more", style)

"""What is printed of watches: them, their messages, what they would have told, and what a file of them would do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.text import Text

from inventory.commands.terminal import (
    instants_folded,
    new_table,
    print_lines,
    print_pairs,
    print_table,
    safe_text,
    stdout_console,
)
from inventory.watches.applying import Plan
from inventory.watches.documents import Document
from inventory.watches.members import chosen_members

GONE, CAME, CHANGED = ("- ", "red"), ("+ ", "green"), ("~ ", "yellow")
KEEP_IT = "inventory: keep the secret; it is not shown again"
IN_LIST = ("name", "query", "every", "on", "paused", "messages", "last_message_at")
IN_LOG = ("number", "created_at", "findings", "targets", "says")
MAX_SHOWN = 10
"""Values of a change that are shown; `--json` has more."""


def print_watches(watches: Sequence[Document]) -> None:
    """A line for each watch."""
    print_lines(IN_LIST, [_in_words(each) for each in watches])


def print_watch(document: Document) -> None:
    """What is said of a watch or a delivery, a member a line, but for secrets, which `print_secrets` prints."""
    shown = {name: value for name, value in document.items() if value not in (None, []) and name != "webhook_secrets"}
    print_pairs(stdout_console(), _in_words(shown).items())


def print_rehearsal(document: Document) -> None:
    """What a watch would have told of a span of time."""
    console = stdout_console()
    _print_groups(console, document["groups"])
    counts = ", ".join(_counted(document[name], name) for name in ("messages", "findings", "targets"))
    console.print(f"{counts} from {document['since']} to {document['until']}")
    if document["omitted"]:
        console.print(f"and {document['omitted']:,} more groups")
    if not document["complete"]:
        click.echo("inventory: there was more to look at than there is time for; narrow the query, or the days", err=True)


def print_messages(messages: Sequence[Document]) -> None:
    """A table with what the messages of a watch said, or that there are none."""
    if messages:
        print_table(stdout_console(), "", IN_LOG, [each | {"says": _says(each)} for each in messages])
    else:
        click.echo("No messages so far.")


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


def _print_groups(console: Console, groups: Sequence[Mapping[str, Any]]) -> None:
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


def _counted(count: int, name: str) -> str:
    """So many of what has this name."""
    return f"{count:,} {name.removesuffix('s') if count == 1 else name}"


def _in_words(document: Document) -> Document:
    """The same with lists as texts."""
    return {name: ", ".join(value) if isinstance(value, list) else value for name, value in document.items()}


def _says(message: Document) -> str:
    """The largest groups of a message, each in a line."""
    lines = [_group(each) for each in message["groups"]]
    return "; ".join([*lines, f"and {message['more_groups']} more"] if message["more_groups"] else lines)


def _group(group: Document) -> str:
    old, new = (", ".join(group[side]) or "(none)" for side in ("old", "new"))
    change = f" {old} → {new}" if group["field"] else ""
    return f"{group['on']} {group['field']}".rstrip() + f"{change} ({group['count']:,})"

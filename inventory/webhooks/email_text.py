"""A message as an e-mail says it: a subject, and a few lines of text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

MAX_SUBJECT = 150
MAX_VALUE = 200
MAX_QUERY = 1_000
"""Characters of a subject, of a value and of the query; the attachment has all of them."""

_BLANKS = re.compile(r"\s+")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_WHAT = {
    "changes": "{} changed",
    "enters": "{} entered the query",
    "leaves": "{} left the query",
    "fails": "{} failed",
    "recovers": "{} recovered",
    "expires": "the certificate of {} ends soon",
}
"""What is said of so many targets, by what a watch sends messages on."""


@dataclass(frozen=True, slots=True)
class EmailText:
    """A subject, which is one line, and a text."""

    subject: str
    text: str


def email_text(payload: Mapping[str, Any]) -> EmailText:
    """What is said of the payload of a message of a watch; one of another type is shown by its type alone."""
    data = payload.get("data") or {}
    watch = data.get("watch")
    if not watch:
        return EmailText(f"[Inventory] {payload.get('type', 'message')}", f"{data.get('detail', '')}\n")
    groups = data.get("groups") or ()
    lines = [f"The watch {_short(watch['name'])} tells:", "", *_each(groups)]
    if more := data.get("more_groups"):
        lines.append(f"- and {more:,} more groups")
    lines += ["", f"Query: {_short(watch.get('query', ''), MAX_QUERY)}", f"All of it: {data.get('link', '')}"]
    return EmailText(_subject(watch["name"], groups, data.get("targets", 0)), "\n".join([*lines, ""]))


def _subject(name: str, groups: Sequence[Mapping[str, Any]], targets: int) -> str:
    about = _said(groups[0]) if len(groups) == 1 else _targets(targets)
    return _short(f"[Inventory] {name}: {about}", MAX_SUBJECT)


def _each(groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for group in groups:
        yield f"- {_said(group)}"
        for sample in group.get("samples") or ():
            yield f"    {sample.get('url') or sample.get('record_id', '')} at {sample.get('at', '')}"
        if link := group.get("link"):
            yield f"    {link}"


def _said(group: Mapping[str, Any]) -> str:
    """A group in a line: how many targets, what is said of them, and the old and new values of a field."""
    targets, field = group.get("targets", group.get("count", 0)), group.get("field") or ""
    of = _WHAT.get(str(group.get("on")), "{}").format(_targets(targets))
    if not field:
        return of
    return f"{of}: {_short(field)} {_values(group.get('old'))} → {_values(group.get('new'))}"


def _targets(count: int) -> str:
    return "1 target" if count == 1 else f"{count:,} targets"


def _values(values: Sequence[str] | None) -> str:
    return ", ".join(_short(each) for each in values) if values else "(none)"


def _short(value: object, most: int = MAX_VALUE) -> str:
    """A text in one line, without what mail servers may refuse."""
    text = _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", _BLANKS.sub(" ", str(value)))
    return text if len(text) <= most else f"{text[: most - 1]}…"

"""What the page of a diff shows of its document: changes in groups, and lines of the text, as many as there is room for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any
from urllib.parse import quote

from markupsafe import escape

from inventory.html_pages.loading import KINDS
from inventory.observations.cookies import ATTRIBUTES, field_of
from inventory.observations.volatility import CHANGES_IN_A_ROW
from inventory.ui.formats import visible
from inventory.ui.page_room import PageRoom
from inventory.ui.records.shown_values import Part, Presenter, Shown

Document = Mapping[str, Any]

ROOM, TIMES_URL = 80_000, 12
"""Characters of HTML for changes and the text, and how often the URL of the target is in the page beside these."""
SHARE_OF_CHANGES = 0.6
MARKUP = 400
"""Characters of HTML around one change."""
MAX_LINES = 1_000
MAX_FIELD, MAX_WHERE = 250, 150
"""Characters of the name of a field, and of the domain and path of a cookie."""
BY_NAME = "differs each time, by its name"
BY_TOKENS = "only nonces and the tokens of forms differ"
BY_HISTORY = f"changed in each of the last {CHANGES_IN_A_ROW} collections"

GROUPS = (
    ("Redirects", ("redirect",)),
    ("Header lines", ("header.",)),
    ("Cookies", ("cookie.",)),
    ("Certificate and TLS", ("tls.",)),
    ("Page", ("title", "generator", "script.inline", *(f"{kind}.host" for kind in KINDS))),
    ("Body", ("media_type", "charset", "body.")),
    ("Request", ("request.",)),
    ("Defects", ("defect",)),
)
"""Titles, and how the fields begin that are below them; what is in none of these is of the response."""
RESPONSE = "Response"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChange:
    """A change: `old` and `new` are None where there is no value; `why` it tells nothing, "" if it tells something."""

    field: str
    kind: str
    old: Shown | None
    new: Shown | None
    why: str
    where: str


def rooms(url: str) -> tuple[PageRoom, PageRoom]:
    """The room for changes and that for the text, in the page of a URL."""
    whole = ROOM - TIMES_URL * len(quote(url, safe=""))
    return PageRoom(int(SHARE_OF_CHANGES * whole)), PageRoom(int((1 - SHARE_OF_CHANGES) * whole))


def groups(document: Document, volatile: Set[str], room: PageRoom) -> tuple[Mapping[str, Sequence[ShownChange]], int]:
    """The changes by the titles of their groups, in the order of the page, and how many are left out.

    `volatile` has the fields that are volatile for the target by its history.
    """
    presenters = {
        side: Presenter(room=room, at=document[name]["collected_at"]) for side, name in (("old", "from"), ("new", "to"))
    }
    found: dict[str, list[ShownChange]] = {title: [] for title in (RESPONSE, *(title for title, _ in GROUPS))}
    count = 0
    for change in document["changes"]:
        if not room.take(MARKUP + len(escape(visible(change["field"][:MAX_FIELD])))):
            break
        found[_title(change["field"])].append(_shown(change, presenters, volatile))
        count += 1
    left_out = len(document["changes"]) - count + document["omitted"]
    return {title: changes for title, changes in found.items() if changes}, int(left_out)


def text_lines(document: Document, room: PageRoom) -> Part[tuple[str, str]]:
    """The lines of the unified diff after its heading, each with what it is: hunk, added, removed or same."""
    unified = (document["text"] or {}).get("unified", "")
    every = unified.splitlines()[2:]
    lines = []
    for line in islice(every, MAX_LINES):
        shown = visible(line, lines=True)
        if not room.take(len(escape(shown)) + 30):
            break
        lines.append((_kind(line), shown))
    return Part(items=lines, more=len(every) - len(lines))


def _kind(line: str) -> str:
    return {"@": "hunk", "+": "added", "-": "removed"}.get(line[:1], "same")


def _title(field: str) -> str:
    return next((title for title, begins in GROUPS if field.startswith(begins)), RESPONSE)


def _shown(change: Document, presenters: Mapping[str, Presenter], volatile: Set[str]) -> ShownChange:
    values = {side: _value(change, change[side], presenters[side]) for side in ("old", "new")}
    return ShownChange(
        field=change["field"][:MAX_FIELD],
        kind=change["kind"],
        old=values["old"],
        new=values["new"],
        why=_why(change, volatile),
        where=", ".join(_where(change)),
    )


def _value(change: Document, value: object, presenter: Presenter) -> Shown | None:
    if value is None:
        return None
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if "cookie" not in change:
        return presenter.one(change["field"], text)
    field, attribute = field_of(change["cookie"]["name"]), _attribute(change)
    if attribute not in ATTRIBUTES:
        return presenter.one(None, text)
    if attribute != "samesite":
        return presenter.one(f"{field}.{attribute}", text)
    return replace(presenter.one(f"{field}.{attribute}", text.lower()), text=text)


def _attribute(change: Document) -> str:
    """The attribute of a cookie that changed, "" if the cookie came or went."""
    return str(change["field"].removeprefix(f"cookie.{change['cookie']['name']}")).removeprefix(".")


def _why(change: Document, volatile: Set[str]) -> str:
    if change["volatile"]:
        return BY_TOKENS if change["field"].startswith("body.") else BY_NAME
    return BY_HISTORY if change["field"] in volatile else ""


def _where(change: Document) -> Iterator[str]:
    """Where the value is: of which redirect, in which line, of which of several cookies of a name."""
    if "hop" in change:
        yield f"redirect {change['hop']}"
    lines = [change[side]["position"] for side in ("old_line", "new_line") if side in change]
    if lines:
        yield f"line {' → '.join(map(str, dict.fromkeys(lines)))}"
    if "cookie" in change:
        cookie = change["cookie"]
        yield f"of {cookie['domain'] or 'its host'}, path {cookie['path'] or '/'}"[:MAX_WHERE]

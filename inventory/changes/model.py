"""What differs between two snapshots of one webpage, as typed changes. Fields have the names that search has for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from inventory.html_pages.page import Page
from inventory.listing import Key
from inventory.records.model import Content, Snapshot

Value = str | int | float | bool | None


class ChangeKind(StrEnum):
    """What happened to a value. Only a header line can be `moved`: the same line stands elsewhere among the others."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderLine:
    """Where a header line stands, counted from 1, and its name as it was sent."""

    position: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieKey:
    """What makes two cookies one to a browser."""

    name: str
    domain: str | None
    path: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One value that differs. `old` is None if it was added, `new` if it was removed.

    `volatile`: the value is known by its name to differ each time, so it tells nothing. `hop` is the number of a redirect,
    from 1: in the newer chain, or in the older one if it was removed. Lines are those of a header; `cookie` is whose
    attribute it is.
    """

    field: str
    kind: ChangeKind
    old: Value = None
    new: Value = None
    volatile: bool = False
    hop: int | None = None
    old_line: HeaderLine | None = None
    new_line: HeaderLine | None = None
    cookie: CookieKey | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One side of a diff. `text` is the decoded page, None if it is not text; `page` is None if it is not HTML."""

    content: Content
    text: str | None = None
    page: Page | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDiff:
    """A unified diff. `added` and `removed` count lines, also those left out; `notes` say what was left out, and why.

    `volatile`: nothing differs but nonces and tokens.
    """

    unified: str
    added: int
    removed: int
    volatile: bool = False
    notes: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """All that differs. `text` is None if the pages are equal, or one of them is not text."""

    changes: Sequence[Change]
    text: TextDiff | None

    @property
    def counts(self) -> Mapping[str, int]:
        """How many changes there are of each kind, and how many of all are volatile."""
        kinds = Counter(change.kind for change in self.changes)
        return {kind.value: kinds[kind] for kind in ChangeKind} | {"volatile": sum(each.volatile for each in self.changes)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A snapshot, and what differs from the one before it, but for the text of the page; None if no earlier one is kept."""

    snapshot: Snapshot
    diff: Diff | None

    @property
    def position(self) -> Key:
        """Where it is listed."""
        return self.snapshot.collected_at, self.snapshot.id

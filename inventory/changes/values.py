"""Changes of single values, and of values of which there may be several."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from inventory.changes.model import Change, ChangeKind, CookieKey, Value


def value_change(
    field: str,
    old: Value,
    new: Value,
    *,
    volatile: bool = False,
    hop: int | None = None,
    cookie: CookieKey | None = None,
) -> Iterator[Change]:
    """The change of a value that is there once or not at all, which None means; nothing if it is the same."""
    if old == new:
        return
    kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
    volatile = volatile and kind is ChangeKind.CHANGED
    yield Change(field=field, kind=kind, old=old, new=new, volatile=volatile, hop=hop, cookie=cookie)


def item_changes(field: str, old: Iterable[str], new: Iterable[str], *, hop: int | None = None) -> Iterator[Change]:
    """What was removed and what was added, in the order in which it is listed."""
    before, after = Counter(old), Counter(new)
    for item in (before - after).elements():
        yield Change(field=field, kind=ChangeKind.REMOVED, old=item, hop=hop)
    for item in (after - before).elements():
        yield Change(field=field, kind=ChangeKind.ADDED, new=item, hop=hop)

"""Finds two snapshots of a webpage and compares them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from inventory.changes import diff as diffs
from inventory.changes.model import Diff, Step, View
from inventory.changes.moments import Moment, read_moment
from inventory.clock import MILLISECOND, Clock, rfc3339
from inventory.errors import NoSuchSnapshot, NotFound
from inventory.html_pages.page import kept_page, page_of
from inventory.instants import invalid
from inventory.listing import Key
from inventory.records.model import Snapshot, Target
from inventory.records.snapshots import SnapshotService
from inventory.slots import Slots
from inventory.webpages.source import page_source

SLOTS = 2
"""Diffs that one process computes at once: each may take a second and 100 MB."""
MAX_WAIT = 5.0
"""Seconds that a further one waits for its turn."""


class ChangeService:
    """What changed between snapshots. Every method may raise `StorageUnavailable`."""

    def __init__(self, snapshots: SnapshotService, *, clock: Clock, slots: int = SLOTS, max_wait: float = MAX_WAIT) -> None:
        self._snapshots = snapshots
        self._clock = clock
        self._slots = Slots(slots, max_wait=max_wait)

    def pair(self, target: Target, since: str | None, until: str | None) -> tuple[Snapshot, Snapshot]:
        """The older and the newer snapshot that ids or instants mean: of an instant, the snapshot that was current then.

        By default the newer one is the latest, and the older one its predecessor. Raises `NotInInventory` if nothing is
        known of the target, `NoSuchSnapshot` if there is no such snapshot of it, and `InvalidRequest` if `since` or `until`
        is not valid, names a snapshot of another target, or if `since` is later.
        """
        now = self._clock()
        first, last = read_moment("from", since, now), read_moment("to", until, now)
        latest = self._before(target, None)
        if latest is None:
            raise NoSuchSnapshot(f"There is no snapshot of {target.key} yet. Its first collection is due or has failed.")
        newer = latest if last is None else self._at("to", target, last)
        older = self._predecessor(target, newer) if first is None else self._at("from", target, first)
        if older.collected_at > newer.collected_at or _is_later(first, last):
            raise invalid("from", "It is later than `to`. Swap them.")
        return older, newer

    def diff(self, older: Snapshot, newer: Snapshot) -> Diff:
        """All that differs between two snapshots of one webpage. `TooManyRequests` if too many are compared already."""
        with self._slots.one("Too many snapshots are being compared."):
            old, new = self._views(older, newer)
            return diffs.diff(old, new, old_label=_label(older), new_label=_label(newer))

    def timeline(self, target: Target, *, limit: int, after: Key | None) -> Sequence[Step]:
        """A target's snapshots, newest first, each compared with the one before it. The text of pages is not read for it.

        Raises `NotInInventory` if nothing is known of the target, and `TooManyRequests` if too many are compared already.
        """
        snapshots = self._snapshots.listing(target, limit=limit + 1, after=after)
        with self._slots.one("Too many snapshots are being compared."):
            return [
                Step(snapshot=newer, diff=None if older is None else _without_text(older, newer))
                for newer, older in zip_longest(snapshots[:limit], snapshots[1:])
            ]

    def _at(self, name: str, target: Target, moment: Moment) -> Snapshot:
        if isinstance(moment, str):
            return self._named(name, target, moment)
        found = self._before(target, (moment + MILLISECOND, ""))
        if found is None:
            raise NoSuchSnapshot(
                f"`{name}`: no snapshot of {target.key} that is kept is as old as {rfc3339(moment)}. Send a later instant."
            )
        return found

    def _named(self, name: str, target: Target, snapshot_id: str) -> Snapshot:
        try:
            owner, snapshot = self._snapshots.find(snapshot_id)
        except NotFound as error:
            raise NoSuchSnapshot(
                f"`{name}`: There is no snapshot {snapshot_id}. Older ones are removed; send an instant, such as 7d."
            ) from error
        if owner != target:
            raise invalid(name, f"The snapshot {snapshot_id} is of another target. Send the id of one of {target.key}.")
        return snapshot

    def _predecessor(self, target: Target, newer: Snapshot) -> Snapshot:
        older = self._before(target, (newer.collected_at, newer.id))
        if older is None:
            raise NoSuchSnapshot(
                f"{target.key} has no snapshot before that of {rfc3339(newer.collected_at)}, so there is nothing to compare"
                " it with. Collect the URL again."
            )
        return older

    def _before(self, target: Target, position: Key | None) -> Snapshot | None:
        return next(iter(self._snapshots.listing(target, limit=1, after=position)), None)

    def _views(self, older: Snapshot, newer: Snapshot) -> tuple[View, View]:
        """Both sides; without their pages if these are the same, as after a 304."""
        if _page_depends_on(older) == _page_depends_on(newer):
            return View(content=older.content), View(content=newer.content)
        return self._view(older), self._view(newer)

    def _view(self, snapshot: Snapshot) -> View:
        body, content = snapshot.content["body"], snapshot.content
        if body["encoding"] != "text" or snapshot.body_sha256 is None:
            return View(content=content)
        kept = self._snapshots.body(snapshot.body_sha256)
        page = kept_page(content) or page_of(kept, content)  # an old version did not look into it
        return View(content=content, text=page_source(kept, content), page=page)


def _without_text(older: Snapshot, newer: Snapshot) -> Diff:
    old, new = (View(content=each.content, page=kept_page(each.content)) for each in (older, newer))
    return diffs.diff(old, new)


def _page_depends_on(snapshot: Snapshot) -> tuple[object, ...]:
    """What a page's text and hosts follow from."""
    body = snapshot.content["body"]
    return (
        snapshot.body_sha256, body["encoding"], body["charset"], body["media_type"],
        snapshot.content["response"]["final_url"],
    )  # fmt: skip


def _label(snapshot: Snapshot) -> str:
    return f"{snapshot.id}\t{rfc3339(snapshot.collected_at)}"


def _is_later(first: Moment | None, last: Moment | None) -> bool:
    """Whether two instants are in the wrong order, also if no snapshot is between them."""
    return not isinstance(first, str | None) and not isinstance(last, str | None) and first > last

"""Outcomes that watches have not looked at, in columns of the record: settling and tagging write them.

    collections    the latest ones (`remembered`), also those that watches have looked at
    mark           one more after each outcome and each change of labels
    unseen         how many of the collections are new
    tagged         when its labels changed first; NULL if they did not
    unseen_since   the first of these; NULL if there is nothing to look at
    watched        what `watching` said then

What they say counts only while `watching` still says so: it says something else after a time without an active watch.
"""
# ruff: noqa: S608 - nothing but our own lists of columns is put into a statement

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from inventory.records.model import Failed, Stored
from inventory.store.codecs import LARGEST, from_millis, to_millis, to_millis_or_none
from inventory.store.remembered import at_of, collections, remembered
from inventory.store.sqlite import rows, watches
from inventory.store.sqlite.connections import Adapter, Row
from inventory.store.sqlite.job_columns import short
from inventory.store.sqlite.opening import Connection
from inventory.store.watch_codecs import finding_content
from inventory.watches.model import Finding, Looked, Membership, Unseen, Watch, message_due_at

REMEMBER = """
    collections = :collections, mark = coalesce(mark, 0) + 1,
    unseen = iif(watched = :since, coalesce(unseen, 0), 0) + 1, tagged = iif(watched = :since, tagged, NULL),
    unseen_since = coalesce(iif(watched = :since, unseen_since, NULL), :at), watched = :since"""
"""What an outcome sets besides."""
KEPT = "SELECT collections FROM records WHERE id = ? AND watched = ?"
TAG = """
    UPDATE records SET mark = coalesce(mark, 0) + 1, unseen = iif(watched = :since, coalesce(unseen, 0), 0),
    tagged = coalesce(iif(watched = :since, tagged, NULL), :at),
    unseen_since = coalesce(iif(watched = :since, unseen_since, NULL), :at),
    collections = iif(watched = :since, collections, NULL), watched = :since WHERE id = :id"""

UNSEEN = f"""
    SELECT {rows.RECORD}, collections, mark, unseen, tagged FROM records INDEXED BY records_unseen
    WHERE watched = :since AND unseen_since IS NOT NULL AND indexed = 1 ORDER BY unseen_since LIMIT :limit"""
NOTHING = "unseen_since = NULL, unseen = NULL, tagged = NULL"
SEEN = f"""
    UPDATE records SET {NOTHING}
    WHERE id = :id AND accepted_at = :accepted_at AND mark = :mark AND unseen_since IS NOT NULL"""
BROKEN = SEEN.replace(NOTHING, "unseen_since = NULL")
_STALE = """
    SELECT id FROM records INDEXED BY records_unseen WHERE watched {differs} :since AND unseen_since IS NOT NULL
    AND indexed = 1"""
STALE = f"{_STALE.format(differs='<')} UNION ALL {_STALE.format(differs='>')} LIMIT :limit"
NEVER = -1
FORGET = f"UPDATE records SET {NOTHING} WHERE id IN ({STALE})"

KEEP = """
    INSERT OR IGNORE INTO findings (id, watch_id, record_id, kind, at, content)
    VALUES (:id, :watch_id, :record_id, :kind, :at, :content)"""
OWE = "UPDATE watches SET due_at = coalesce(due_at, ?) WHERE id = ?"
SCHEDULE = """
    INSERT INTO schedules (watch_id, record_id, due_at, version) VALUES (:watch_id, :record_id, :due_at, :version)
    ON CONFLICT (watch_id, record_id) DO UPDATE SET version = excluded.version,
    due_at = iif(version = excluded.version, :sooner, excluded.due_at)
    WHERE version <> excluded.version OR due_at > :sooner"""
UNSCHEDULE = "DELETE FROM schedules WHERE watch_id = :watch_id AND record_id = :record_id"


@dataclass(frozen=True, slots=True)
class Remembering:
    """Remembers outcomes in a transaction, because watches look since this instant."""

    connection: Connection
    since: int

    def values(self, outcome: Stored | Failed) -> dict[str, Any]:
        """The values of `REMEMBER`. Of a first claim nothing can be kept yet, so nothing is read."""
        claim = outcome.claim
        kept = None if claim.fence == 1 else self.connection.execute(KEPT, (claim.id, self.since)).fetchone()
        after = remembered(kept and kept[0], outcome)
        return {"collections": after, "at": at_of(outcome), "since": self.since}

    def tagged(self, record_id: str, at: int) -> None:
        """Remember that labels changed."""
        self.connection.execute(TAG, {"id": record_id, "since": self.since, "at": at})


def remembering(connection: Connection) -> Remembering | None:
    """What remembers outcomes in this transaction; None while there is no watch that looks at them."""
    since = watches.watching_since(connection)
    return None if since is None else Remembering(connection, since)


class SqliteOutcomes(Adapter):
    def unseen(self, *, limit: int) -> Sequence[Unseen]:
        since = self._since()
        if since is None:
            return []
        return [_unseen(row) for row in self._connections.rows(UNSEEN, {"since": since, "limit": limit})]

    def seen(self, looked: Sequence[Looked], *, now: datetime) -> Sequence[bool]:
        if not looked:
            return []
        with self._connections.writing() as connection:
            known = {watch.id: watch for watch in map(watches.read, connection.execute(watches.ACTIVE))}
            done = [
                connection.execute(BROKEN if each.broken else SEEN, _as_seen(each.unseen)).rowcount == 1 for each in looked
            ]
            ours = [each for each, is_done in zip(looked, done, strict=True) if is_done]
            found = [one for each in ours for one in each.findings if one.watch_id in known]
            _keep(connection, found, known, now)
            for each in ours:
                _schedule(connection, each.unseen.record.id, each.memberships, known)
        return done

    def forget(self, *, limit: int) -> int:
        since = self._since()
        chosen = {"since": NEVER if since is None else since, "limit": limit}
        if not self._connections.rows(STALE, chosen | {"limit": 1}):
            return 0
        with self._connections.writing() as connection:
            return connection.execute(FORGET, chosen).rowcount

    def _since(self) -> int | None:
        found = self._connections.rows(watches.SINCE)
        return int(found[0][0]) if found else None


def _unseen(row: Row) -> Unseen:
    record = rows.record(row)
    kept, mark, new, tagged = row[rows.RECORD_WIDTH :]
    latest = collections(kept, record)
    return Unseen(
        record=record,
        collections=latest,
        new=min(new, len(latest)),
        tagged_at=None if tagged is None else from_millis(tagged),
        mark=str(mark),
    )


def _as_seen(unseen: Unseen) -> dict[str, Any]:
    record = unseen.record
    return {"id": record.id, "accepted_at": to_millis(record.accepted_at), "mark": int(unseen.mark)}


def _keep(connection: Connection, findings: Sequence[Finding], known: Mapping[str, Watch], now: datetime) -> None:
    """Keep what is new of these, and let their watches owe a message."""
    owing = {each.watch_id for each in findings if connection.execute(KEEP, _finding(each)).rowcount == 1}
    connection.executemany(OWE, [(to_millis(message_due_at(known[each], now)), each) for each in sorted(owing)])


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "id": short(finding.id),
        "watch_id": short(finding.watch_id),
        "record_id": short(finding.record_id),
        "kind": finding.on.value,
        "at": to_millis(finding.at),
        "content": finding_content(finding),
    }


def _schedule(connection: Connection, record_id: str, memberships: Sequence[Membership], known: Mapping[str, Watch]) -> None:
    """Make the schedules of a target so."""
    for each in memberships:
        watch = known.get(each.watch_id)
        if watch is not None and watch.version == each.version:
            values = {"watch_id": short(each.watch_id), "record_id": short(record_id), "version": each.version}
            if not each.matches:
                connection.execute(UNSCHEDULE, values)
            elif (due_at := to_millis_or_none(each.starts_at)) is not None:
                sooner = LARGEST if each.sooner is None else to_millis(each.sooner)
                connection.execute(SCHEDULE, values | {"due_at": due_at, "sooner": sooner})

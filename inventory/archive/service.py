"""Writes WARC files of what is stored: the history of a webpage, or what a query matches."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from uuid import uuid5

from inventory import __version__
from inventory.archive.archive_file import ArchiveFile
from inventory.archive.snapshot_records import NAMES
from inventory.archive.warc_record import WarcRecord, gathered, member
from inventory.clock import MILLISECOND, Clock, rfc3339
from inventory.errors import NotFound
from inventory.http_client.fetcher import REQUEST_HEADERS
from inventory.instants import invalid, read_instant
from inventory.listing import Key
from inventory.observations.service import Question, SearchService
from inventory.records.model import Record, Target
from inventory.records.snapshots import SnapshotService
from inventory.webpages.model import SOURCE

CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"
LISTED = 20
"""Snapshots that are listed at once: a large one takes some megabytes of memory."""


class ArchiveService:
    """Makes files while they are sent: one snapshot is in memory at a time. Every method may raise `StorageUnavailable`."""

    def __init__(self, snapshots: SnapshotService, search: SearchService, *, clock: Clock) -> None:
        self._snapshots = snapshots
        self._search = search
        self._clock = clock

    def history(self, target: Target, since: str | None, until: str | None) -> Iterator[bytes]:
        """The snapshots of a webpage from an instant on and before another, the oldest first.

        A body that an earlier one of them has is not repeated. Raises `NotInInventory` if nothing is known of the target,
        and `InvalidRequest` for what is no instant.
        """
        now = self._clock()
        first = None if since is None else read_instant("since", since, now)
        last = None if until is None else read_instant("until", until, now)
        if first is not None and last is not None and first > last:
            raise invalid("since", "It is later than `until`. Swap them.")
        self._snapshots.listing(target, limit=1, after=None)
        range_ = "".join(f", {name} {rfc3339(each)}" for name, each in (("since", first), ("until", last)) if each)
        return self._history(self._info(f"The history of {target.key}{range_}"), self._ids(target, first, last))

    def found(self, question: Question) -> Iterator[bytes]:
        """Of each webpage that a question means the snapshot that was current then; most errors are raised here."""
        pages = self._search.pages(question, show=())
        at = "" if question.at is None else f", at {rfc3339(question.at)}"
        info = self._info(f"What the query {question.text!a} means{at}")
        records = (each.record for page in pages for each in page)
        return self._found(info, records, None if question.at is None else (question.at + MILLISECOND, ""))

    def _found(self, info: WarcRecord, records: Iterator[Record], before: Key | None) -> Iterator[bytes]:
        yield from member(info)
        yield from gathered(self._latest(records, before))

    def _latest(self, records: Iterator[Record], before: Key | None) -> Iterator[bytes]:
        file = ArchiveFile(self._snapshots, revisits=False)
        for record in records:
            if record.target.source != SOURCE:
                continue
            for snapshot in self._snapshots.newest(record.id, limit=1, after=before):
                yield from file.written(record.target, snapshot)

    def _history(self, info: WarcRecord, snapshot_ids: list[str]) -> Iterator[bytes]:
        yield from member(info)
        yield from gathered(self._snapshots_by_id(snapshot_ids))

    def _snapshots_by_id(self, snapshot_ids: list[str]) -> Iterator[bytes]:
        file = ArchiveFile(self._snapshots, revisits=True)
        for snapshot_id in snapshot_ids:
            with suppress(NotFound):  # gone since it was listed
                yield from file.written(*self._snapshots.find(snapshot_id))

    def _ids(self, target: Target, first: datetime | None, last: datetime | None) -> list[str]:
        """The ids of a target's snapshots, the oldest first: stores list them the other way round."""
        found: list[str] = []
        after: Key | None = None if last is None else (last, "")
        while page := self._snapshots.newest(target.id, limit=LISTED, after=after):
            wanted = [each.id for each in page if first is None or each.collected_at >= first]
            found += wanted
            if len(wanted) < LISTED:
                break
            after = page[-1].collected_at, page[-1].id
        return found[::-1]

    def _info(self, description: str) -> WarcRecord:
        """The record that a file begins with: what wrote it, and how our client asks."""
        now = self._clock()
        fields = {
            "software": f"Inventory/{__version__}",
            "format": "WARC File Format 1.1",
            "conformsTo": CONFORMS_TO,
            "description": description,
            **{f"http-header-{name.lower()}": value for name, value in REQUEST_HEADERS.items()},
        }
        return WarcRecord(
            kind="warcinfo",
            id=f"<{uuid5(NAMES, f'{rfc3339(now)} {description}').urn}>",
            date=now,
            content_type="application/warc-fields",
            head="".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode(),
        )

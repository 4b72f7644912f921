"""Files become jobs: received piece by piece into the file store, looked at, and kept durably before anybody is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from hashlib import sha256
from secrets import token_hex
from typing import Any

import structlog

from inventory.clock import Clock
from inventory.errors import InvalidRequest, StorageUnavailable, UploadTooLarge
from inventory.files import Files, Writer
from inventory.imports.file_format import form_of
from inventory.imports.multipart import Upload
from inventory.imports.sniffing import HEAD, examine
from inventory.imports.upload_slots import UploadSlots
from inventory.jobs.chunks import upload_name
from inventory.jobs.model import Job
from inventory.jobs.service import JobService
from inventory.pace import Pace

log = structlog.get_logger(__name__)

COLUMN, FRESH_FOR = "column", "fresh_for"
TAKES_OPTIONS: Mapping[str, Collection[str]] = {"urls": (COLUMN, FRESH_FOR), "cities": (COLUMN, FRESH_FOR), "events": ()}
LONGEST_NAME = 255
"""Characters of a file's name that are kept: its end, which says what it is."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is to be done with a file: the kind of its job, and the job's options. `key` makes saying it again harmless."""

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None


class ImportService:
    """Takes files, `places` at once at most, while `waiting` others wait for a moment.

    It may raise `StorageUnavailable`, and nothing of the file is kept then.

    But for one moment: when the store did not say whether it has the job, the file is left, so that the job can be done if
    it has. A file that no job has is swept.
    """

    def __init__(
        self,
        jobs: JobService,
        files: Files,
        kinds: Collection[str],
        *,
        upload_limit: int,
        places: int,
        waiting: int = 0,
        clock: Clock,
        new_id: Callable[[], str] = lambda: token_hex(16),
    ) -> None:
        self._jobs = jobs
        self._files = files
        self._kinds = kinds
        self._slots = UploadSlots(places, waiting)
        self._new_id = new_id
        self.upload_limit = upload_limit
        self.clock = clock

    def place(self, pace: Pace | None = None) -> AbstractContextManager[None]:
        """Room for one upload, which holds a thread for as long as its client takes; see `UploadSlots.take`."""
        return self._slots.take(pace)

    def check(self, wanted: ImportRequest) -> None:
        """Return if files of this kind can be imported with these options; `InvalidRequest` otherwise."""
        if wanted.kind not in self._kinds:
            raise InvalidRequest(
                f"There is no source for imports of {wanted.kind} here.",
                {"kind": [f"Not available. Choose from: {', '.join(sorted(self._kinds))}."]},
            )
        refused = [name for name in wanted.options if name not in TAKES_OPTIONS[wanted.kind]]
        if refused:
            detail = f"It means nothing to an import of {wanted.kind}. Leave it out."
            raise InvalidRequest(f"Not acceptable: {', '.join(refused)}.", {name: [detail] for name in refused})

    def accept(self, wanted: ImportRequest, upload: Upload) -> Job:
        """The job that a file became, durably; or the one that this key, or another upload of the same bytes, began before.

        Raises `InvalidFile`, `UnsupportedFile`, `UploadTooLarge` for what cannot become a job, `InvalidRequest` for a key
        that means another one, and what the upload raises. Nothing is kept then.
        """
        file_name = _kept_name(upload.file_name)
        form_of(wanted.kind, file_name)
        job_id = self._new_id()
        with self._files.writer(upload_name(job_id)) as writer:
            size, digest = self._receive(upload.content, writer, wanted, file_name)
        job = Job(
            id=job_id,
            kind=wanted.kind,
            created_at=self.clock(),
            file_name=file_name,
            file_size=size,
            sha256=digest,
            options=wanted.options,
            idempotency_key=wanted.key,
        )
        created = self._jobs.create(job)
        if created.id != job_id:
            self._forget(job_id)
            _agree(created, job)
        return created

    def _receive(self, content: Iterator[bytes], writer: Writer, wanted: ImportRequest, file_name: str) -> tuple[int, str]:
        """Write all of it, and look at its beginning as soon as that is there; how many bytes, and their SHA-256."""
        size, digest, head = 0, sha256(), bytearray()
        for piece in content:
            size += len(piece)
            if size > self.upload_limit:
                raise UploadTooLarge(f"The file is larger than {self.upload_limit:,} bytes. Send it in parts, or gzipped.")
            digest.update(piece)
            if len(head) < HEAD:
                head += piece[: HEAD - len(head)]
                if len(head) == HEAD:
                    self._examine(head, wanted, file_name)
            writer.write(piece)
        if len(head) < HEAD:
            self._examine(head, wanted, file_name)
        return size, digest.hexdigest()

    def _examine(self, head: bytearray, wanted: ImportRequest, file_name: str) -> None:
        examine(bytes(head), kind=wanted.kind, file_name=file_name, column=wanted.options.get(COLUMN))

    def _forget(self, job_id: str) -> None:
        """Remove an upload that was not needed; if that fails, it is swept as one that no job has."""
        with suppress(StorageUnavailable):
            self._files.delete([upload_name(job_id)])


def _agree(kept: Job, wanted: Job) -> None:
    """Return if a key that was used before was used for the same."""
    if kept.idempotency_key == wanted.idempotency_key and kept.dedup_key != wanted.dedup_key:
        raise InvalidRequest(
            "This Idempotency-Key was used for another file, kind or options before.",
            {"Idempotency-Key": ["Used before. Send a new one for a new import."]},
        )


def _kept_name(sent: str) -> str:
    """A file's name without the folders that some clients send before it, and without what cannot be shown."""
    name = re.split(r"[/\\]", sent)[-1]
    return "".join(character for character in name if character.isprintable())[-LONGEST_NAME:]

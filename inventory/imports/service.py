"""Files become jobs: received into the file store piece by piece, examined, and kept durably before the client is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from hashlib import sha256
from secrets import token_hex
from typing import Any

import structlog

from inventory.clock import Clock
from inventory.errors import InvalidFile, InvalidRequest, OutOfScope, StorageUnavailable, UploadTooLarge
from inventory.files import Files, Writer
from inventory.imports.detection import detect
from inventory.imports.file_format import FileFormat, format_of_name
from inventory.imports.preview import Preview, best_of, preview_of
from inventory.imports.sniffing import HEAD_BYTES, sniff
from inventory.imports.upload import Upload
from inventory.imports.upload_slots import UploadSlots
from inventory.jobs.chunks import upload_name
from inventory.jobs.job_type import FileRows, JobType
from inventory.jobs.model import FILE_FORMAT, LIMITS, Job
from inventory.jobs.service import JobService
from inventory.limits import Limits

log = structlog.get_logger(__name__)

MAX_NAME = 255
"""Characters of a file's name that are kept: its last ones, because they include the suffix."""


@dataclass(frozen=True, slots=True)
class ImportRequest:
    """What is to be done with a file: the kind of its job and the job's options. `key` makes repeating it harmless.

    Rows of targets that are beyond `limits` are rejected.
    """

    kind: str
    options: Mapping[str, Any] = field(default_factory=dict)
    key: str | None = None
    limits: Limits | None = None


class ImportService:
    """Receives files, up to `slots` at once, while up to `waiting` others wait for a moment.

    After `StorageUnavailable` nothing of the file is kept, with one exception: if the store did not say whether it has the
    job, the file is left for it. A file without a job is swept.
    """

    def __init__(
        self,
        jobs: JobService,
        files: Files,
        types: Mapping[str, JobType],
        *,
        upload_limit: int,
        slots: int,
        waiting: int,
        clock: Clock,
        new_id: Callable[[], str] = lambda: token_hex(16),
    ) -> None:
        self._jobs = jobs
        self._files = files
        self.types = {name: job_type for name, job_type in types.items() if job_type.file is not None}
        self.slots = UploadSlots(slots, waiting)
        self._new_id = new_id
        self.upload_limit = upload_limit
        self.clock = clock

    def check(self, import_request: ImportRequest) -> None:
        """Return if files of this kind can be imported with these options; `InvalidRequest` otherwise.

        `OutOfScope` if its rows are not on hosts of their own, so that they cannot be limited to some.
        """
        if import_request.kind not in self.types:
            choice = f"Choose from: {', '.join(self.types)}."
            raise InvalidRequest(f"No import takes the kind {import_request.kind[:40]!r}. {choice}", {"kind": [choice]})
        refused = [name for name in import_request.options if name not in self.types[import_request.kind].options]
        if refused:
            detail = f"An import of {import_request.kind} does not take it. Leave it out."
            raise InvalidRequest(f"Not valid: {', '.join(refused)}.", {name: [detail] for name in refused})
        if import_request.limits is not None and not self.types[import_request.kind].takes_limits:
            raise OutOfScope("import")

    def preview(self, import_request: ImportRequest, upload: Upload) -> Preview:
        """What a file would become whose first bytes are uploaded, up to `HEAD_BYTES`; nothing is kept.

        Without a kind, `import_request.kind` is "", it is previewed as the kind that fits it best. Raises what `check` and
        `accept` do, and `UploadTooLarge` if there are more bytes.
        """
        asked = [import_request.kind] if import_request.kind else list(self.types)
        taking = [kind for kind in asked if self._takes(replace(import_request, kind=kind))]
        self.check(replace(import_request, kind=(taking or asked)[0]))
        job = Job(
            id="",
            kind=import_request.kind,
            created_at=self.clock(),
            file_name=_kept_name(upload.file_name),
            options={**import_request.options, **_limits(import_request)},
        )
        job_types = [self.types[kind] for kind in taking]
        head = _head(upload.content)
        return preview_of(job, job_types[0], head) if import_request.kind else best_of(job, job_types, head)

    def _takes(self, import_request: ImportRequest) -> bool:
        try:
            self.check(import_request)
        except (InvalidRequest, OutOfScope):
            return False
        return True

    def accept(self, import_request: ImportRequest, upload: Upload) -> Job:
        """The job that a file became, durably; or the one that this key, or another upload of the same bytes, began before.

        Raises `InvalidFile`, `UnsupportedFile`, `UploadTooLarge` for what cannot become a job, `InvalidRequest` for a key
        that was used for another one, and what the upload raises. Nothing is kept then.
        """
        file_name, file_rows = _kept_name(upload.file_name), self.types[import_request.kind].file
        assert file_rows is not None
        named, options = format_of_name(file_name, file_rows.suffixes), import_request.options
        job_id = self._new_id()
        sniff_head = partial(sniff, file_rows=file_rows, file_name=file_name, options=options)
        with self._files.writer(upload_name(job_id)) as writer:
            is_document = named.line_format.is_document
            size, digest, file_format = self._receive(upload.content, writer, None if is_document else sniff_head)
        if file_format is None or file_format.line_format.is_document:
            file_format = self._detect(upload_name(job_id), file_rows, file_name=file_name, options=options)
        job = Job(
            id=job_id,
            kind=import_request.kind,
            created_at=self.clock(),
            file_name=file_name,
            file_size=size,
            sha256=digest,
            options={**options, **_limits(import_request), FILE_FORMAT: file_format.as_option()},
            idempotency_key=import_request.key,
        )
        created = self._jobs.create(job)
        if created.id != job_id:
            with suppress(StorageUnavailable):  # a file without a job is swept later
                self._files.delete([upload_name(job_id)])
            _agree(created, job)
        return created

    def _detect(self, name: str, file_rows: FileRows, *, file_name: str, options: Mapping[str, Any]) -> FileFormat:
        """The format of a document, which only the whole file tells; a file without one is not kept."""
        try:
            with self._files.open(name) as file:
                return detect(file, file_rows, file_name=file_name, options=options)
        except InvalidFile:
            with suppress(StorageUnavailable):  # a file without a job is swept later
                self._files.delete([name])
            raise

    def _receive(
        self, content: Iterator[bytes], writer: Writer, sniff_head: Callable[[bytes], FileFormat] | None
    ) -> tuple[int, str, FileFormat | None]:
        """Write all of a file, and sniff its first bytes as soon as they are there: its size, SHA-256 and format."""
        size, digest, head, file_format = 0, sha256(), bytearray(), None
        for piece in content:
            size += len(piece)
            if size > self.upload_limit:
                raise UploadTooLarge(f"The file is larger than {self.upload_limit:,} bytes. Send it in parts, or gzipped.")
            digest.update(piece)
            if file_format is None and sniff_head is not None:
                head += piece[: HEAD_BYTES - len(head)]
                if len(head) == HEAD_BYTES:
                    file_format = sniff_head(bytes(head))
            writer.write(piece)
        if not size:
            raise InvalidFile("The file is empty.")
        if file_format is None and sniff_head is not None:
            file_format = sniff_head(bytes(head))
        return size, digest.hexdigest(), file_format


def _head(content: Iterator[bytes]) -> bytes:
    """All of the first bytes of a file, at least one and at most `HEAD_BYTES`."""
    head = bytearray()
    for piece in content:
        head += piece
        if len(head) > HEAD_BYTES:
            raise UploadTooLarge(f"A preview is of the first {HEAD_BYTES:,} bytes of a file. Send no more.")
    if not head:
        raise InvalidFile("The file is empty.")
    return bytes(head)


def _limits(import_request: ImportRequest) -> Mapping[str, Any]:
    """The option with the limits, if there are any."""
    return {} if import_request.limits is None else {LIMITS: import_request.limits.texts}


def _agree(kept: Job, new: Job) -> None:
    """Return unless a key was used before for something else."""
    if kept.idempotency_key == new.idempotency_key and kept.dedup_key != new.dedup_key:
        raise InvalidRequest(
            "This Idempotency-Key was used for another file, kind or options before.",
            {"Idempotency-Key": ["Used before. Send a new one for a new import."]},
        )


def _kept_name(sent: str) -> str:
    """A file's name without the folders that some clients send before it, and without unprintable characters."""
    name = re.split(r"[/\\]", sent)[-1]
    return "".join(character for character in name if character.isprintable())[-MAX_NAME:]

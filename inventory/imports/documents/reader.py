"""The entries of documents, read by a program of its own that cannot harm this one; see `documents.program`."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections import deque
from collections.abc import Generator, Iterator
from contextlib import suppress
from dataclasses import replace
from subprocess import DEVNULL, PIPE, Popen
from threading import Thread
from typing import IO, Any, BinaryIO

import orjson
import structlog

from inventory.errors import UnreadableFile
from inventory.imports.columns import qualified
from inventory.imports.documents.model import MAX_TEXT, DocumentKind, Entry, Extent
from inventory.imports.file_format import FileFormat
from inventory.imports.lines import uploaded_pieces
from inventory.imports.rejections import LINE_TOO_LONG, MISSING_VALUE, rejected
from inventory.jobs.job_type import LineFormat
from inventory.jobs.model import InputRow

log = structlog.get_logger(__name__)

PROGRAM = "inventory.imports.documents.program"
WAY_OUT = "Save what is needed as .csv or .txt."
TOO_BIG = f"Reading it takes more memory than a file may. {WAY_OUT}"
TOO_SLOW = f"Reading it takes more time than a file of its size may. {WAY_OUT}"
FAILURES = {-signal.SIGXCPU: TOO_SLOW, -signal.SIGABRT: TOO_BIG, -signal.SIGKILL: TOO_BIG, -signal.SIGSEGV: TOO_BIG}
"""What the end of the program means; Rust aborts where it gets no memory."""
EXPANDING = (LineFormat.WARC_CAPTURES,)
"""What the program expands itself."""


def rows(file: BinaryIO, file_format: FileFormat) -> Iterator[tuple[InputRow, int]]:
    """The rows of a document with how far in the file they end; the rows of a sheet count on from the sheet before."""
    sheets = {sheet.number: sheet for sheet in file_format.sheets}
    columns = {sheet.number: (sheet.column, *sheet.qualifiers) for sheet in file_format.sheets}
    reader = DocumentReader(file, file_format, Extent(columns=columns or None))
    offset, last, last_sheet = 0, 0, 0
    for entry, end in reader.entries():
        if entry.sheet != last_sheet:
            offset, last_sheet = last, entry.sheet
        number = last = offset + entry.number
        if not sheets or entry.number >= sheets[entry.sheet].first_row:
            yield _row(number, entry.cells), end


def _row(number: int, cells: Any) -> InputRow:
    text, *qualifiers = cells
    if not (text := text.strip()):
        return rejected(number, "", MISSING_VALUE, "It has nothing where the others have their value.")
    if len(text) > MAX_TEXT:
        return rejected(number, text, LINE_TOO_LONG, f"It is longer than {MAX_TEXT:,} characters.")
    return InputRow(number, qualified(text, qualifiers) if qualifiers else text)


class DocumentReader:
    """One run of the program over a file, which must be open until `entries` has ended or is closed."""

    def __init__(self, file: BinaryIO, file_format: FileFormat, extent: Extent) -> None:
        self._file, self._format = file, file_format
        # A web archive is a member of gzip for each record: its reader goes on behind a broken one.
        self._as_fed = replace(file_format, gzipped=False) if file_format.line_format in EXPANDING else file_format
        asked = {"sample": extent.sample, "columns": extent.columns}
        extent_json = orjson.dumps(asked, option=orjson.OPT_NON_STR_KEYS)
        self._command = [sys.executable, "-P", "-m", PROGRAM, file_format.line_format.value, extent_json]
        self._marks = deque[tuple[int, int]]()
        self._end = 0
        self._feeding_error: Exception | None = None
        self.kind: DocumentKind | None = None
        """What the document turned out to be; None until its first entry, or its end."""

    def entries(self) -> Generator[tuple[Entry, int]]:
        """The entries, lazily, with how far in the file they end; `UnreadableFile` where the rest cannot be read."""
        ended: dict[str, str | None] = {}
        with Popen(self._command, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env=_environment()) as program:  # noqa: S603 - fixed
            assert program.stdin is not None
            assert program.stdout is not None
            # As a daemon it holds up no exit of this program, which ends the other one.
            feeding = Thread(target=self._feed, args=(program.stdin,), name="document", daemon=True)
            feeding.start()
            try:
                for line in program.stdout:
                    message = _loaded(line)
                    if isinstance(message, dict):
                        ended = message
                    elif self.kind is None:
                        self.kind = DocumentKind(shape=message[0], encoding=message[1], column=message[2])
                    else:
                        position, number, cells, sheet = message
                        yield Entry(number=number, cells=cells, sheet=sheet), self._end_of(position)
                program.wait()
            finally:
                program.kill()  # where nobody wants the rest
                feeding.join()
        if self._feeding_error is not None:
            raise self._feeding_error
        error = ended["error"] if ended else self._failure(program.returncode)
        if error is not None:
            raise UnreadableFile(error)

    def _feed(self, pipe: IO[bytes]) -> None:
        """Give the program the whole file, or as much of it as it takes."""
        total = 0
        try:
            with suppress(BrokenPipeError), pipe:
                for piece, _, end in uploaded_pieces(self._file, self._as_fed):
                    total += len(piece)
                    self._marks.append((total, end))
                    pipe.write(piece)
        except Exception as error:  # noqa: BLE001 - the edge of this thread: it is raised where the entries are read
            self._feeding_error = error

    def _end_of(self, position: int) -> int:
        """The position in the uploaded file of one in the document."""
        while self._marks and self._marks[0][0] <= position:
            self._end = self._marks.popleft()[1]
        return self._end

    def _failure(self, code: int) -> str:
        log.warning("document_reader_ended", form=self._format.line_format.value, code=code)
        return FAILURES.get(code, f"The program that reads such files ended with code {code}. {WAY_OUT}")


def _environment() -> dict[str, str]:
    """The program finds modules where this one does, and is told nothing else: a setting may be a secret."""
    kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
    return {**kept, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}


def _loaded(line: bytes) -> Any:
    """A message; one that was cut off when the program was killed is none."""
    if not line.endswith(b"\n"):
        return {}
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:  # half of a surrogate pair, which JSON allows and orjson does not
        return json.loads(line)

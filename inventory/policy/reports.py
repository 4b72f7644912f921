"""Reports on any number of verdicts, in pieces: what does not fit into memory is written as it comes.

A piece is made wherever targets are judged; the document is put together in one place.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from tempfile import TemporaryFile
from typing import IO

from inventory import json_bytes
from inventory.clock import rfc3339
from inventory.jobs.exports import csv_lines
from inventory.policy import junit, sarif
from inventory.policy.csv_rows import COLUMNS, CsvRows
from inventory.policy.documents import verdict_document
from inventory.policy.model import Policy, TargetStatus, Verdict

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """What is written of some verdicts, what is written elsewhere, and what is counted: each status, and more."""

    body: bytes = b""
    aside: bytes = b""
    counts: Counter[str] = field(default_factory=Counter)


class Report(ABC):
    """A form of a report. `piece` is called for the verdicts in order, and `document` with what it gave."""

    def __init__(self, policy: Policy, at: datetime) -> None:
        self.policy, self.at = policy, at

    @abstractmethod
    def piece(self, verdicts: Sequence[Verdict]) -> Piece:
        """What the report has of some verdicts."""

    @abstractmethod
    def document(self, pieces: Iterable[Piece]) -> Iterator[bytes]:
        """The whole report."""


class JsonReport(Report):
    """An object with all verdicts, and how many there are of each status."""

    def piece(self, verdicts: Sequence[Verdict]) -> Piece:
        return Piece(body=_listed(map(verdict_document, verdicts)), counts=statuses(verdicts))

    def document(self, pieces: Iterable[Piece]) -> Iterator[bytes]:
        counts: Counter[str] = Counter()
        begin = json_bytes.dumps({"policy": self.policy.id, "at": rfc3339(self.at)})
        yield begin.removesuffix(b"}") + b',"targets":['
        yield from _joined(each.body for each in _counted(pieces, counts))
        yield b'],"counts":' + json_bytes.dumps({each.value: counts[each.value] for each in TargetStatus}) + b"}\n"


class CsvReport(Report):
    """A row for each piece of evidence, and one for a target without any."""

    def __init__(self, policy: Policy, at: datetime) -> None:
        super().__init__(policy, at)
        self._rows = CsvRows()

    def piece(self, verdicts: Sequence[Verdict]) -> Piece:
        return Piece(body=b"".join(map(self._rows.of, verdicts)), counts=statuses(verdicts))

    def document(self, pieces: Iterable[Piece]) -> Iterator[bytes]:
        yield csv_lines([COLUMNS])
        for each in pieces:
            yield each.body


class JunitReport(Report):
    """Its first line has totals, so all else waits in a temporary file."""

    def piece(self, verdicts: Sequence[Verdict]) -> Piece:
        body, totals = junit.suites(self.policy, verdicts)
        return Piece(body=body, counts=statuses(verdicts) + totals)

    def document(self, pieces: Iterable[Piece]) -> Iterator[bytes]:
        counts: Counter[str] = Counter()
        with TemporaryFile() as file:
            for each in _counted(pieces, counts):
                file.write(each.body)
            yield junit.opening(self.policy, counts)
            yield from _content(file)
        yield junit.CLOSING + b"\n"


class SarifReport(Report):
    """A run with results, and an invocation that is not successful if a target could not be checked.

    What could not be checked comes after all results, and waits in a temporary file.
    """

    def piece(self, verdicts: Sequence[Verdict]) -> Piece:
        body = _listed(sarif.results(self.policy, verdicts))
        return Piece(body=body, aside=_listed(sarif.notifications(verdicts)), counts=statuses(verdicts))

    def document(self, pieces: Iterable[Piece]) -> Iterator[bytes]:
        head = json_bytes.dumps({"$schema": sarif.SCHEMA, "version": "2.1.0"}).removesuffix(b"}")
        tool = json_bytes.dumps({"tool": {"driver": sarif.driver(self.policy)}}).removesuffix(b"}")
        with TemporaryFile() as file:
            yield head + b',"runs":[' + tool + b',"results":['
            yield from _joined(each.body for each in _beside(pieces, file))
            successful = b"false" if file.tell() else b"true"
            yield b'],"invocations":[{"executionSuccessful":' + successful + b',"toolExecutionNotifications":['
            yield from _content(file)
        yield b']}],"columnKind":"unicodeCodePoints"}]}\n'


REPORTS: Mapping[str, Callable[[Policy, datetime], Report]] = {
    "json": JsonReport,
    "csv": CsvReport,
    "junit": JunitReport,
    "sarif": SarifReport,
}


def statuses(verdicts: Iterable[Verdict]) -> Counter[str]:
    """How many verdicts there are of each status."""
    return Counter([each.status.value for each in verdicts])


def _listed(documents: Iterable[Mapping[str, object]]) -> bytes:
    return b",".join(map(json_bytes.dumps, documents))


def _joined(bodies: Iterable[bytes]) -> Iterator[bytes]:
    """Those that are not empty, with commas between."""
    filled = filter(None, bodies)
    yield next(filled, b"")
    yield from chain.from_iterable((b",", each) for each in filled)


def _counted(pieces: Iterable[Piece], counts: Counter[str]) -> Iterator[Piece]:
    for each in pieces:
        counts.update(each.counts)
        yield each


def _beside(pieces: Iterable[Piece], file: IO[bytes]) -> Iterator[Piece]:
    """The pieces; what is to be written elsewhere goes into a file."""
    for each in pieces:
        if each.aside:
            file.write((b"," if file.tell() else b"") + each.aside)
        yield each


def _content(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk

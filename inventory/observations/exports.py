"""All targets that a search finds, as a file: JSON lines, or CSV in which a spreadsheet finds no formula."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from inventory import json_bytes
from inventory.jobs.exports import csv_lines
from inventory.observations.documents import found_document
from inventory.observations.service import Found

TARGET = ("id", "source", "url", "status", "collected_at")
OBSERVATION = ("field", "value", "volatile", "first_seen", "last_seen", "gone")

Export = Callable[[Iterable[Sequence[Found]], bool], Iterator[bytes]]


def as_json_lines(pages: Iterable[Sequence[Found]], with_shown: bool) -> Iterator[bytes]:
    """A document for each target, lazily."""
    for page in pages:
        yield b"".join(json_bytes.dumps(found_document(each, with_shown=with_shown)) + b"\n" for each in page)


def as_csv(pages: Iterable[Sequence[Found]], with_shown: bool) -> Iterator[bytes]:
    """A line with the names of the columns, then one for each observation, or one for a target without any; lazily."""
    columns = TARGET + OBSERVATION if with_shown else TARGET
    yield csv_lines([columns])
    for page in pages:
        yield csv_lines(row for each in page for row in _rows(each, columns, with_shown))


FORMATS: Mapping[str, tuple[str, Export]] = {"csv": ("text/csv", as_csv), "jsonl": ("application/jsonl", as_json_lines)}
"""The media type of each format, and what writes it."""


def _rows(found: Found, columns: Sequence[str], with_shown: bool) -> Iterator[list[object]]:
    document = found_document(found, with_shown=with_shown)
    observations: Sequence[Mapping[str, object]] = document.get("observations") or [{}]
    for observation in observations:
        row = {**document, **observation}
        if "volatile" in row:
            row["volatile"] = "true" if row["volatile"] else "false"
        yield [row.get(name) for name in columns]

"""W3C Extended Log File Format (WD-logfile), of IIS, CloudFront and others: a line names the fields of those after it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from typing import Any

from inventory.jobs.model import InputRow

NAME = "w3c"
FIELDS, DATE = "#Fields:", "#Date:"
MAX_FIELDS, MAX_NAME = 200, 100
"""Fields of a line, and characters of a name, which each line repeats."""
NO_LINES = "It has the directives of a W3C log file and no lines of one. Send a file with requests in it."

_DIRECTIVE = re.compile(r"#(?:Version|Fields|Software|Start-Date|End-Date|Date|Remark|Time Format)(?::|\s)", re.IGNORECASE)
_VALUE = re.compile(r'"((?:[^"]|"")*+)"(?=\s|\Z)|(\S+)')
_ABSENT = ("-", "")


class Table:
    """Reads lines by the directives before them."""

    def __init__(self) -> None:
        self._names: Sequence[str] = ()
        self._date: str | None = None

    def take(self, text: str) -> bool:
        """Whether a line is a directive; its names and its date are those of the lines after it."""
        if not text.startswith("#") or not _DIRECTIVE.match(text):
            return False
        if text.startswith(FIELDS):
            names = text.removeprefix(FIELDS).split()[:MAX_FIELDS]
            self._names = names if all(len(name) <= MAX_NAME for name in names) else ()
        elif text.startswith(DATE):
            self._date = next(iter(text.removeprefix(DATE).split()), None)
        return True

    def document(self, text: str) -> dict[str, Any] | None:
        """The members of a line; None if no fields are named, or it has more or fewer of them."""
        if not self._names:
            return None
        values = (
            text.split("\t")
            if "\t" in text
            else [found[2] or (found[1] or "").replace('""', '"') for found in _VALUE.finditer(text)]
        )
        if len(values) != len(self._names):
            return None
        members = {name: value for name, value in zip(self._names, values, strict=True) if value not in _ABSENT}
        date, time = members.pop("date", self._date), members.pop("time", None)
        timestamp = {"timestamp": f"{date} {time}"} if date and time else {}
        query = members.get("cs-uri-query")
        if query and "cs-uri-stem" in members:
            members["cs-uri"] = f"{members['cs-uri-stem']}?{query}"
        message = {} if any(name.startswith(("cs", "sc")) for name in members) else {"message": text}
        return {**timestamp, **message, **members}


def begins(lines: Sequence[str]) -> bool:
    """Whether the first lines of a file are directives, one of which names the fields."""
    return any(line.startswith(FIELDS) for line in takewhile(_DIRECTIVE.match, lines))


def converted(lines: Iterable[str]) -> list[str]:
    """The lines without directives, and those whose fields are named as JSON."""
    table = Table()
    return [_as_json(table, line) for line in lines if not table.take(line)]


def opened(rows: Iterator[tuple[InputRow, int]]) -> Iterator[tuple[InputRow, int]]:
    """The rows of a file, as `converted` has them."""
    table = Table()
    for row, end in rows:
        if row.code is not None:
            yield row, end
        elif not table.take(row.text):
            yield row._replace(text=_as_json(table, row.text)), end


def _as_json(table: Table, line: str) -> str:
    document = table.document(line)
    return line if document is None else json.dumps(document, ensure_ascii=False)

"""Lines of the index as text: pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence

from inventory.cdx.lines import FIELDS, Line

TEXT, JSON = "text/plain", "application/json"
JSON_LINES, CDXJ = "application/x-ndjson", "text/x-cdxj"


def text(lines: Iterable[Line], fields: Sequence[str], key: str | None) -> str:
    """Values with blanks between, a capture a line. The key is after an empty line."""
    rows = [" ".join(line[FIELDS[name]] for name in fields) for line in lines]
    return "".join(f"{row}\n" for row in (*rows, *(() if key is None else ("", key))))


def json_array(lines: Sequence[Line], fields: Sequence[str], key: str | None) -> str:
    """The Wayback Machine's JSON: an array of the names and one for each capture. The key is after an empty one."""
    rows = [list(fields), *([line[FIELDS[name]] for name in fields] for line in lines)] if lines else []
    written = [json.dumps(row) for row in (*rows, *(() if key is None else ([], [key])))]
    return "[" + ",\n ".join(written) + "]\n"


def json_lines(lines: Iterable[Line], fields: Sequence[str]) -> str:
    """pywb's JSON: an object for each capture, a line each."""
    return "".join(f"{each}\n" for each in _objects(lines, fields))


def cdxj(lines: Sequence[Line], fields: Sequence[str]) -> str:
    """Key and timestamp, and the other fields as an object, a capture a line."""
    others = [name for name in fields if name not in ("urlkey", "timestamp")]
    objects = _objects(lines, others)
    return "".join(f"{line['urlkey']} {line['timestamp']} {each}\n" for line, each in zip(lines, objects, strict=True))


def _objects(lines: Iterable[Line], fields: Sequence[str]) -> Iterator[str]:
    return (json.dumps({name: line[FIELDS[name]] for name in fields}) for line in lines)

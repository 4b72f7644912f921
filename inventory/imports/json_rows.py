"""The rows of a file with one JSON value a line: a string, or the member of an object (or the entry of an array)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from inventory.imports.columns import qualified
from inventory.imports.file_format import FileFormat
from inventory.imports.lines import MAX_LINE, RawLine, text_of_line
from inventory.imports.members import at_path
from inventory.imports.rejections import INVALID_JSON, MISSING_VALUE, rejected
from inventory.jobs.model import InputRow


def json_of_cdxj(raw_lines: Iterator[RawLine]) -> Iterator[RawLine]:
    """The JSON of the lines of a CDXJ index, after its key and its timestamp, without the lines that tell its version."""
    for number, raw, end in raw_lines:
        if not raw.startswith((b"!", b"@")):
            yield number, raw[max(raw.find(b"{"), 0) :], end


def json_rows(raw_lines: Iterator[RawLine], file_format: FileFormat) -> Iterator[tuple[InputRow, int]]:
    """The value of the member, with its qualifiers, in each line; each with the bytes read up to its end."""
    member, qualifiers = file_format.member or "", file_format.qualifiers
    path = member.split(".") if "." in member else ()
    paths = [str(name).split(".") for name in qualifiers]
    is_flat = all(len(path) == 1 for path in paths)
    for number, raw, end in raw_lines:
        if raw.isspace() or not raw:
            continue
        try:
            value: Any = orjson.loads(raw)
        except orjson.JSONDecodeError as error:
            yield _not_json(number, raw, error), end
            continue
        added: Sequence[Any] = ()
        if isinstance(value, dict):
            if qualifiers:
                added = [value.get(name) for name in qualifiers] if is_flat else [_qualifier(value, each) for each in paths]
            value = at_path(value, path) if path and member not in value else value.get(member)
        elif file_format.first_line and isinstance(value, list) and len(value) > file_format.column:  # a table of arrays
            value = value[file_format.column]
        if isinstance(value, str) and len(raw) <= MAX_LINE and (text := value.strip()):
            yield InputRow(number, qualified(text, added) if added else text), end
        else:
            yield _without_member(number, raw, member), end


def _qualifier(value: Any, path: Sequence[str]) -> Any:
    whole = ".".join(path)
    return value[whole] if whole in value else at_path(value, path)


def _not_json(number: int, raw: bytes, error: orjson.JSONDecodeError) -> InputRow:
    text = text_of_line(number, raw, "utf-8")
    return text if isinstance(text, InputRow) else rejected(number, text, INVALID_JSON, f"It is not JSON: {error}.")


def _without_member(number: int, raw: bytes, member: str) -> InputRow:
    text = text_of_line(number, raw, "utf-8")
    detail = f"It is neither a string nor an object with a string {member!r}."
    return text if isinstance(text, InputRow) else rejected(number, text, MISSING_VALUE, detail)

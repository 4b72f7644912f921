"""How the rows of a batch are kept in a chunk, and read again.

A chunk is a JSON object of the numbers of its `rows`, their `texts`, and `[code, detail, reserved_rows]` of those `others`,
by position, that are not just a text. One of whole lines has the number of the first, and then these lines as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

import orjson

from inventory.jobs.line_blocks import LineBlock, LineRows
from inventory.jobs.model import InputRow
from inventory.json_bytes import dumps

LINES = b"lines "
"""How a chunk of whole lines begins: the number of the first row follows, then LF."""


def of_lines(blocks: Sequence[LineBlock]) -> bytes:
    """The chunk of the lines of blocks that follow each other."""
    return b"".join([b"%s%d\n" % (LINES, blocks[0].first_row), *(block.content for block in blocks)])


def of_rows(rows: Sequence[int], texts: Sequence[str], others: Mapping[str, Sequence[Any]]) -> bytes:
    """The chunk of rows."""
    return dumps({"rows": rows, "texts": texts, "others": others})


def input_rows(content: bytes) -> Sequence[InputRow]:
    """The rows of a chunk; `ValueError`, `LookupError` or `TypeError` if it is damaged."""
    if content.startswith(LINES):
        if b"\0" in content or not content.endswith(b"\n"):
            raise ValueError("The power failed before the disk had all of it.")
        end = content.index(b"\n")
        return LineRows.of(int(content[len(LINES) : end]), memoryview(content)[end + 1 :])
    if not content.startswith(b"{"):  # of an earlier version: a list a line
        return [InputRow(*_loads(encoded)) for encoded in BytesIO(content)]
    kept = _loads(content)
    rows = list(map(InputRow, kept["rows"], kept["texts"]))
    for position, rest in kept["others"].items():
        rows[int(position)] = InputRow(*rows[int(position)][:2], *rest)
    return rows


def _loads(encoded: bytes) -> Any:
    try:
        return orjson.loads(encoded)
    except ValueError:  # half of a surrogate pair, which JSON allows and orjson does not
        return json.loads(encoded)

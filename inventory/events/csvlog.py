"""PostgreSQL's `csvlog`: a row of a table whose columns are always the same (PostgreSQL 18, 19.8.4)."""

from __future__ import annotations

import csv
import re
from typing import Any

from inventory.events import levels

NAMES = (
    "log_time", "user_name", "database_name", "process_id", "connection_from", "session_id", "session_line_num",
    "command_tag", "session_start_time", "virtual_transaction_id", "transaction_id", "error_severity", "sql_state_code",
    "message", "detail", "hint", "internal_query", "internal_query_pos", "context", "query", "query_pos", "location",
    "application_name", "backend_type", "leader_pid", "query_id",
)  # fmt: skip
FEWEST = 22
"""Columns of the oldest version that has the format."""
_BEGINNING = re.compile(r'(?:"[^"]{0,200}")?,(?:"[^"]{0,200}")?,\d{0,10},')


def read(text: str) -> dict[str, Any] | None:
    """The columns of a row, from the comma after the first, its time; None if it is not such a row."""
    if not text.startswith(",") or not _BEGINNING.match(text, 1):
        return None
    try:
        row = next(csv.reader([text[1:]], strict=True), [])
    except csv.Error:
        return None
    members: dict[str, Any] = {name: value for name, value in zip(NAMES[1:], row, strict=False) if value}
    fits = FEWEST <= len(row) < len(NAMES) and levels.of(members.get("error_severity"))
    return {"message": "", **members} if fits else None

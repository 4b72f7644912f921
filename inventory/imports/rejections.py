"""Why a row cannot be worked on as it is, found out when its file is read."""

from __future__ import annotations

from inventory.jobs.model import LONGEST_INPUT, InputRow

LINE_TOO_LONG = "line_too_long"
INVALID_ENCODING = "invalid_encoding"
INVALID_JSON = "invalid_json"
UNCLOSED_QUOTE = "unclosed_quote"
EXTRA_CELLS = "extra_cells"
MISSING_VALUE = "missing_value"


def rejected(number: int, text: str, code: str, detail: str) -> InputRow:
    """The row that is rejected for this."""
    return InputRow(number, text.strip()[:LONGEST_INPUT], code, detail)

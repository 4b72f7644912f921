"""How many values of a field a finding keeps: a page may show 1,000 of 1,000 bytes, and a message tells 50,000 findings."""

from __future__ import annotations

from collections.abc import Sequence

MAX_VALUES, MAX_BYTES = 50, 4_000


def kept_values(values: Sequence[str]) -> Sequence[str]:
    """The first values, one at least; where there are more, the last one says so."""
    if len(values) <= 1:
        return values
    kept, size = 0, 0
    for each in values[:MAX_VALUES]:
        size += len(each.encode("utf-8", "surrogatepass"))
        if size > MAX_BYTES and kept:
            break
        kept += 1
    return [*values[:kept], f"… and {len(values) - kept:,} more"] if kept < len(values) else values

"""What the lines of a log file are, told from the first of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from inventory.errors import InvalidFile
from inventory.events import envelopes, w3c
from inventory.events.lines import NO_DATE
from inventory.events.normaliser import normalised, shown
from inventory.events.options import reader_of
from inventory.events.parsing import read

MAX_NAMES = 12
"""Names of members in a message."""


SOME_DAY = datetime(2024, 1, 1, tzinfo=UTC)
"""Dates without a year are read, and what year they are of makes no difference here."""


def shape_of(lines: Sequence[str], chosen: Mapping[str, Any]) -> str | None:
    """The shape of most of the first lines, read with the options of an import; None without any line.

    `InvalidFile` says what they are if none is an event, and `InvalidRequest` which option is not valid.
    """
    reader = reader_of(chosen, SOME_DAY)
    found: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    is_w3c = w3c.begins(lines)
    for line in w3c.converted(lines) if is_w3c else lines:
        shape = envelopes.shape_of(line)
        if shape is not None:
            found[shape] += 1
            continue
        try:
            name, prepared = reader.recognised(line.strip())
            normalised(prepared, line, reader.choices)
        except ValueError as error:
            reasons[str(error)] += 1
        else:
            found[w3c.NAME if is_w3c else name] += 1
    if lines and not found:
        if not reasons:
            raise InvalidFile(_refusal(lines, w3c.NO_LINES))
        reason = NO_DATE if NO_DATE in reasons else reasons.most_common(1)[0][0]  # a stack trace has more lines
        raise InvalidFile(_refusal(lines, reason))
    return found.most_common(1)[0][0] if found else None


def _refusal(lines: Sequence[str], reason: str) -> str:
    count = f"None of the first {len(lines)} lines is" if len(lines) > 1 else "The only line is not"
    return f"{count} a log event. {_described(lines[0].strip())} {reason}"


def _described(line: str) -> str:
    """What a line is, and what is in it."""
    try:
        value = read(line)
    except ValueError:
        return f"It begins with {shown(line)}."
    if type(value) is not dict:
        return f"It begins with {shown(line)}."
    names = [_shortened(name) for name in list(value)[:MAX_NAMES]]
    more = ", …" if len(value) > MAX_NAMES else ""
    return f"It begins with an object with the members {', '.join(names)}{more}." if names else "It begins with {}."


def _shortened(name: str) -> str:
    return repr(name if len(name) <= 40 else f"{name[:39]}…")

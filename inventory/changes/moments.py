"""What `from` and `to` of a diff may be: the id of a snapshot, or an instant."""

from __future__ import annotations

import re
from datetime import datetime

from inventory.instants import EXAMPLES, MAX_CHARACTERS, in_the_future, instant_meant, invalid
from inventory.records.model import CLOCKS_DIFFER

Moment = str | datetime
"""An id, or an instant in UTC."""

_ID = re.compile(r"[0-9a-fA-F]{32}")


def read_moment(name: str, text: str | None, now: datetime) -> Moment | None:
    """What the text of a parameter means, None if it was not given.

    `InvalidRequest` if it means nothing, or the future by more than clocks differ.
    """
    if text is None:
        return None
    if _ID.fullmatch(text):
        return text.lower()
    instant = instant_meant(text, now)
    if instant is None:
        reason = f"is neither the id of a snapshot (32 hexadecimal digits) nor an instant. Send {EXAMPLES}."
        raise invalid(name, f"{text[:MAX_CHARACTERS]!r} {reason}")
    if instant > now + CLOCKS_DIFFER:
        raise in_the_future(name, text)
    return instant

"""What both stores make of the texts of conditions: which of them can be looked for, and where those of a prefix end."""

from __future__ import annotations

from inventory.observations.model import Matcher, Pattern

LAST = "\U0010ffff" * 250
"""What no rest of a value is greater than: a value has at most 1,000 bytes."""


def storable(matcher: Matcher) -> bool:
    """Whether it means a text at all that a store has: none has half of a surrogate pair."""
    return is_text("".join(matcher.literals) if isinstance(matcher, Pattern) else matcher.text)


def is_text(text: str) -> bool:
    """Whether a store has such a text at all."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True

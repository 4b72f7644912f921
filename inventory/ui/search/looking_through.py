"""Which queries take long to answer in a big inventory."""

from __future__ import annotations

from datetime import datetime

from inventory.observations.model import And, Condition, Has, Not, Or, Word
from inventory.observations.queries.query import parse

OWN = ("url", "host", "title", "path", "final.url", "final.host", "redirect.url", "body.sha256", "tls.name", "tls.subject")
"""Fields of which nearly each target shows a value of its own: with a million targets, a million are looked through."""


def looks_through_values(text: str, now: datetime) -> bool:
    """Whether a pattern in a query is for such a field; `InvalidQuery` if it is none."""
    return _looks_through(parse(text, now=now))


def _looks_through(condition: Condition) -> bool:
    match condition:
        case Has(field=field, value=value):
            return not isinstance(value, Word) and any(map(field.matches, OWN))
        case Not(other):
            return _looks_through(other)
        case And(conditions) | Or(conditions):
            return any(map(_looks_through, conditions))
        case _:
            return False

"""The query text that finds one value of one field, whatever characters they have."""

from __future__ import annotations

import re

from inventory.errors import InvalidQuery
from inventory.folding import folded
from inventory.observations import values
from inventory.observations.field_names import EXACT, find
from inventory.observations.fields import ValueType
from inventory.observations.values import shown

_PLAIN = re.compile(r"(?!-)[A-Za-z0-9_.\-]+")
_OPERATORS = ("AND", "OR", "NOT", "TO")


def quoted(field: str, value: str) -> str:
    """The query that finds exactly the targets with this value of this field, both as the index has them."""
    found, _ = find([field])
    if not found:
        raise InvalidQuery(f"{shown(field)} is not a field.", 1)
    known = found[0].field
    name, text = escaped_name(field), _escaped_value(value)
    if known.only_ranges:
        return f"{name}:[{text} TO {text}]"
    caseless = known.compared_exactly or _has_no_case(value)
    is_own_name = not field.endswith(EXACT) and (known.named_in_lower_case or _has_no_case(field))
    plain = caseless and is_own_name and _is_canonical(known.value_type, value)
    return f"{name}:{text}" if plain else f"{name}{EXACT}:{text}"


def escaped_name(field: str) -> str:
    """The name of a field as a query has it."""
    return "".join(character if character.isalnum() or character in "_.-" else _escape(character) for character in field)


def _escaped_value(value: str) -> str:
    if _PLAIN.fullmatch(value) and value not in _OPERATORS:
        return value
    return '"' + "".join(_escape(c) if c in '\\"' or not c.isprintable() else c for c in value) + '"'


def _escape(character: str) -> str:
    """A character without its meaning; those that cannot be shown or sent by their number."""
    if character.isprintable():
        return f"\\{character}"
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else character


def _has_no_case(text: str) -> bool:
    return all(character == character.upper() == folded(character) for character in text)


def _is_canonical(value_type: ValueType, value: str) -> bool:
    if value_type is ValueType.INSTANT:
        return False  # without `.exact` it would be a point in time, however that is spelled
    try:
        return values.canonical(value_type, value) == value
    except ValueError:
        return False

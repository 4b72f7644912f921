"""Parameters that name fields as queries do: one, or several with commas between."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from inventory.errors import InvalidQuery
from inventory.observations.conditions import Matcher, Word
from inventory.observations.fields import FIXED
from inventory.observations.queries.query import parse_field, parse_name

MAX_NAMES = 50
_NAME = re.compile(r"((?:[^,\\]|\\.?)*+)(,?)", re.DOTALL)


def names_in(text: str) -> Iterator[tuple[int, str]]:
    """The names between commas, each with its position from 0, where a backslash takes its meaning from a comma."""
    start, more = 0, True
    while more:
        found = _NAME.match(text, start)
        assert found is not None  # it matches everywhere
        yield start + len(found[1]) - len(found[1].lstrip()), found[1].strip()
        start, more = found.end(), bool(found[2])


def read_fields(parameter: str, text: str) -> Sequence[Matcher]:
    """The fields that a list of names and patterns means, none of an empty text; a comma in a name needs a backslash.

    `InvalidQuery` has the parameter, and the position in its text.
    """
    names: dict[Matcher, None] = {}
    for count, (begin, written) in enumerate(names_in(text) if text.strip() else ()):
        if count >= MAX_NAMES:
            reason = f"More than {MAX_NAMES} fields are named. Name fewer, or use patterns such as header.*"
            raise InvalidQuery(reason, begin + 1, parameter)
        if not written:
            raise InvalidQuery("The name of a field is missing here. Leave the comma out.", begin + 1, parameter)
        try:
            named = parse_field(written)
        except InvalidQuery as error:
            raise InvalidQuery(error.reason, begin + error.position, parameter) from None
        if all(each.field.only_ranges for each in named):
            raise _for_ranges_only(named[0].field.name, begin + 1, parameter)
        names.update(dict.fromkeys(each.name for each in named))
    return list(names)


def read_field(parameter: str, text: str) -> str:
    """The one field that a name means, as the index spells it; `InvalidQuery` if its values are not listed, too."""
    try:
        name = parse_name(text).name
    except InvalidQuery as error:
        raise InvalidQuery(error.reason, error.position, parameter) from None
    assert isinstance(name, Word)  # a name without a wildcard
    if (fixed := FIXED.get(name.text)) is not None and fixed.only_ranges:
        raise _for_ranges_only(name.text, 1, parameter)
    return name.text


def _for_ranges_only(name: str, position: int, parameter: str) -> InvalidQuery:
    reason = f"{name} is for ranges only, such as {name}:>=1000: its values are not listed. Name another field."
    return InvalidQuery(reason, position, parameter)

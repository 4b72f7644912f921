"""Parameters that name fields as queries do: one, or several with commas between."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inventory.errors import InvalidQuery
from inventory.observations.conditions import Matcher, Word
from inventory.observations.fields import FIXED
from inventory.observations.queries.query import parse_field, parse_name

MAX_NAMES = 50
_NAME = re.compile(r"((?:[^,\\]|\\.?)*+)(,?)", re.DOTALL)


def read_fields(parameter: str, text: str) -> Sequence[Matcher]:
    """The fields that a list of names and patterns means, none of an empty text; a comma in a name needs a backslash.

    `InvalidQuery` has the parameter, and the position in its text.
    """
    names: dict[Matcher, None] = {}
    count, start = 0, 0
    while text.strip() and start <= len(text):
        found = _NAME.match(text, start)
        assert found is not None  # it matches everywhere
        written = found[1].strip()
        count += 1
        if count > MAX_NAMES:
            reason = f"More than {MAX_NAMES} fields are named. Name fewer, or use patterns such as header.*"
            raise InvalidQuery(reason, start + 1, parameter)
        if not written:
            raise InvalidQuery("The name of a field is missing here. Leave the comma out.", start + 1, parameter)
        begin = start + len(found[1]) - len(found[1].lstrip())
        try:
            named = parse_field(written)
        except InvalidQuery as error:
            raise InvalidQuery(error.reason, begin + error.position, parameter) from None
        if all(each.field.only_ranges for each in named):
            raise _for_ranges_only(named[0].field.name, begin + 1, parameter)
        names.update(dict.fromkeys(each.name for each in named))
        start = found.end() if found[2] else len(text) + 1
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

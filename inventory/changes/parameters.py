"""What is asked of the list of changes: which targets, which fields, and from when to when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from inventory.errors import InvalidQuery
from inventory.instants import invalid, read_instant
from inventory.limits import Limits
from inventory.observations.conditions import all_of
from inventory.observations.field_names import EXACT, find
from inventory.observations.limited import condition_of
from inventory.observations.model import Condition, Matcher, folded
from inventory.observations.queries.field_lists import names_in
from inventory.observations.queries.query import parse, parse_field
from inventory.observations.queries.quoting import escaped_name
from inventory.observations.values import shown
from inventory.records.model import CLOCKS_DIFFER

DEFAULT_SINCE = timedelta(days=7)
MAX_FIELDS = 20
MAX_FIELD_CHARACTERS = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeParameters:
    """The parameters as they were given."""

    q: str = ""
    fields: Sequence[str] = ()
    since: str | None = None
    until: str | None = None
    volatile: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFilter:
    """The same as values. Changes are from `since` to before `until`."""

    condition: Condition
    fields: Sequence[Matcher]
    since: datetime
    until: datetime


def read(parameters: ChangeParameters, now: datetime, limits: Limits | None) -> ChangeFilter:
    """What the parameters mean; `InvalidQuery` for `q` and `field`, `InvalidRequest` for another.

    Without `until` it is now, and all that other clocks have put down by now. Only targets within `limits` are meant.
    """
    condition = all_of([parse(parameters.q, now=now), condition_of(limits)])
    fields = _fields(parameters.fields)
    since = now - DEFAULT_SINCE if parameters.since is None else read_instant("since", parameters.since, now)
    until = now + CLOCKS_DIFFER if parameters.until is None else read_instant("until", parameters.until, now)
    if parameters.since is None and since > until:
        raise invalid("since", "Send it: by default it is seven days ago, which is later than `until`.")
    if since > until:
        raise invalid("since", "It is later than `until`. Swap them.")
    return ChangeFilter(condition=condition, fields=fields, since=since, until=until)


def field_parameter(field: str) -> str:
    """The text of the parameter that means exactly this field."""
    found, _ = find([field])
    has_case = any(not each.field.named_in_lower_case for each in found) and field != folded(field)
    return escaped_name(field) + (EXACT if has_case or field.endswith(EXACT) else "")


def _fields(lists: Sequence[str]) -> Sequence[Matcher]:
    """The fields of lists with commas between names."""
    named = list(islice((each for text in lists for each in names_in(text)), MAX_FIELDS + 1))
    if len(named) > MAX_FIELDS:
        raise invalid("field", f"Send at most {MAX_FIELDS} fields, or one with * that means several.")
    return [matcher for begin, name in named for matcher in _field(name, begin)]


def _field(name: str, begin: int) -> Sequence[Matcher]:
    if not 0 < len(name) <= MAX_FIELD_CHARACTERS:
        raise invalid("field", f"Send the name of a field, of at most {MAX_FIELD_CHARACTERS} characters.")
    try:
        named = parse_field(name)
    except InvalidQuery as error:
        raise InvalidQuery(error.reason, begin + error.position, "field") from None
    found = [each.name for each in named if not each.field.only_latest]
    if not found:
        reason = (
            f"{shown(name)} is known of the latest snapshot only, so its changes are not. /api/v1/metadata/diff has them."
        )
        raise InvalidQuery(reason, begin + 1, "field")
    return found

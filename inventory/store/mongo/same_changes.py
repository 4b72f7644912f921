"""All changes of a time at once, the same ones together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from inventory.errors import QueryTooBroad
from inventory.observations.model import Matcher, Occurrence, SameChange
from inventory.store.codecs import from_millis
from inventory.store.mongo.changed import chosen_fields, ends_of, spans
from inventory.store.mongo.conditions import Query
from inventory.store.mongo.numbers import Numbers


def all_of(
    query: Query, numbers: Numbers, fields: Sequence[Matcher], *, since: int, until: int, limit: int
) -> Sequence[SameChange]:
    """The changes from `since` to before `until`; `QueryTooBroad` if there are more than `limit`."""
    chosen = chosen_fields(query.timed.database, fields)
    same: dict[tuple[int, ...], list[Occurrence]] = defaultdict(list)
    number = 0
    for documents, begin, end in spans(query, since, until):
        query.timed.check()
        for (at, record_id, field), ends in ends_of(documents, chosen, begin, end).items():
            same[field, *sorted((*(-value for value in ends.old), *ends.new))].append((record_id, from_millis(at)))
            number += 1
        if number > limit:
            raise QueryTooBroad
    return _in_texts(query, numbers, same)


def _in_texts(query: Query, numbers: Numbers, same: Mapping[tuple[int, ...], Sequence[Occurrence]]) -> Sequence[SameChange]:
    texts = numbers.texts(query.timed.database, {abs(value) for values in same for value in values[1:]})
    names = numbers.names(query.timed.database, {values[0] for values in same})
    return [
        SameChange(
            field=names[field],
            old=sorted(texts[-value].value for value in values if value < 0 and -value in texts),
            new=sorted(texts[value].value for value in values if value > 0 and value in texts),
            volatile=any(texts[abs(value)].volatile for value in values if abs(value) in texts),
            occurrences=occurrences,
        )
        for (field, *values), occurrences in same.items()
    ]

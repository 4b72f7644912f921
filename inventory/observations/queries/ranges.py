"""Ranges of numbers and instants: their ends as they are written become ends that can be compared."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from inventory.errors import InvalidQuery
from inventory.observations import values
from inventory.observations.conditions import Between, End, OfName
from inventory.observations.fields import Field, ValueType
from inventory.observations.values import Period, or_invalid


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenEnd:
    """One end of a range as a query has it."""

    text: str
    position: int
    included: bool


def between(field: Field, low: WrittenEnd | None, high: WrittenEnd | None, now: datetime, position: int) -> OfName:
    """The condition of a range, for a name of the field; None is an open end, and one is given at least."""
    lowest = None if low is None else _low(_period(field, low, now), included=low.included)
    highest = None if high is None else _high(_period(field, high, now), included=high.included)
    if lowest is not None and highest is not None and _is_empty(lowest, highest):
        raise InvalidQuery("Nothing lies in this range. Write the lower end first; [ and ] include the ends.", position)
    return lambda name: Between(name, lowest, highest)


def during(period: Period) -> OfName:
    """The condition that an instant lies in a period, for a name of the field."""
    return lambda name: Between(name, _low(period, included=True), _high(period, included=True))


def _period(field: Field, end: WrittenEnd, now: datetime) -> Period:
    if field.value_type is ValueType.INSTANT:
        return or_invalid(end.position, values.period, end.text, now)
    return Period(or_invalid(end.position, values.number, end.text))


def _low(period: Period, *, included: bool) -> End:
    if period.end is not None and not included:
        return End(period.end, included=True)
    return End(period.start, included, period.from_now)


def _high(period: Period, *, included: bool) -> End:
    if period.end is not None and included:
        return End(period.end, included=False)
    return End(period.start, included, period.from_now)


def _is_empty(low: End, high: End) -> bool:
    return low.value > high.value or (low.value == high.value and not (low.included and high.included))

"""Whether targets are to have the schedule of a watch, and when they are due."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.clock import EPOCH
from inventory.records.model import Target
from inventory.watches.due_times import next_due
from inventory.watches.model import Membership
from tests.watches.histories import BEGIN, HOUR, History, at, watch

MINUTE = timedelta(minutes=1)


def membership(history: History, **set_: object) -> Membership | None:
    found = history.evaluation(watch("changes", "enters", "leaves", "fails", **set_)).memberships
    return found[0] if found else None


def test_a_target_that_matches_has_a_schedule_and_one_that_does_not_has_none() -> None:
    history = History()
    history.collect({"status": "200"})

    member = membership(history, query="status:200", every=3_600)

    assert member is not None
    assert (member.matches, member.sooner) == (True, None)
    assert member.due_at == next_due(history.target.id, 3_600, after=history.now)
    assert membership(history, query="status:404", every=3_600) is None

    history.collect({"status": "404"})
    gone = membership(history, query="status:200", every=3_600)
    assert gone is not None
    assert (gone.matches, gone.due_at) == (False, None)


def test_a_watch_without_a_period_schedules_nothing() -> None:
    history = History()
    history.collect()

    assert membership(history) is None


def test_what_is_to_be_confirmed_is_collected_again_soon() -> None:
    history = History()
    history.collect({"title": "v 1"})
    history.collect({"title": "v 2"})

    assert membership(history, every=3_600).sooner == history.now + MINUTE
    assert membership(history, every=60).sooner == history.now + MINUTE
    assert membership(history, every=3_600, fields="status").sooner is None

    history.collect({"title": "v 2"})
    assert membership(history, every=3_600).sooner is None


def test_a_certificate_that_is_to_be_confirmed_is_collected_again_soon() -> None:
    history = History()
    for days in (90, 10):
        history.collect({"tls.not_after": (BEGIN + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")})

    def sooner(persist: int) -> object:
        found = history.evaluation(watch("expires", every=3_600, persist=persist)).memberships
        return found[0].sooner

    assert (sooner(1), sooner(2)) == (None, history.now + MINUTE)


def test_what_flaps_or_goes_on_changing_is_not_collected_more_often() -> None:
    history = History()
    for number in range(4):
        history.collect({"title": f"v {number}"})

    assert membership(history, every=3_600).sooner is None


@pytest.mark.parametrize("ending", ["status", "failure"])
def test_a_target_keeps_its_schedule_until_it_is_confirmed_that_it_left(ending: str) -> None:
    history = History()
    for _ in range(3):
        history.collect({"status": "200"})
    history.collect({"status": "404"}) if ending == "status" else history.fail()
    query = "status:200" if ending == "status" else "NOT _exists_:failure"

    waiting = membership(history, query=query, every=3_600, persist=2)
    assert waiting is not None
    assert (waiting.matches, waiting.sooner) == (True, history.now + MINUTE)

    history.collect({"status": "404"}) if ending == "status" else history.fail()
    assert membership(history, query=query, every=3_600, persist=2).matches is False


@given(st.text("0123456789abcdef", min_size=32, max_size=32), st.integers(60, 31_536_000), st.integers(0, 10**12))
def test_a_target_is_due_at_the_same_instant_of_each_period(record_id: str, every: int, after: int) -> None:
    begin = EPOCH + timedelta(milliseconds=after)
    period = timedelta(seconds=every)

    due = next_due(record_id, every, after=begin)

    assert begin < due <= begin + period
    assert next_due(record_id, every, after=due) == due + period
    assert next_due(record_id, every, after=due - timedelta(milliseconds=1)) == due
    assert due.microsecond % 1_000 == 0


def test_targets_are_spread_over_the_period() -> None:
    ids = [Target("webpage", f"https://example.com/{number}", "example.com").id for number in range(6_000)]

    due = Counter((next_due(each, 3_600, after=BEGIN) - BEGIN) // MINUTE for each in ids)

    assert len(due) == 60
    assert max(due.values()) < 2 * 6_000 / 60
    assert at(1) == BEGIN + HOUR

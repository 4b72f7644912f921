"""Limits as a condition mean what they mean one target at a time, and are kept and shown as texts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inventory.folding import folded
from inventory.limits import Limits, limits_of
from inventory.observations.conditions import NOTHING, Everything
from inventory.observations.limited import condition_of
from tests.observations.naive import matches

HOSTS = st.sampled_from(["example.com", "a.example.com", "b.a.example.com", "xample.com", "com", "127.0.0.1", "[::1]"])
LIMITED_HOSTS = HOSTS | HOSTS.filter(lambda host: host[-1].isalpha()).map(lambda host: f"*.{host}")
TAGS = st.sampled_from(["shop", "Shop", "team: payments", "É", "é", "*", "?", "a*", "tag=x"])
LIMITS = st.builds(Limits, hosts=st.frozensets(LIMITED_HOSTS, max_size=3), tags=st.frozensets(TAGS.map(folded), max_size=3))


@given(LIMITS, HOSTS, st.lists(TAGS, max_size=3))
def test_a_search_finds_what_limits_admit(limits: Limits, host: str, tags: list[str]) -> None:
    shown = [("url", f"http://{host}/"), ("host", host), *(("tag", tag) for tag in tags)]

    assert matches(condition_of(limits), shown) is limits.admit(host, tags)


@given(LIMITS, HOSTS, st.lists(TAGS, max_size=3))
def test_of_an_earlier_instant_a_search_finds_what_is_on_their_hosts(limits: Limits, host: str, tags: list[str]) -> None:
    shown = [("host", host), *(("tag", tag) for tag in tags)]

    assert matches(condition_of(limits, past=True), shown) is limits.admit_host(host)


@given(LIMITS)
def test_limits_are_kept_as_texts(limits: Limits) -> None:
    assert limits_of(limits.texts) == limits


def test_without_limits_there_is_no_condition_and_with_none_that_admits_anything_nothing_is_found() -> None:
    assert condition_of(None) == Everything()
    assert condition_of(Limits()) == NOTHING
    assert limits_of(None) is None
    assert limits_of([]) == Limits()

"""What quotas are, how they are written, and how header fields tell of them."""

from __future__ import annotations

import pytest

from inventory.access.quota_model import (
    Counted,
    Quota,
    Usage,
    checked,
    done,
    exceeded,
    header_fields,
    in_force,
    read_setting,
    retry_after,
)
from inventory.errors import InvalidRequest

LOOKUPS = Quota(counted=Counted.LOOKUPS, amount=6_000, period="minute")
DAILY = Quota(counted=Counted.LOOKUPS, amount=100_000, period="day")
COLLECTIONS = Quota(counted=Counted.COLLECTIONS, amount=600, period="minute")


def used(quota: Quota, number: int, ends_in: float = 30.0) -> Usage:
    return Usage(quota=quota, used=number, ends_in=ends_in)


def test_the_setting_lists_rates_by_what_they_count() -> None:
    text = "collections=600/minute, lookups = 100000/day,lookups=6000/minute,"

    assert read_setting(text) == (LOOKUPS, DAILY, COLLECTIONS)
    assert read_setting(" ") == ()


@pytest.mark.parametrize(
    "text",
    [
        "lookups",
        "lookups=",
        "lookups=6000",
        "lookups=0/minute",
        "lookups=-1/minute",
        "lookups=6000/hour",
        "lookups=6000/2 minute",
        "lookups=6000 per minute",
        "lookups=٣/minute",
        "lookups=99999999999999/day",
        "lookups=1/minute,lookups=2/minute",
        "deletions=1/minute",
        "lookups=1/minute;collections=1/minute",
    ],
)
def test_what_is_no_quota_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_setting(text)


def test_the_quotas_of_a_key_take_the_place_of_those_of_the_same_kind() -> None:
    own = {"lookups": "10/minute, 50/day"}

    assert in_force(own, (LOOKUPS, DAILY, COLLECTIONS)) == (
        Quota(counted=Counted.LOOKUPS, amount=10, period="minute"),
        Quota(counted=Counted.LOOKUPS, amount=50, period="day"),
        COLLECTIONS,
    )
    assert in_force({"lookups": "none"}, (LOOKUPS, DAILY, COLLECTIONS)) == (COLLECTIONS,)
    assert in_force({}, (LOOKUPS,)) == (LOOKUPS,)


@pytest.mark.parametrize(
    "own", [{"lookups": ""}, {"lookups": "10"}, {"lookups": "1/minute,2/minute"}, {"searches": "10/minute"}, {"x" * 99: "y"}]
)
def test_quotas_that_a_key_cannot_have_are_told(own: dict[str, str]) -> None:
    with pytest.raises(InvalidRequest) as caught:
        checked(own)

    assert caught.value.errors is not None
    [told] = caught.value.errors["quotas"]
    assert "lookups, collections, imports take N/minute" in told


def test_a_quota_is_exceeded_once_nothing_is_left() -> None:
    usages = [used(LOOKUPS, 6_000), used(DAILY, 6_000), used(COLLECTIONS, 601)]

    assert exceeded(usages, Counted.LOOKUPS) == [usages[0]]
    assert exceeded(usages, Counted.COLLECTIONS) == [usages[2]]
    assert exceeded(usages, Counted.IMPORTS) == []
    assert usages[2].left == 0


@pytest.mark.parametrize("status", [200, 201, 202, 204, 303, 304])
def test_what_succeeded_counts(status: int) -> None:
    assert list(done(Counted.LOOKUPS, status, begun=None)) == ["lookups"]
    assert list(done(Counted.IMPORTS, status, begun=None)) == ["imports"]
    assert not done(None, status, begun=None)


@pytest.mark.parametrize("status", [301, 308, 400, 403, 404, 422, 429, 500, 502, 503, 504])
def test_what_failed_does_not_count(status: int) -> None:
    assert not done(Counted.LOOKUPS, status, begun=True)
    assert not done(Counted.COLLECTIONS, status, begun=None)


def test_a_lookup_that_began_a_collection_is_both_and_a_collection_that_began_nothing_is_a_lookup() -> None:
    assert list(done(Counted.LOOKUPS, 202, begun=True)) == ["lookups", "collections"]
    assert list(done(Counted.LOOKUPS, 202, begun=False)) == ["lookups"]
    assert list(done(Counted.COLLECTIONS, 202, begun=True)) == ["collections"]
    assert list(done(Counted.COLLECTIONS, 202, begun=False)) == ["lookups"]


@pytest.mark.parametrize(("ends_in", "wait"), [(22.001, 23), (22.0, 22), (0.0004, 1)])
def test_the_wait_is_the_whole_seconds_until_something_is_left(ends_in: float, wait: int) -> None:
    assert retry_after([used(LOOKUPS, 6_000, ends_in)]) == wait


def test_of_several_that_are_used_up_the_last_to_end_counts() -> None:
    assert retry_after([used(LOOKUPS, 6_000, 10.0), used(DAILY, 100_000, 8_000.5)]) == 8_001


def test_the_header_fields_are_lists_of_policies_and_of_what_is_left() -> None:
    assert header_fields([used(LOOKUPS, 1, 59.2), used(DAILY, 200_000, 86_400.0)]) == {
        "RateLimit-Policy": '"lookups-minute";q=6000;w=60, "lookups-day";q=100000;w=86400',
        "RateLimit": '"lookups-minute";r=5999;t=60, "lookups-day";r=0;t=86400',
    }

"""When to try again, and when to give up."""

from __future__ import annotations

from random import Random

import pytest

from inventory.products.page_fetcher import page_retries
from inventory.records.model import LONGEST_DELAY
from inventory.records.outcomes import collection_retries
from inventory.retry import RetryPolicy

POLICY = RetryPolicy(max_attempts=4, base=5.0, factor=2, longest=30.0)


def pauses(policy: RetryPolicy, attempt: int) -> list[float]:
    rng = Random(1)
    return [policy.pause(attempt, rng) for _ in range(2_000)]


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_pauses_of_collections_grow_threefold_with_full_jitter(attempt: int) -> None:
    drawn = pauses(collection_retries(max_attempts=4, base=5.0), attempt)

    most = 5 * 3 ** (attempt - 1)
    assert 0 <= min(drawn) < most * 0.02
    assert most * 0.98 < max(drawn) <= most


@pytest.mark.parametrize("attempt", [1, 2, 3])
def test_pauses_of_pages_double_with_full_jitter(attempt: int) -> None:
    drawn = pauses(page_retries(5), attempt)

    most = 0.25 * 2 ** (attempt - 1)
    assert 0 <= min(drawn) < most * 0.02
    assert most * 0.98 < max(drawn) <= most


@pytest.mark.parametrize("attempt", [1, 5, 20, 99])
def test_no_pause_is_longer_than_the_longest(attempt: int) -> None:
    longest = LONGEST_DELAY.total_seconds()
    drawn = pauses(collection_retries(max_attempts=99, base=3600.0), attempt)

    assert max(drawn) <= longest
    assert max(drawn) > longest * 0.9


def test_nobody_comes_back_before_the_upstream_asked_to() -> None:
    rng = Random(1)

    assert {POLICY.pause(1, rng, at_least=60.0) for _ in range(100)} == {60.0}
    assert max(POLICY.pause(1, rng, at_least=1.0) for _ in range(100)) > 1.0


@pytest.mark.parametrize(
    ("attempt", "permanent", "gives_up"),
    [(1, False, False), (3, False, False), (4, False, True), (5, False, True), (1, True, True)],
)
def test_it_gives_up_after_the_last_attempt_or_where_another_cannot_help(
    attempt: int, permanent: bool, gives_up: bool
) -> None:
    assert POLICY.gives_up(attempt, permanent=permanent) is gives_up


def test_a_page_is_asked_for_once_more_than_it_has_retries() -> None:
    assert [page_retries(0).gives_up(1), page_retries(2).gives_up(2), page_retries(2).gives_up(3)] == [True, False, True]

"""Rebuilding all observations outlives what may happen to its store meanwhile, and comes to an end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inventory.errors import StorageUnavailable
from inventory.observations import reindexing
from inventory.observations.reindexing import ReindexingProgress
from inventory.services import Services
from tests.conftest import Build
from tests.fakes import Replacing

COUNT = 5


@pytest.fixture
def collected(services: Services) -> Services:
    for n in range(COUNT):
        services.acceptances.collect_soon(services.records.target("webpage", f"http://example.test/{n}"))
    services.collector.collect_due(slots=1, stopping=lambda: False)
    return services


@pytest.fixture
def rebuilt(make_services: Build, collected: Services) -> Callable[..., list[ReindexingProgress]]:
    """Rebuilds on a store of which a part of the observations is replaced; its pauses are none."""

    def run(**replaced: Any) -> list[ReindexingProgress]:
        store = Replacing(collected.store, observations=Replacing(collected.store.observations, **replaced))
        return list(make_services(store=store, sleep=lambda _: None).reindexer.run())

    return run


def test_an_empty_store_has_nothing_to_rebuild(services: Services) -> None:
    assert [each.done for each in services.reindexer.run()] == [0]
    assert services.store.observations.reindexing() is None


def test_it_tells_how_many_are_marked_and_then_how_many_are_done(rebuilt: Callable[..., list[ReindexingProgress]]) -> None:
    told = rebuilt()

    assert [(each.total, each.done) for each in told if each.total is None] == [(None, 0), (None, COUNT)]
    assert (told[-1].total, told[-1].done, told[-1].indexed, told[-1].set_aside) == (COUNT, COUNT, COUNT, 0)


@pytest.mark.parametrize("times", [1, reindexing.MAX_TRIES - 1])
def test_a_store_that_does_not_answer_for_a_moment_is_tried_again(
    rebuilt: Callable[..., list[ReindexingProgress]], collected: Services, times: int
) -> None:
    failures = iter([StorageUnavailable("busy")] * times)

    def reindex(*given: Any) -> bool:
        for failure in failures:
            raise failure
        return collected.store.observations.reindex(*given)

    told = rebuilt(reindex=reindex)

    assert told[-1].indexed == COUNT
    assert collected.store.observations.unindexable(limit=9) == {}, "it says nothing of a record that the store is away"


def test_a_store_that_stays_away_ends_it_and_the_next_call_goes_on(
    rebuilt: Callable[..., list[ReindexingProgress]], collected: Services
) -> None:
    def away(*_: Any) -> bool:
        raise StorageUnavailable("away")

    with pytest.raises(StorageUnavailable):
        rebuilt(reindex=away)

    assert rebuilt()[-1].resumed


def test_the_last_few_that_others_change_each_time_are_left_to_the_scheduler(
    rebuilt: Callable[..., list[ReindexingProgress]], collected: Services
) -> None:
    told = rebuilt(reindex=lambda *_: False)

    assert told[-1].indexed == 0
    assert len(told) <= 2 + reindexing.MAX_LOOKS
    assert collected.store.observations.count_unindexed(up_to=9) == COUNT

"""Connections are spread evenly over processes, but none waits long for a process that is busy."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from inventory.gunicorn_worker.siblings import GIVE_UP, NEAR, SLOTS, WAIT, Siblings, forget, share


@pytest.fixture
def two() -> tuple[Siblings, Siblings]:
    share()
    siblings = Siblings(1), Siblings(2)
    for each in siblings:
        each.tell(0)
    return siblings


def test_the_one_that_has_more_leaves_a_connection_to_the_other(two: tuple[Siblings, Siblings]) -> None:
    first, second = two
    assert first.should_accept(10.0)
    first.tell(1)

    assert not first.should_accept(10.0)
    assert second.should_accept(10.0)


def test_those_that_have_as_many_both_accept(two: tuple[Siblings, Siblings]) -> None:
    for each in two:
        each.tell(5)

    assert all(each.should_accept(10.0) for each in two)


def test_a_connection_that_nobody_takes_is_accepted_soon_and_so_are_those_after_it(two: tuple[Siblings, Siblings]) -> None:
    first, _ = two
    first.tell(1)
    assert not first.should_accept(10.0)
    assert not first.should_accept(10.0 + WAIT / 2)
    assert first.should_accept(10.0 + WAIT)

    for number in range(2, 1_000):
        first.tell(number)
        assert first.should_accept(10.0 + WAIT)
    assert not first.should_accept(10.0 + WAIT + 2 * GIVE_UP)


def test_while_the_other_takes_some_it_gets_time_for_each(two: tuple[Siblings, Siblings]) -> None:
    first, second = two
    first.tell(10)
    for number in range(9):
        second.tell(number)
        assert not first.should_accept(10.0 + number * WAIT)


def test_time_between_two_connections_does_not_count(two: tuple[Siblings, Siblings]) -> None:
    first, _ = two
    first.tell(1)

    assert not any(first.should_accept(10.0 * number) for number in range(1, 5))


@pytest.mark.parametrize("ended", [lambda: Siblings(2).leave(), lambda: forget(None, SimpleNamespace(age=2))])
def test_nothing_is_left_to_a_process_that_has_ended(two: tuple[Siblings, Siblings], ended: object) -> None:
    first, _ = two
    first.tell(1)
    assert callable(ended)
    ended()

    assert first.should_accept(10.0)


def test_a_process_alone_accepts_all() -> None:
    share()
    alone = Siblings(3)
    alone.tell(7)

    assert alone.should_accept(10.0)


def test_a_number_beyond_the_slots_is_one_of_them(two: tuple[Siblings, Siblings]) -> None:
    late = Siblings(2 + SLOTS)
    late.tell(3)
    two[0].tell(3)

    assert two[0].should_accept(10.0)


def test_a_process_whose_slot_another_one_left_accepts_all() -> None:
    share()
    late = Siblings(1 + SLOTS)
    late.tell(3)
    forget(None, SimpleNamespace(age=1))

    assert late.should_accept(10.0)


@pytest.mark.parametrize(("mine", "near"), [(0, True), (100, True), (100 + 101 // NEAR, True), (101 + 101 // NEAR, False)])
def test_a_process_that_has_an_eighth_more_than_another_is_near_it(
    two: tuple[Siblings, Siblings], mine: int, near: bool
) -> None:
    first, second = two
    second.tell(100)
    first.tell(mine)

    assert first.is_near() is near


def test_a_process_that_has_one_while_another_has_none_is_not_near_it(two: tuple[Siblings, Siblings]) -> None:
    two[0].tell(1)

    assert not two[0].is_near()

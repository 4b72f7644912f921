"""Commands are sent one after the other to a quick server, and at once to a slow one."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from threading import Barrier, get_ident

import pytest

from inventory.store.mongo.at_once import SLOW, Commands

TOGETHER = 60.0
"""Seconds in which commands that are sent at once meet."""


class Server:
    """Answers after `takes` seconds of a clock of its own."""

    def __init__(self) -> None:
        self.now, self.takes = 0.0, 0.0
        self.threads: list[int] = []

    def ticks(self) -> float:
        return self.now

    def answer(self, number: int) -> int:
        self.now += self.takes
        self.threads.append(get_ident())
        return number


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def commands(server: Server) -> Commands:
    return Commands(server.ticks)


def asked(server: Server, count: int) -> list[Callable[[], int]]:
    return [partial(server.answer, number) for number in range(count)]


def test_a_quick_server_gets_them_in_the_thread_of_the_caller(server: Server, commands: Commands) -> None:
    assert commands.each_of(asked(server, 4)) == [0, 1, 2, 3]
    assert set(server.threads) == {get_ident()}


def test_a_server_that_is_slow_gets_the_rest_at_once(server: Server, commands: Commands) -> None:
    server.takes = 2 * SLOW
    meeting = Barrier(3)

    def meet(number: int) -> int:
        meeting.wait(TOGETHER)
        return server.answer(number)

    assert commands.each_of([partial(server.answer, 0), *(partial(meet, number) for number in (1, 2, 3))]) == [0, 1, 2, 3]
    assert server.threads[0] == get_ident()


def test_a_server_that_was_slow_gets_the_next_ones_at_once(server: Server, commands: Commands) -> None:
    server.takes = 2 * SLOW
    commands.each_of(asked(server, 1))
    meeting = Barrier(2)

    assert commands.each_of([partial(meeting.wait, TOGETHER)] * 2)


def test_a_server_that_is_quick_again_is_noticed(server: Server, commands: Commands) -> None:
    server.takes = 2 * SLOW
    commands.each_of(asked(server, 1))
    server.takes = 0.0
    commands.each_of(asked(server, 1))
    server.threads.clear()

    commands.each_of(asked(server, 3))

    assert set(server.threads) == {get_ident()}


def test_each_has_the_context_of_the_caller_with_what_is_left_of_its_time(server: Server, commands: Commands) -> None:
    left = ContextVar("left", default=0)
    left.set(7)
    server.takes = 2 * SLOW
    commands.each_of(asked(server, 1))

    assert commands.each_of([left.get, left.get]) == [7, 7]


def test_an_error_is_raised_after_all_have_ended(server: Server, commands: Commands) -> None:
    server.takes = 2 * SLOW
    commands.each_of(asked(server, 1))
    server.threads.clear()

    def fail() -> int:
        raise ValueError("rejected")

    with pytest.raises(ValueError, match="rejected"):
        commands.each_of([fail, *asked(server, 3)])
    assert len(server.threads) == 3


def test_nothing_is_sent_for_nothing(commands: Commands) -> None:
    assert commands.each_of([]) == []
    assert commands.up_to(bool, []) == []


def test_a_quick_server_gets_those_up_to_the_first_that_is_enough(server: Server, commands: Commands) -> None:
    assert commands.up_to(lambda number: number == 1, asked(server, 4)) == [0, 1]
    assert len(server.threads) == 2
    assert commands.up_to(lambda number: number == 4, asked(server, 4)) == [0, 1, 2, 3]


def test_a_slow_server_gets_all_at_once_also_where_fewer_are_enough(server: Server, commands: Commands) -> None:
    server.takes = 2 * SLOW
    commands.each_of(asked(server, 1))
    meeting = Barrier(3)

    def meet(number: int) -> int:
        meeting.wait(TOGETHER)
        return server.answer(number)

    assert commands.up_to(lambda number: number == 1, [partial(meet, number) for number in range(3)]) == [0, 1]
    assert len(server.threads) == 4

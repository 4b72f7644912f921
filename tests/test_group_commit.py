"""Calls that come at the same time are one transaction, and each has its own end."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event, Lock

import pytest

from inventory.errors import StorageUnavailable, Unstorable
from inventory.store.group_commit import MAX_GROUP, GroupCommit, Take
from tests.end_to_end.stack import wait_until

REJECTED = -1
SOON = 60.0
"""Seconds within which what nothing holds up is over, however slow the machine is."""


class Doubling:
    """Doubles numbers, rejects one of them, and remembers its transactions; closed, it lets none of them begin or end."""

    def __init__(self, timeout: float = 2 * SOON, leaders: int = 1) -> None:
        self.groups: list[Sequence[int]] = []
        self.begun, self.may_begin, self.may_end = Event(), Event(), Event()
        self.may_begin.set()
        self.may_end.set()
        self.open, self.most_open, self._counting = 0, 0, Lock()
        self.double = GroupCommit(
            self._commit, timeout=timeout, too_late=lambda: StorageUnavailable("too late"), leaders=leaders
        )

    def _commit(self, take: Take[int], timeout: float) -> Sequence[int]:
        if not self.may_begin.wait(timeout):
            raise StorageUnavailable("busy")
        wanted = take()
        self.groups.append(wanted)
        with self._counting:
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        self.begun.set()
        self.may_end.wait(SOON)
        with self._counting:
            self.open -= 1
        if REJECTED in wanted:
            raise Unstorable("not this one")
        return [2 * number for number in wanted]

    def waiting(self) -> int:
        """How many calls nobody has taken yet."""
        return len(self.double._calls)

    def leading(self) -> int:
        """How many calls lead a transaction."""
        return self.double._leaders


@pytest.fixture
def pool() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(MAX_GROUP * 2)


def together(doubling: Doubling, pool: ThreadPoolExecutor, numbers: Sequence[int]) -> list[Future[int]]:
    """One call whose transaction is open, and the others, which have come while it was."""
    doubling.may_end.clear()
    first = pool.submit(doubling.double, 1_000)
    assert doubling.begun.wait(SOON)
    others = []
    for number in numbers:
        others.append(pool.submit(doubling.double, number))
        wait_until(lambda: doubling.waiting() == len(others), "the call waits")
    doubling.may_end.set()
    return [first, *others]


def test_a_call_that_comes_alone_is_a_transaction_of_its_own() -> None:
    doubling = Doubling()

    assert [doubling.double(1), doubling.double(2)] == [2, 4]
    assert doubling.groups == [[1], [2]]


def test_calls_that_come_during_a_transaction_become_the_next_one(pool: ThreadPoolExecutor) -> None:
    doubling = Doubling()

    calls = together(doubling, pool, [1, 2, 3])

    assert [call.result(SOON) for call in calls] == [2_000, 2, 4, 6]
    assert doubling.groups == [[1_000], [1, 2, 3]]


def test_a_transaction_has_a_largest_size(pool: ThreadPoolExecutor) -> None:
    doubling = Doubling()

    calls = together(doubling, pool, range(MAX_GROUP + 1))

    assert [call.result(SOON) for call in calls[1:]] == [2 * number for number in range(MAX_GROUP + 1)]
    assert [len(group) for group in doubling.groups] == [1, MAX_GROUP, 1]


@pytest.mark.parametrize("numbers", [[REJECTED, 1, 2], [1, REJECTED, 2]])
def test_a_call_that_is_rejected_spoils_none_of_the_others(pool: ThreadPoolExecutor, numbers: list[int]) -> None:
    doubling = Doubling()

    calls = dict(zip(numbers, together(doubling, pool, numbers)[1:], strict=True))

    assert [calls[1].result(SOON), calls[2].result(SOON)] == [2, 4]
    with pytest.raises(Unstorable, match="not this one"):
        calls[REJECTED].result(SOON)
    assert doubling.double(5) == 10


def test_a_call_waits_no_longer_than_it_may_for_a_transaction_to_begin(pool: ThreadPoolExecutor) -> None:
    doubling = Doubling(timeout=0.3)
    doubling.may_begin.clear()

    calls = [pool.submit(doubling.double, number) for number in range(5)]

    for call in calls:
        with pytest.raises(StorageUnavailable):
            call.result(SOON)
    doubling.may_begin.set()
    assert doubling.double(5) == 10


def test_a_call_waits_no_longer_than_it_may_for_the_transaction_of_others(pool: ThreadPoolExecutor) -> None:
    doubling = Doubling(timeout=0.3)
    doubling.may_end.clear()
    first = pool.submit(doubling.double, 1)
    assert doubling.begun.wait(SOON)

    with pytest.raises(StorageUnavailable, match="too late"):
        doubling.double(2)

    doubling.may_end.set()
    assert first.result(SOON) == 2
    assert doubling.double(5) == 10


@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")  # the child runs one function of ours
def test_a_child_process_does_not_wait_for_threads_of_its_parent(pool: ThreadPoolExecutor) -> None:
    doubling = Doubling()
    doubling.may_end.clear()
    first = pool.submit(doubling.double, 1)
    assert doubling.begun.wait(SOON)

    child = os.fork()
    if child == 0:
        doubling.may_end = Event()
        doubling.may_end.set()
        os._exit(doubling.double(2))

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 4
    doubling.may_end.set()
    assert first.result(SOON) == 2


def test_while_a_transaction_takes_long_others_begin_up_to_a_number(pool: ThreadPoolExecutor) -> None:
    doubling = Doubling(leaders=3)
    doubling.may_end.clear()
    calls = []
    for number in range(3):
        calls.append(pool.submit(doubling.double, number))
        wait_until(lambda: len(doubling.groups) == len(calls), "a transaction of its own is open")
    calls += [pool.submit(doubling.double, number) for number in range(3, 40)]
    wait_until(lambda: doubling.waiting() == 37, "all others wait")
    doubling.may_end.set()

    assert [call.result(SOON) for call in calls] == [2 * number for number in range(40)]
    assert doubling.most_open == 3


def test_those_that_wait_for_a_further_transaction_are_in_it_together(pool: ThreadPoolExecutor) -> None:
    doubling = Doubling(leaders=2)

    doubling.may_begin.clear()
    calls = [pool.submit(doubling.double, number) for number in range(5)]
    wait_until(lambda: doubling.leading() == 2 and doubling.waiting() == 3, "two lead and the others wait")
    doubling.may_begin.set()

    assert [call.result(SOON) for call in calls] == [0, 2, 4, 6, 8]
    assert len(doubling.groups) == 2


def test_one_slow_transaction_holds_no_other_call_up(pool: ThreadPoolExecutor) -> None:
    """As a read that a disk is slow for, beside others that it is not."""
    has_begun, slow = Event(), Event()

    def commit(take: Take[int], _timeout: float) -> Sequence[int]:
        wanted = take()
        if 0 in wanted:
            has_begun.set()
            assert slow.wait(SOON)
        return wanted

    call = GroupCommit(commit, timeout=SOON, too_late=lambda: StorageUnavailable("too late"), leaders=2)
    first = pool.submit(call, 0)
    assert has_begun.wait(SOON)

    assert list(pool.map(call, range(1, 200))) == list(range(1, 200))
    assert not first.done()
    slow.set()
    assert first.result(SOON) == 0


@pytest.mark.parametrize("leaders", [2, 4])
def test_with_several_leaders_each_call_has_its_own_end_all_the_same(pool: ThreadPoolExecutor, leaders: int) -> None:
    doubling = Doubling(timeout=0.3, leaders=leaders)
    doubling.may_end.clear()
    late = [pool.submit(doubling.double, number) for number in range(leaders + 20)]
    wait_until(lambda: sum(call.done() for call in late) >= 20, "all are late but those that lead")

    doubling.may_end.set()
    for number, call in enumerate(late):
        assert isinstance(call.exception(SOON), StorageUnavailable) or call.result() == 2 * number
    with pytest.raises(Unstorable, match="not this one"):
        doubling.double(REJECTED)
    assert [doubling.double(5), doubling.double(6)] == [10, 12]


@pytest.mark.parametrize("leaders", [1, 4])
def test_each_of_many_calls_is_done_exactly_once(pool: ThreadPoolExecutor, leaders: int) -> None:
    doubling = Doubling(leaders=leaders)

    assert list(pool.map(doubling.double, range(20_000))) == [2 * number for number in range(20_000)]
    assert sorted(number for group in doubling.groups for number in group) == list(range(20_000))
    assert doubling.most_open <= leaders

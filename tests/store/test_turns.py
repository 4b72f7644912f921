"""Owners take turns: what they have is taken as evenly as it can be, in their order, and nothing of it is left out."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.store.turns import Served, each_owner, queues_of, take_turns

pytestmark = pytest.mark.pure

OWNERS = st.dictionaries(st.text(max_size=3), st.integers(0, 30), max_size=9)


def queues(lengths: dict[str, int]) -> dict[str, list[tuple[str, int]]]:
    return {owner: [(owner, n) for n in range(length)] for owner, length in lengths.items()}


def test_each_gives_one_after_the_other() -> None:
    turns = take_turns({"a": "123", "b": "4", "c": "56"}, 5)

    assert turns == [(0, "a", "1"), (0, "b", "4"), (0, "c", "5"), (1, "a", "2"), (1, "c", "6")]


@given(OWNERS, st.integers(0, 40))
def test_nobody_has_less_than_another_unless_it_has_no_more(lengths: dict[str, int], limit: int) -> None:
    turns = take_turns(queues(lengths), limit)

    taken = Counter(owner for _, owner, _ in turns)
    assert len(turns) == min(limit, sum(lengths.values()))
    for owner, length in lengths.items():
        most = max(taken.values(), default=0)
        assert taken[owner] == length or taken[owner] >= most - 1
    for owner in taken:
        assert [item for _, name, item in turns if name == owner] == queues(lengths)[owner][: taken[owner]]


@given(st.dictionaries(st.text(max_size=3), st.sampled_from([0, 1, 2, 5, 30, 1_000]), max_size=40), st.integers(1, 64))
def test_as_much_is_read_as_turns_need_and_no_more_than_some_claims(lengths: dict[str, int], limit: int) -> None:
    read: list[int] = []

    def first(owner: str, count: int) -> list[tuple[str, int]]:
        found = queues(lengths)[owner][:count]
        read.append(len(found))
        return found

    turns = take_turns(queues_of(first, list(lengths), limit), limit)

    assert turns == take_turns(queues(lengths), limit)
    assert sum(read) <= 6 * limit + len(lengths)


@given(OWNERS, st.integers(0, 40))
def test_the_last_turn_is_remembered(lengths: dict[str, int], limit: int) -> None:
    served = Served()
    before = served.last
    turns = take_turns(queues(lengths), limit)

    served.note(turns)

    assert served.last == (turns[-1][1] if turns else before)


def test_new_programs_begin_with_different_owners() -> None:
    assert len({Served().last for _ in range(9)}) == 9


def test_what_has_no_owners_is_nobodys() -> None:
    assert each_owner(None, 2) == ["", ""]
    assert each_owner(["a", "b"], 2) == ["a", "b"]

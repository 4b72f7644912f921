"""The measure itself: it tells what grows in proportion from what grows faster."""

from __future__ import annotations

import pytest

from tests.growth import assert_linear


def test_work_that_looks_at_each_thing_once_is_linear() -> None:
    assert_linear(sum, range, small=100_000)


def test_work_that_is_over_at_once_however_much_there_is_counts_as_linear() -> None:
    assert_linear(len, range, small=1)


def test_work_that_looks_at_all_things_for_each_one_is_not() -> None:
    with pytest.raises(AssertionError, match="times as long as on 500"):
        assert_linear(lambda names: [names.count(name) for name in names], lambda size: list(range(size)), small=500)

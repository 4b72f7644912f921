"""A worker keeps to one core while it works, and its threads with it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import pytest

from workers import cpu_affinity

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinities")


def test_threads_that_begin_inside_stay_on_one_core_and_those_that_begin_later_do_not() -> None:
    allowed = os.sched_getaffinity(0)

    with cpu_affinity.kept(), ThreadPoolExecutor(4) as pool:
        inside = [pool.submit(os.sched_getaffinity, 0).result() for _ in range(8)]

    assert {len(cores) for cores in inside} == {1}
    assert len({frozenset(cores) for cores in inside}) == 1
    assert inside[0] <= allowed
    assert os.sched_getaffinity(0) == allowed
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(os.sched_getaffinity, 0).result() == allowed


def test_all_cores_are_allowed_again_after_a_fault() -> None:
    allowed = os.sched_getaffinity(0)

    with pytest.raises(ZeroDivisionError), cpu_affinity.kept():
        raise ZeroDivisionError

    assert os.sched_getaffinity(0) == allowed


def test_only_what_was_allowed_before_is_allowed_inside() -> None:
    allowed = os.sched_getaffinity(0)
    one = {min(allowed)}
    os.sched_setaffinity(0, one)
    try:
        with cpu_affinity.kept():
            assert os.sched_getaffinity(0) == one
        assert os.sched_getaffinity(0) == one
    finally:
        os.sched_setaffinity(0, allowed)

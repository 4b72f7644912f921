"""A worker keeps to one core while it works, and its threads with it."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest

from workers import cpu_affinity

pytestmark = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system has no affinities")


def test_threads_that_begin_inside_stay_on_one_core_and_those_that_begin_later_do_not(tmp_path: Path) -> None:
    allowed = os.sched_getaffinity(0)

    with cpu_affinity.kept(tmp_path), ThreadPoolExecutor(4) as pool:
        inside = [pool.submit(os.sched_getaffinity, 0).result() for _ in range(8)]

    assert {len(cores) for cores in inside} == {1}
    assert len({frozenset(cores) for cores in inside}) == 1
    assert inside[0] <= allowed
    assert os.sched_getaffinity(0) == allowed
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(os.sched_getaffinity, 0).result() == allowed


def test_all_cores_are_allowed_again_after_a_fault(tmp_path: Path) -> None:
    allowed = os.sched_getaffinity(0)

    with pytest.raises(ZeroDivisionError), cpu_affinity.kept(tmp_path):
        raise ZeroDivisionError

    assert os.sched_getaffinity(0) == allowed


def test_only_what_was_allowed_before_is_allowed_inside(tmp_path: Path) -> None:
    allowed = os.sched_getaffinity(0)
    one = {min(allowed)}
    os.sched_setaffinity(0, one)
    try:
        with cpu_affinity.kept(tmp_path):
            assert os.sched_getaffinity(0) == one
        assert os.sched_getaffinity(0) == one
    finally:
        os.sched_setaffinity(0, allowed)


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="there is one core")
def test_two_workers_have_different_cores_while_there_are_enough(tmp_path: Path) -> None:
    def cores() -> frozenset[int]:
        with cpu_affinity.kept(tmp_path):
            both.wait(120)
            return frozenset(os.sched_getaffinity(0))

    both = Barrier(2)
    for _ in range(5):
        with ThreadPoolExecutor(2) as pool:
            first, second = (pool.submit(cores) for _ in range(2))
        assert first.result() != second.result()


def test_more_workers_than_cores_share_them(tmp_path: Path) -> None:
    with ExitStack() as others:
        for _ in range(len(os.sched_getaffinity(0)) + 2):
            others.enter_context(cpu_affinity.kept(tmp_path))
            assert len(os.sched_getaffinity(0)) == 1


def test_a_folder_that_takes_no_locks_leaves_the_current_core(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with cpu_affinity.kept(tmp_path / "file"):
        assert len(os.sched_getaffinity(0)) == 1

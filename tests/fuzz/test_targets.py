"""The targets of the fuzzer, each with its seeds, with any bytes, and with seeds that are changed here and there."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.seeds import SEEDS
from tests.fuzz.targets import TARGETS

CHANGES = st.lists(
    st.tuples(
        st.integers(0, 2**20), st.integers(0, 40), st.one_of(st.binary(max_size=8), st.sampled_from([b"\r\n", b" ", b";,="]))
    ),
    min_size=1,
    max_size=5,
)


def changed(seed: bytes, changes: list[tuple[int, int, bytes]]) -> bytes:
    """The seed with bytes at some places taken out and others put in."""
    for anywhere, out, new in changes:
        at = anywhere % (len(seed) + 1)
        seed = seed[:at] + new + seed[at + out :]
    return seed


def test_each_target_has_seeds() -> None:
    assert SEEDS.keys() == TARGETS.keys()


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_any_bytes_are_read_or_refused(name: str, data: st.DataObject) -> None:
    seeds = [b"", *SEEDS[name]]
    given_bytes = data.draw(st.one_of(st.binary(max_size=300), st.builds(changed, st.sampled_from(seeds), CHANGES)))
    begun = time.thread_time()

    TARGETS[name](given_bytes)

    assert time.thread_time() - begun < 2.0


@pytest.mark.parametrize("name", TARGETS)
def test_the_seeds_are_read(name: str) -> None:
    for seed in SEEDS[name]:
        TARGETS[name](seed)

"""Sets of targets as bits, in blocks of two forms."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from inventory.store.sqlite import bitmaps
from inventory.store.sqlite.bitmaps import BLOCK, BYTES

OFFSETS = st.integers(0, BLOCK - 1)
FEW = st.frozensets(OFFSETS, max_size=5)
MANY = st.tuples(OFFSETS, st.integers(0, BLOCK)).map(lambda each: frozenset(range(each[0], min(BLOCK, sum(each)))))


@given(st.lists(FEW | MANY, max_size=5))
def test_a_block_has_the_targets_that_were_added(added) -> None:
    packed, offsets = b"", frozenset()
    for some in added:
        packed, offsets = bitmaps.with_added(packed, bitmaps.pack_offsets(some)), offsets | some

        assert bitmaps.size_of(packed) == len(offsets)
        assert list(bitmaps.numbers(bitmaps.bits_of(packed))) == sorted(offsets)
        assert len(packed) == min(2 * len(offsets), BYTES)


@given(st.frozensets(st.integers(0, 5 * BLOCK), max_size=20))
def test_blocks_are_joined(numbers) -> None:
    blocks: dict[int, bytearray] = {}
    added = bitmaps.add(blocks, ((number // BLOCK, bitmaps.pack_offsets([number % BLOCK])) for number in numbers))

    joined = bitmaps.joined(blocks)

    assert added == len(numbers)
    assert joined == bitmaps.of_numbers(numbers, max(numbers, default=0))
    assert list(bitmaps.numbers(joined)) == sorted(numbers)


@given(st.lists(FEW | MANY, max_size=5))
def test_blocks_of_both_forms_are_added(some) -> None:
    blocks: dict[int, bytearray] = {}
    bitmaps.add(blocks, ((1, bitmaps.pack_offsets(offsets)) for offsets in some))

    offsets = frozenset().union(*some)
    assert list(bitmaps.numbers(bitmaps.joined(blocks))) == [BLOCK + offset for offset in sorted(offsets)]

"""The longest increasing subsequence: what of an order is kept in another one."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence


def longest_rise(numbers: Sequence[int]) -> list[int]:
    """The indexes of a longest strictly increasing subsequence, in n log n steps."""
    lowest: list[int] = []  # for each length the lowest number that ends such a subsequence, and its index
    ends: list[int] = []
    previous: list[int] = []
    for index, number in enumerate(numbers):
        length = bisect_left(lowest, number)
        previous.append(ends[length - 1] if length else -1)
        lowest[length : length + 1] = [number]
        ends[length : length + 1] = [index]
    rise: list[int] = []
    index = ends[-1] if ends else -1
    while index >= 0:
        rise.append(index)
        index = previous[index]
    return rise[::-1]

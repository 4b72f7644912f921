"""What is established of something that collections show one after the other: what several in a row showed alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(slots=True)
class Confirming(Generic[T]):
    """Follows what collections show. What is known first is `established` at once; None while nothing is.

    Another value takes its place after `persist` collections in a row; `needed` may ask for more, given both. `replaced` is
    the value whose place the latest collection took, else None. `last` is the number of the collection that showed what was
    established before the latest one, and `began` that of the first one in a row that showed what the latest one shows.
    """

    established: T | None
    persist: int
    last: int
    needed: Callable[[T, T], int] | None = None
    replaced: T | None = None
    began: int = -1
    _run: T | None = None
    _length: int = 0
    _others: int = 0
    _latest: int = -1

    @property
    def is_waiting(self) -> bool:
        """Whether the latest collection showed something that is not established yet."""
        return self._run is not None and self.established is not None and self._run != self.established

    @property
    def is_first_try(self) -> bool:
        """Whether it waits for what came right after the established value, so that it does not flap or go on changing."""
        return self.is_waiting and self._length == self._others

    def show(self, value: T | None, number: int) -> None:
        """What the next collection shows; None if it cannot be told, so that nothing is established."""
        self._begin(number)
        if value is None:
            self.established, self._run, self._length, self._others = None, None, 0, 0
            return
        if value != self._run:
            self._run, self._length, self.began = value, 0, number
        self._length += 1
        if value == self.established:
            self._others = 0
            return
        self._others += 1
        if self._length >= self._needed(value):
            self._establish(value)

    def decide(self, value: T, number: int) -> None:
        """What people say: a value that is another than the one shown before is established at once."""
        self._begin(number)
        if value != (self.established if self._run is None else self._run):
            self._run, self._length, self.began = value, self.persist, number
            if value == self.established:
                self._others = 0
            else:
                self._establish(value)

    def _begin(self, number: int) -> None:
        if self._run is not None and self._run == self.established:
            self.last = self._latest
        self.replaced, self._latest = None, number

    def _needed(self, value: T) -> int:
        if self.established is None:
            return 1
        if self._length < self.persist or self.needed is None:
            return self.persist
        return self.needed(self.established, value)

    def _establish(self, value: T) -> None:
        self.replaced, self.established, self._others = self.established, value, 0

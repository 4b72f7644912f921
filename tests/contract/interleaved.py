"""Workers that meet at each command for MongoDB: of all that are about to send one, a chooser says whose is next."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from threading import Condition, local
from typing import TypeVar

from inventory.store import Store
from tests.contract.backends import MockBackend
from tests.contract.commands import Command, heard_store

Result = TypeVar("Result")
Choose = Callable[[Sequence[int]], int]
"""Of the numbers of the workers that wait, the one that goes on."""

MAX_WAIT = 250
"""Seconds until a worker that was let go on has come to its next command."""


class Crossing:
    """Lets one of several threads go on at a time, each to its next command."""

    def __init__(self, count: int, choose: Choose) -> None:
        self._changed = Condition()
        self._busy, self._waiting, self._choose = count, set[int](), choose
        self._next: int | None = None
        self._me = local()

    def run(self, number: int, act: Callable[[], Result]) -> Result:
        """Act as the worker of this number."""
        self._me.number = number
        try:
            self.wait()
            return act()
        finally:
            with self._changed:
                self._busy -= 1
                self._go_on()

    def wait(self) -> None:
        """Wait for the turn of this thread, if it is one of the workers."""
        number = getattr(self._me, "number", None)
        if number is None:
            return
        with self._changed:
            self._busy -= 1
            self._waiting.add(number)
            self._go_on()
            assert self._changed.wait_for(lambda: self._next == number, MAX_WAIT)
            self._next = None

    def _go_on(self) -> None:
        if not self._busy and self._waiting:
            self._next = self._choose(sorted(self._waiting))
            self._waiting.remove(self._next)
            self._busy += 1
            self._changed.notify_all()


def interleaved(backend: MockBackend, acts: Sequence[Callable[[Store], Result]], choose: Choose) -> list[Result]:
    """What the acts return, each with a store of its own on the same data, merged at each command as `choose` says."""
    crossing = Crossing(len(acts), choose)

    def hear(_: Command) -> None:
        crossing.wait()

    with ExitStack() as stack:
        stores = [stack.enter_context(closing(heard_store(backend, hear))) for _ in acts]
        for store in stores:
            store.prepare()
        pool = stack.enter_context(ThreadPoolExecutor(len(acts)))
        running = [
            pool.submit(crossing.run, number, lambda act=act, store=store: act(store))  # type: ignore[misc]
            for number, (act, store) in enumerate(zip(acts, stores, strict=True))
        ]
        return [each.result() for each in running]

"""Group commit: what threads ask for at the same time becomes one transaction, and each is answered after it.

The first thread that comes leads: it opens a transaction and takes all that have come by then. Who comes later waits, and
the first of these leads next. So a flush to the disk serves a group, and nobody waits for anybody else to come.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from enum import Enum, auto
from threading import Lock
from time import monotonic
from typing import Generic, TypeVar

from inventory.errors import InventoryError

Wanted = TypeVar("Wanted")
Result = TypeVar("Result")

MAX_GROUP = 64
"""Calls of one transaction: it lasts for milliseconds, and other writers wait for it."""

Take = Callable[[], Sequence[Wanted]]

_after_fork = Lock()
"""Held by the thread of a new process that makes its first group."""


class _State(Enum):
    WAITING = auto()
    LEADING = auto()
    DONE = auto()
    ALONE = auto()


class _Call(Generic[Wanted, Result]):
    """One thread's call. `turn` is released when another thread has changed its state."""

    __slots__ = ("result", "state", "turn", "until", "wanted")

    result: Result

    def __init__(self, wanted: Wanted, until: float) -> None:
        self.wanted = wanted
        self.until = until
        self.state = _State.WAITING
        self.turn = Lock()
        self.turn.acquire()


class GroupCommit(Generic[Wanted, Result]):
    """Call it with what is wanted; it returns the result once that is durable, within about `timeout` seconds.

    `commit(take, timeout)` opens a transaction within that time, calls `take` in it for what to do, and returns the results
    in the same order once they are durable. If it raises an `InventoryError`, each call is repeated alone, so that it gets
    its own result or its own error. `too_late()` is the error of a call whose transaction does not end in time.
    """

    def __init__(
        self,
        commit: Callable[[Take[Wanted], float], Sequence[Result]],
        *,
        timeout: float,
        too_late: Callable[[], InventoryError],
    ) -> None:
        self._commit = commit
        self._timeout = timeout
        self._too_late = too_late
        self._led = False
        self._begin()

    def __call__(self, wanted: Wanted) -> Result:
        """Do what is wanted, together with what others want now."""
        if self._pid != os.getpid():  # after a fork, whose child has none of the threads that wait here
            with _after_fork:
                if self._pid != os.getpid():
                    self._begin()
        call = _Call[Wanted, Result](wanted, monotonic() + self._timeout)
        with self._lock:
            self._calls.append(call)
            if not self._led:
                self._led, call.state = True, _State.LEADING
        if call.state is not _State.LEADING and not call.turn.acquire(timeout=self._timeout):
            self._give_up(call)
        if call.state is _State.LEADING:
            self._lead(call)
        if call.state is _State.DONE:
            return call.result
        return self._commit(lambda: [wanted], max(0.0, call.until - monotonic()))[0]

    def _begin(self) -> None:
        self._lock = Lock()
        self._calls: deque[_Call[Wanted, Result]] = deque()
        self._led = False
        self._pid = os.getpid()

    def _lead(self, leader: _Call[Wanted, Result]) -> None:
        """Commit a group; the leader's state is then DONE, or ALONE if another call may be why the group failed."""
        group: list[_Call[Wanted, Result]] = []

        def take() -> Sequence[Wanted]:
            with self._lock:
                group.extend(self._calls.popleft() for _ in range(min(MAX_GROUP, len(self._calls))))
            return [call.wanted for call in group]

        try:
            results = self._commit(take, max(0.0, leader.until - monotonic()))
            for call, result in zip(group, results, strict=True):
                call.result, call.state = result, _State.DONE
        except InventoryError:
            if len(group) < 2:
                raise
            leader.state = _State.ALONE
        finally:
            self._end(leader, group)

    def _end(self, leader: _Call[Wanted, Result], group: Sequence[_Call[Wanted, Result]]) -> None:
        """Let the next one lead, then wake the group."""
        with self._lock:
            if not group:
                self._calls.remove(leader)
            self._pass_on()
        for call in group:
            if call is not leader:
                if call.state is not _State.DONE:
                    call.state = _State.ALONE
                call.turn.release()

    def _pass_on(self) -> None:
        """Have the call that has waited longest lead, if there is one. The lock is held."""
        self._led = bool(self._calls)
        if self._calls:
            self._calls[0].state = _State.LEADING
            self._calls[0].turn.release()

    def _give_up(self, call: _Call[Wanted, Result]) -> None:
        """Raise for a call whose time is up, unless it was done just now."""
        with self._lock:
            if call.state is _State.LEADING:
                self._calls.remove(call)
                self._pass_on()
            elif call in self._calls:
                self._calls.remove(call)
        if call.state is not _State.DONE:
            raise self._too_late()

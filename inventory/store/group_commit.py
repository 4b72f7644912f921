"""Group commit: what threads ask for at the same time becomes one transaction, and each is answered after it.

The first thread that comes leads: it opens a transaction and takes all that have come by then. Who comes later waits, and
the first of these leads next. So a flush to the disk serves a group, and nobody waits for anybody else to come.

Where several may lead at once, the first that waits leads, too, once a transaction takes long.
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

PATIENCE = 0.003
"""Seconds that a call waits for a transaction before it leads one beside it. A server in the same room answers sooner."""

Take = Callable[[], Sequence[Wanted]]

_after_fork = Lock()
"""Held by the thread of a new process that makes its first group."""


class _State(Enum):
    WAITING = auto()
    LEADING = auto()
    DONE = auto()
    ALONE = auto()


class _Call(Generic[Wanted, Result]):
    """One thread's call. `turn` is released when another thread has changed its state.

    It `is_impatient` if it was the first that waited: others are woken by those before them, which costs less.
    """

    __slots__ = ("is_impatient", "result", "state", "turn", "until", "wanted")

    result: Result

    def __init__(self, wanted: Wanted, until: float) -> None:
        self.wanted = wanted
        self.until = until
        self.state = _State.WAITING
        self.is_impatient = False
        self.turn = Lock()
        self.turn.acquire()


class GroupCommit(Generic[Wanted, Result]):
    """Call it with what is wanted; it returns the result once that is durable, within about `timeout` seconds.

    `commit(take, timeout)` opens a transaction within that time, calls `take` in it for what to do, and returns the results
    in the same order once they are durable. If it raises an `InventoryError`, each call is repeated alone, so that it gets
    its own result or its own error. `too_late()` is the error of a call whose transaction does not end in time. Up to
    `leaders` transactions are open at once. A call for which `alone()` is true waits for no others.
    """

    def __init__(
        self,
        commit: Callable[[Take[Wanted], float], Sequence[Result]],
        *,
        timeout: float,
        too_late: Callable[[], InventoryError],
        leaders: int = 1,
        alone: Callable[[], bool] = lambda: False,
    ) -> None:
        self._commit = commit
        self._timeout = timeout
        self._too_late = too_late
        self._max_leaders = leaders
        self._alone = alone
        self._begin()

    def __call__(self, wanted: Wanted) -> Result:
        """Do what is wanted, together with what others want now."""
        if self._alone():
            return self._commit(lambda: [wanted], self._timeout)[0]
        if self._pid != os.getpid():  # after a fork, whose child has none of the threads that wait here
            with _after_fork:
                if self._pid != os.getpid():
                    self._begin()
        call = _Call[Wanted, Result](wanted, monotonic() + self._timeout)
        with self._lock:
            call.is_impatient = not self._calls and self._max_leaders > 1
            self._calls.append(call)
            if not self._leaders:
                self._promote_first()
        if call.state is not _State.LEADING:
            self._await_turn(call)
        if call.state is _State.LEADING:
            self._lead(call)
        if call.state is _State.DONE:
            return call.result
        return self._commit(lambda: [wanted], max(0.0, call.until - monotonic()))[0]

    def _begin(self) -> None:
        self._lock = Lock()
        self._calls: deque[_Call[Wanted, Result]] = deque()
        self._leaders = 0
        self._pid = os.getpid()

    def _await_turn(self, call: _Call[Wanted, Result]) -> None:
        """Return once the call leads, or another one has led it; raise if its time is up."""
        if call.is_impatient:
            if call.turn.acquire(timeout=PATIENCE):
                return
            with self._lock:
                if self._leaders < self._max_leaders and self._calls and self._calls[0] is call:
                    self._promote_first()
                    return
        if not call.turn.acquire(timeout=max(0.0, call.until - monotonic())):
            self._give_up(call)

    def _lead(self, leader: _Call[Wanted, Result]) -> None:
        """Commit a group; the leader's state is then DONE, or ALONE if another call may be why the group failed."""
        group = [leader]

        def take() -> Sequence[Wanted]:
            with self._lock:
                group.extend(self._calls.popleft() for _ in range(min(MAX_GROUP - 1, len(self._calls))))
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
            self._pass_on()
            for call in group[1:]:
                if call.state is not _State.DONE:
                    call.state = _State.ALONE
                call.turn.release()

    def _pass_on(self) -> None:
        """Stop to lead. The first that waits leads next, unless others lead and it is going to by itself."""
        with self._lock:
            self._leaders -= 1
            if self._calls and not (self._leaders and self._will_lead(self._calls[0])):
                self._promote_first()

    def _will_lead(self, call: _Call[Wanted, Result]) -> bool:
        return call.is_impatient and monotonic() < call.until - self._timeout + PATIENCE

    def _promote_first(self) -> None:
        """Have the call lead that has waited longest. The lock is held."""
        call = self._calls.popleft()
        self._leaders += 1
        call.state = _State.LEADING
        call.turn.release()

    def _give_up(self, call: _Call[Wanted, Result]) -> None:
        """Raise for a call whose time is up, unless it was done just now."""
        with self._lock:
            if call in self._calls:
                self._calls.remove(call)
        if call.state is _State.LEADING:
            self._pass_on()
        if call.state is not _State.DONE:
            raise self._too_late()

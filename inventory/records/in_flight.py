"""Collections that are in flight: each in a thread, up to a number of slots."""

from __future__ import annotations

from collections.abc import Callable
from queue import SimpleQueue
from threading import Condition, Thread
from types import TracebackType
from typing import Self

import structlog

from inventory.records.model import Outcome, Record

log = structlog.get_logger(__name__)

LOOKUP_SHARE = 5
"""One of so many slots is kept for lookups, which must not wait for the slow upstreams of jobs."""
POLL_INTERVAL = 0.2
"""Seconds after which a collector with free slots looks for newly due work while its other slots are busy."""
GATHER_SECONDS, GATHER_FOR_LOOKUPS = 0.01, 0.003
"""Seconds in which further outcomes are gathered, the second where a lookup may wait for one: a transaction for each would
cost more than its fetch."""

Task = tuple[Callable[..., Outcome], Record, tuple[object, ...]]


class InFlight:
    """Collections that are in flight; true while there are any. At the end of its block its threads end.

    Its threads hand their outcomes over in a list. A future for each, and a look at all of them each time, took four times
    as long.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._count = 0
        self._threads: list[Thread] = []
        self._tasks: SimpleQueue[Task | None] = SimpleQueue()
        self._ended: list[Outcome | BaseException] = []
        self._has_ended = Condition()
        self._awaited = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join()

    def __len__(self) -> int:
        return self._count

    def room(self) -> tuple[int, bool]:
        """How many claims to start now, and whether claims of jobs may be among them."""
        return room(self._slots - self._count, self._slots)

    def start(self, collect: Callable[..., Outcome], claim: Record, *arguments: object) -> None:
        """Collect a claim in a free slot; in this thread if the system allows no other one."""
        self._count += 1
        self._tasks.put((collect, claim, arguments))
        if len(self._threads) < self._count:
            self._add_thread()
        if not self._threads:
            self._collect_next()

    def _add_thread(self) -> None:
        thread = Thread(target=self._work, name=f"collect_{self._count}")
        try:
            thread.start()
        except RuntimeError as error:  # a limit of the system: the threads that there are do its work
            log.warning("no_thread", threads=len(self._threads), error=str(error))
        else:
            self._threads.append(thread)

    def done(self) -> list[Outcome]:
        """Take the outcomes that are ready."""
        return self._outcomes(self._take(awaited=1, seconds=0))

    def wait(self) -> list[Outcome]:
        """Take the outcomes that come soon, with those that come a moment later."""
        outcomes = self._outcomes(self._take(awaited=1, seconds=POLL_INTERVAL))
        if outcomes and self._count:
            seconds = GATHER_SECONDS if all(each.claim.bulk for each in outcomes) else GATHER_FOR_LOOKUPS
            outcomes += self._outcomes(self._take(awaited=self._count, seconds=seconds))
        return outcomes

    def _take(self, *, awaited: int, seconds: float) -> list[Outcome | BaseException]:
        """What has ended, once so many have, or the time is up."""
        with self._has_ended:
            self._awaited = awaited
            self._has_ended.wait_for(lambda: len(self._ended) >= awaited, seconds)
            ended, self._ended = self._ended, []
        self._count -= len(ended)
        return ended

    def _work(self) -> None:
        while self._collect_next():
            pass

    def _collect_next(self) -> bool:
        """Collect what comes next; False if that is nothing any more."""
        task = self._tasks.get()
        if task is None:
            return False
        collect, claim, arguments = task
        try:
            self._end(collect(claim, *arguments))
        except BaseException as error:  # noqa: BLE001 - the edge of a collection, whose slot would never be free again
            self._end(error)
        return True

    def _end(self, ended: Outcome | BaseException) -> None:
        with self._has_ended:
            self._ended.append(ended)
            if len(self._ended) >= self._awaited:
                self._has_ended.notify()

    def _outcomes(self, ended: list[Outcome | BaseException]) -> list[Outcome]:
        """A collection that met a store that is away is logged, and its lease brings it back."""
        outcomes = []
        for each in ended:
            if isinstance(each, BaseException):
                log.error("collection_broke", exc_info=each)
            else:
                outcomes.append(each)
        return outcomes


def room(free: int, slots: int) -> tuple[int, bool]:
    """How many claims to take into free slots, and whether claims of jobs may be among them."""
    kept = slots // LOOKUP_SHARE
    return (free - kept, True) if free > kept else (free, False)

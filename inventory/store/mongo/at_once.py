"""Commands that do not depend on each other: one after the other, but at once on a server that answers slowly.

Then many cost hardly more time than one. On a server in the same room a thread for each would cost more than it saves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from time import monotonic
from typing import TypeVar

Result = TypeVar("Result")

SLOW = 0.2
"""Seconds that a command may take for the next one to be sent only after it."""
MAX_AT_ONCE = 32
"""Commands at once of one caller."""


class Commands:
    """Sends commands. It remembers what the last one took, because a server that is slow stays so for a while."""

    def __init__(self, ticks: Callable[[], float] = monotonic) -> None:
        """`ticks` counts seconds."""
        self._ticks = ticks
        self._took = 0.0

    def each_of(self, commands: Sequence[Callable[[], Result]]) -> list[Result]:
        """What they return, in their order. Of those that were sent at once, all have ended before an error is raised."""
        results: list[Result] = []
        while len(commands) - len(results) > 1 and self._took <= SLOW:
            results.append(self._timed(commands[len(results)]))
        left = commands[len(results) :]
        if len(left) < 2:
            return results + [self._timed(command) for command in left]
        with ThreadPoolExecutor(min(MAX_AT_ONCE, len(left)), thread_name_prefix="store") as threads:
            # PyMongo keeps in the context what is left of the time of a call.
            sent = [threads.submit(copy_context().run, self._timed, command) for command in left]
        return results + [each.result() for each in sent]

    def up_to(self, is_enough: Callable[[Result], object], commands: Sequence[Callable[[], Result]]) -> list[Result]:
        """What they return, in their order, up to the first that is enough: a quick server does not get those after it."""
        answers: Iterable[Result] = self.each_of(commands) if self._took > SLOW else map(self._timed, commands)
        results: list[Result] = []
        for each in answers:
            results.append(each)
            if is_enough(each):
                break
        return results

    def _timed(self, command: Callable[[], Result]) -> Result:
        began = self._ticks()
        try:
            return command()
        finally:
            self._took = self._ticks() - began


_commands = Commands()
each_of, up_to = _commands.each_of, _commands.up_to
"""They send commands to the server of this process."""

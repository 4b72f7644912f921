"""Threads and programs that set off at the same moment."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from threading import Barrier
from typing import TypeVar

Result = TypeVar("Result")


def at_once(count: int, act: Callable[[int], Result]) -> list[Result]:
    """What `act(0)`, `act(1)`, … return, each called in a thread of its own at the same moment."""
    start = Barrier(count)

    def run(n: int) -> Result:
        start.wait(60)
        return act(n)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))


@contextmanager
def program(url: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`tests.contract.program`, ready to set off at a line; killed at the end of the block."""
    command = [sys.executable, "-m", "tests.contract.program", url, *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            assert running.stdout.readline() == "ready\n"
            yield running
        finally:
            running.kill()


def programs_at_once(url: str, commands: Sequence[Sequence[str]]) -> list[list[str]]:
    """The lines of each of several programs that set off at the same moment."""
    with ExitStack() as stack:
        running = [stack.enter_context(program(url, *command)) for command in commands]
        for each in running:
            set_off(each)
        return [each.communicate(timeout=100)[0].splitlines() for each in running]


def set_off(running: subprocess.Popen[str]) -> None:
    """Let a program act."""
    assert running.stdin is not None
    running.stdin.write("go\n")
    running.stdin.flush()

"""Runs our programs as forks of the process that supervises them, which has imported what they share.

An interpreter of its own would take each of them a second of CPU to start, and 40 MB more (docs/speed.md).
"""

from __future__ import annotations

import atexit
import gc
import importlib
import os
import runpy
import shlex
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import NoReturn

from setproctitle import setproctitle

HANDLED = (signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGCHLD, signal.SIGUSR2)
"""The signals that supervisord handles, besides SIGINT."""


def load(modules: Sequence[str]) -> None:
    """Import what the forks are to find, and freeze it, so that no garbage collector copies its pages.

    Meanwhile nothing is collected: what is imported stays, and looking for garbage in it takes a sixth of the time.
    """
    gc.disable()
    for name in modules:
        importlib.import_module(name)
    gc.freeze()
    gc.enable()


def begin(work: Callable[[], object]) -> int:
    """Begin some work in a fork of this process, which has one thread; the pid."""
    _flush()
    pid = os.fork()
    if not pid:
        _end_after(work)
    return pid


def wait(pid: int) -> int:
    """The exit code of a fork, once it has ended."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def become(command: Sequence[str], environment: Mapping[str, str]) -> NoReturn:
    """Go on as `python -m NAME ARGUMENT...`, in a fork that has the signals and the streams of another program."""
    _, _, name, *arguments = command
    for each in HANDLED:
        signal.signal(each, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115
    sys.stdout = open(1, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", 1, errors="backslashreplace", closefd=False)  # noqa: SIM115
    os.environ.update(environment)
    sys.argv = [name, *arguments]
    setproctitle(shlex.join(command))
    _end_after(lambda: runpy.run_module(name, run_name="__main__", alter_sys=True))


def _end_after(work: Callable[[], object]) -> NoReturn:
    """Do the work, then end as an interpreter does, instead of returning to what the parent was doing."""
    code: int | str | None = 1
    try:
        work()
        code = 0
    except SystemExit as error:
        code = error.code
    except BaseException:  # noqa: BLE001 - the outermost edge of a process
        traceback.print_exc()
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    threading._shutdown()  # type: ignore[attr-defined]  # multiprocessing ends its forks so, too
    atexit._run_exitfuncs()
    _flush()
    os._exit(code if isinstance(code, int) else int(code is not None))


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, OSError, ValueError):  # no stream, a full disk, a closed one
            stream.flush()

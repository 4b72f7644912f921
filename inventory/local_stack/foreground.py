"""Runs supervisord in the foreground of a terminal.

It differs from `supervisord -n` in four points. When the terminal closes (SIGHUP), it stops instead of restarting
everything. Its log goes to a file, and only warnings, such as a program that died, appear on the terminal too. The programs
start at once, not after a second. They end with supervisord, and those of ours go on in the fork that it makes for them.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from supervisor import loggers
from supervisor.loggers import Handler, LevelsByName, LogRecord, RotatingFileHandler, StreamHandler
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ServerOptions
from supervisor.supervisord import Supervisor

from inventory.local_stack import folder_lock, forks, parent_death


class Log(RotatingFileHandler):  # type: ignore[misc]
    """A log that loses lines while its disk is full, and nothing else.

    supervisord's own log raises where nothing catches it (supervisor 4.3). Then supervisord ends, or it stops reading what
    a program prints, which blocks that program for good.
    """

    stream: Any

    def __init__(self, filename: str, mode: str = "ab", maxBytes: int = 0, backupCount: int = 0) -> None:  # noqa: N803
        Handler.__init__(self)
        self.baseFilename, self.mode, self.maxBytes, self.backupCount = filename, "ab", maxBytes, backupCount
        self.reopen()

    def emit(self, record: Any) -> None:
        """Write a line; open the file first if that failed before."""
        if self.stream is None or self.stream.closed:
            self.reopen()
        if self.stream is not None:
            with suppress(OSError, ValueError):
                super().emit(record)

    def reopen(self) -> None:
        """Open the file again, if that is possible."""
        self.close()
        with suppress(OSError):
            self.stream = open(self.baseFilename, self.mode)  # noqa: SIM115, PTH123 - it stays open

    def close(self) -> None:
        """Close the file, if it is open."""
        stream, self.stream = self.stream, None
        if stream is not None:
            with suppress(OSError):
                stream.close()

    def handleError(self) -> None:  # noqa: N802 - supervisord's name
        """Go on without the line."""


STOPPING = "indicating exit request"
"""How a line of supervisord ends that says which signal it has received."""


class Terminal(StreamHandler):  # type: ignore[misc]
    """The terminal, which may have been closed."""

    def emit(self, record: Any) -> None:
        """Write a line; that of a signal in our words."""
        if STOPPING in str(record.msg):
            record = LogRecord(record.level, "Inventory stops when it has finished what it began")
        super().emit(record)

    def handleError(self) -> None:  # noqa: N802 - supervisord's name
        """Go on without the line."""


class Options(ServerOptions):  # type: ignore[misc]
    """supervisord's options, for a terminal and the lock of the folder."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._pid, self._folder = os.getpid(), folder

    def execve(self, filename: str, argv: Sequence[str], env: Mapping[str, str]) -> None:
        """Become a program, in a fork of this process; called where supervisord would execute it."""
        parent_death.end_with(self._pid)
        folder_lock.share(self._folder)
        if argv[:2] == [sys.executable, "-m"]:
            forks.become(argv, env)
        super().execve(filename, argv, env)

    def setsignals(self) -> None:
        """Treat SIGHUP as SIGTERM."""
        super().setsignals()
        signal.signal(signal.SIGHUP, lambda _, frame: self.signal_receiver.receive(signal.SIGTERM, frame))

    def make_logger(self) -> None:
        """Log warnings to the terminal too."""
        super().make_logger()
        if sys.stderr is None:  # it was closed before the start
            return
        terminal = Terminal(sys.stderr)
        terminal.setFormat("%(asctime)s %(message)s\n")
        terminal.setLevel(LevelsByName.WARN)
        self.logger.addHandler(terminal)


class PromptSupervisor(Supervisor):  # type: ignore[misc]
    """supervisord, which begins to run its programs at once."""

    def runforever(self) -> None:
        """Begin with the programs that supervisord would begin with after its first second."""
        for group in sorted(self.process_groups.values()):
            group.transition()
        super().runforever()


def run(folder: Path) -> None:
    """Keep the programs of the folder's `supervisord.conf` running until SIGINT, SIGTERM or SIGHUP, then stop them.

    The paths in it are relative to the folder.
    """
    os.chdir(folder)
    loggers.RotatingFileHandler = Log  # by this name supervisord makes every log
    options = Options(folder)
    options.realize(["--nodaemon", "--configuration", "supervisord.conf"])
    options.first, options.test = True, False
    try:
        PromptSupervisor(options).main()
    except ExitNow:
        options.close_logger()

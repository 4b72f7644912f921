"""Runs supervisord in the foreground of a terminal.

    python foreground.py FOLDER

The folder has `supervisord.conf`, whose paths are relative to it.

It differs from `supervisord -n` in two points. When the terminal closes (SIGHUP), it stops instead of restarting everything.
Its log goes to a file, and only warnings, such as a program that died, appear on the terminal too.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from typing import Any

from supervisor import loggers
from supervisor.loggers import Handler, LevelsByName, RotatingFileHandler, StreamHandler
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ServerOptions
from supervisor.supervisord import Supervisor


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


class Terminal(StreamHandler):  # type: ignore[misc]
    """The terminal, which may have been closed."""

    def handleError(self) -> None:  # noqa: N802 - supervisord's name
        """Go on without the line."""


class Options(ServerOptions):  # type: ignore[misc]
    """supervisord's options, for a terminal."""

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


def run(folder: str) -> None:
    """Keep the programs of the folder's configuration running until SIGINT, SIGTERM or SIGHUP, then stop them."""
    os.chdir(folder)
    loggers.RotatingFileHandler = Log  # by this name supervisord makes every log
    options = Options()
    options.realize(["--nodaemon", "--configuration", "supervisord.conf"])
    options.first, options.test = True, False
    try:
        Supervisor(options).main()
    except ExitNow:
        options.close_logger()


if __name__ == "__main__":
    run(sys.argv[1])

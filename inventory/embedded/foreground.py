"""Runs supervisord in the foreground of a terminal.

    python foreground.py FOLDER

The folder has `supervisord.conf`, whose paths are relative to it.

It differs from `supervisord -n` in two points: a terminal that closes (SIGHUP) stops it instead of restarting everything,
and of its log, which goes to a file, only what a person should see (a program that died, a stop) appears on the terminal.
"""

from __future__ import annotations

import os
import signal
import sys

from supervisor.loggers import LevelsByName, StreamHandler
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ServerOptions
from supervisor.supervisord import Supervisor


class Terminal(StreamHandler):  # type: ignore[misc]
    """Where a person looks; one that was closed is told nothing."""

    def handleError(self) -> None:  # noqa: N802 - supervisord's name
        """Go on without it."""


class Options(ServerOptions):  # type: ignore[misc]
    """supervisord's options, for a terminal."""

    def setsignals(self) -> None:
        """Treat SIGHUP as SIGTERM."""
        super().setsignals()
        signal.signal(signal.SIGHUP, lambda _, frame: self.signal_receiver.receive(signal.SIGTERM, frame))

    def make_logger(self) -> None:
        """Log warnings to the terminal too."""
        super().make_logger()
        terminal = Terminal(sys.stderr)
        terminal.setFormat("%(asctime)s %(message)s\n")
        terminal.setLevel(LevelsByName.WARN)
        self.logger.addHandler(terminal)


def run(folder: str) -> None:
    """Keep the programs of the folder's configuration running until SIGINT, SIGTERM or SIGHUP, then stop them."""
    os.chdir(folder)
    options = Options()
    options.realize(["--nodaemon", "--configuration", "supervisord.conf"])
    options.first, options.test = True, False
    try:
        Supervisor(options).main()
    except ExitNow:
        options.close_logger()


if __name__ == "__main__":
    run(sys.argv[1])

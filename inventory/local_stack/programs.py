"""What `inventory up` runs, as the configuration that supervisord reads."""

from __future__ import annotations

import os
import pwd
import shlex
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from inventory.config import Settings
from inventory.errors import StartError

ROOT = Path(__file__).resolve().parents[2]
"""The folder of `wsgi.py` and `gunicorn.conf.py`."""
SHARED = ("inventory.app", "gunicorn.app.wsgiapp", "inventory.gunicorn_worker.worker", "workers.scheduler", "workers.worker")
"""The modules that the programs need, and nearly all that they import."""
LOG_SIZE, LOG_FILES = "10MB", 3


@dataclass(frozen=True, slots=True)
class Program:
    """A program that is kept running; it is stopped by SIGTERM, and killed after `stop_within` seconds.

    SIGTERM goes to the program alone, which passes it on: a second one would make RQ's workers abort their jobs. SIGKILL
    goes to its children too.
    """

    name: str
    command: Sequence[str]
    stop_within: float


def programs(settings: Settings) -> list[Program]:
    """The programs of the stack, without Redis."""
    python = sys.executable
    # By itself gunicorn looks for both in the folder in which it was imported: that in which `inventory up` was started.
    found = ["--config", str(ROOT / "gunicorn.conf.py"), "--chdir", str(ROOT)]
    return [
        Program("api", [python, "-m", "gunicorn", *found, "wsgi:app"], settings.fetch_deadline + 10),
        Program("worker", [python, "-m", "workers", "collect"], settings.lease + 5),
        Program("scheduler", [python, "-m", "workers", "schedule"], 10),
        Program("dashboard", [python, "-m", "inventory.dashboard"], 5),
    ]


def supervisord_configuration(settings: Settings, redis_command: Sequence[str] | None, also: Sequence[Program] = ()) -> str:
    """The text of supervisord.conf. Redis starts first and stops last; the others, those of `also` included, stop together.

    Paths are relative to the data folder, because supervisord takes a `%` in the path of a log for a variable.
    """
    members = [*programs(settings), *also]
    sections = [
        _supervisord(),
        f"[group:inventory]\nprograms={','.join(member.name for member in members)}\n",
        *(_section(member) for member in members),
    ]
    if redis_command is not None:
        sections.append(_section(Program("redis", redis_command, 5)) + "priority=1\n")
    return "\n".join(sections)


def _supervisord() -> str:
    lines = ["silent=true", "logfile=log/supervisord.log", f"logfile_maxbytes={LOG_SIZE}", "logfile_backups=1"]
    lines += ["pidfile=supervisord.pid", "childlogdir=log"]
    if os.geteuid() == 0:
        lines.append(f"user={pwd.getpwuid(0).pw_name}")  # without it, supervisord warns that root is root
    return "\n".join(["[supervisord]", *lines]) + "\n"


def _section(program: Program) -> str:
    lines = {
        "command": _value(shlex.join(program.command)),
        "directory": _value(str(ROOT)),
        "autorestart": "true",
        "startsecs": "5",  # a program that ends sooner is restarted after a pause, which grows by a second each time
        "startretries": "1000000000",
        "stopsignal": "TERM",
        "stopwaitsecs": str(ceil(program.stop_within)),
        "stopasgroup": "false",
        "killasgroup": "true",
        "redirect_stderr": "true",
        "stdout_logfile": f"log/{program.name}.log",
        "stdout_logfile_maxbytes": LOG_SIZE,
        "stdout_logfile_backups": str(LOG_FILES),
    }
    return "".join([f"[program:{program.name}]\n", *(f"{name}={value}\n" for name, value in lines.items())])


def _value(text: str) -> str:
    """The text with `%` escaped for supervisord's configuration; there is no escape for a comment sign after a space."""
    if any(sign in text for sign in (" ;", " #", "\n")):
        raise StartError(
            f"a folder cannot be used whose name has ' ;', ' #' or a line break: {text!r}; choose another INVENTORY_DATA_DIR"
        )
    return text.replace("%", "%%")

"""The command `inventory up`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import NoReturn

import click

from inventory.config import Settings
from inventory.demo.layout import FIRST_PORT
from inventory.errors import StartError, StorageUnavailable
from inventory.local_stack import checks, redis_server
from inventory.local_stack.demo import Demo
from inventory.local_stack.programs import FOREGROUND, ROOT, ends_with_parent, supervisord_configuration
from inventory.wiring import open_store, prepare


@click.command()
@click.option("--demo", is_flag=True, help="Run upstreams to try it with, too, and let 127.0.0.1 be fetched.")
@click.option("--demo-port", type=click.IntRange(1, 65_531), default=FIRST_PORT, show_default=True,
              help="The first of the five ports in a row that the demo listens on.")  # fmt: skip
def up(demo: bool, demo_port: int) -> None:
    """Run API, workers, scheduler, Redis and dashboard on this machine until Ctrl-C."""
    try:
        start(Settings.read(), os.environ, Demo(demo_port) if demo else None)
    except StartError as error:
        with suppress(OSError):
            click.echo(f"inventory: {error}", err=True)
        sys.exit(2)


def start(settings: Settings, environment: Mapping[str, str], demo: Demo | None = None) -> NoReturn:
    """Become the supervisor of the stack; `StartError` if the stack could not work."""
    os.umask(0o077)  # for all programs of the stack: whatever they keep is nobody else's
    settings = replace(settings, data_dir=settings.data_dir.absolute())
    if demo is not None:
        settings = demo.own_folder(settings)
    redis_command = None if settings.redis_url else redis_server.command(settings)
    lock = checks.take_folder(settings.data_dir)
    checks.ports_free(settings)
    if demo is not None:
        checks.demo_ports_free(demo, settings)
    _prepare_store(settings)

    agreed = agreed_settings(settings, demo)
    _write_files(settings, redis_command, agreed, demo)
    everything = dict(environment) | agreed
    # A group of its own: Ctrl-C is for the supervisor, whose end is the report's end too.
    subprocess.Popen(_report(settings, demo), env=everything, cwd=ROOT, process_group=0)  # noqa: S603 - our own program
    os.set_inheritable(lock, True)
    command = [sys.executable, "-P", str(FOREGROUND), str(settings.data_dir)]
    os.execve(sys.executable, command, everything)  # noqa: S606 - no shell


def _prepare_store(settings: Settings) -> None:
    """Let a store that can never be used stop the start; one that is away is waited for by all that need it."""
    store = open_store(settings)
    try:
        prepare(store)
    except StorageUnavailable as error:
        with suppress(OSError):  # a terminal that is a file on a full disk
            click.echo(f"{error} Starting all the same: what needs the store waits for it.", err=True)
    finally:
        store.close()


def _write_files(
    settings: Settings, redis_command: Sequence[str] | None, agreed: Mapping[str, str], demo: Demo | None
) -> None:
    """Write what the programs read when they start."""
    text = supervisord_configuration(settings, redis_command, [demo.program] if demo else [])
    try:
        (settings.data_dir / "log").mkdir(exist_ok=True)
        (settings.data_dir / "supervisord.conf").write_text(text, encoding="utf-8")
        if demo is not None:
            demo.write_files(settings, agreed)
    except OSError as error:
        raise StartError(f"INVENTORY_DATA_DIR={str(settings.data_dir)!r} cannot be written: {error.strerror}") from error


def _report(settings: Settings, demo: Demo | None) -> list[str]:
    about_demo = ["--demo-port", str(demo.first_port)] if demo else []
    return ends_with_parent([sys.executable, "-m", "inventory.local_stack.report", *about_demo], settings.data_dir)


def agreed_settings(settings: Settings, demo: Demo | None = None) -> dict[str, str]:
    """The environment by which all programs of the stack mean the same store, Redis and folder, and the same upstreams."""
    own = {
        "INVENTORY_DATA_DIR": str(settings.data_dir),
        "INVENTORY_STORE_URL": settings.store,
        "INVENTORY_REDIS_URL": settings.redis,
        "RQ_DASHBOARD_REDIS_URL": settings.redis,
    }
    return own | (demo.environment(settings) if demo else {})

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
from inventory.demo.addresses import FIRST_PORT
from inventory.errors import StartError, StorageUnavailable
from inventory.local_stack import checks, redis_server
from inventory.local_stack.demo import Demo
from inventory.local_stack.programs import FOREGROUND, ROOT, ends_with_parent, supervisord_configuration
from inventory.store.waiting import prepare
from inventory.wiring import open_store


@click.command()
@click.option("--demo", is_flag=True, help="Also run demo upstreams, and allow fetching from 127.0.0.1.")
@click.option("--demo-port", type=click.IntRange(1, 65_531), default=FIRST_PORT, show_default=True,
              help="The first of five ports in a row for the demo.")  # fmt: skip
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
    os.umask(0o077)  # only the owner may read what the programs of the stack keep
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
    variables = dict(environment) | agreed
    # In a process group of its own, so that Ctrl-C reaches only the supervisor; the report ends with it.
    subprocess.Popen(_report(settings, demo), env=variables, cwd=ROOT, process_group=0)  # noqa: S603 - our own program
    os.set_inheritable(lock, True)
    command = [sys.executable, "-P", str(FOREGROUND), str(settings.data_dir)]
    os.execve(sys.executable, command, variables)  # noqa: S606 - no shell


def _prepare_store(settings: Settings) -> None:
    """Raise `StartError` if the store can never be used; if it is only away, the programs wait for it."""
    store = open_store(settings)
    try:
        prepare(store)
    except StorageUnavailable as error:
        with suppress(OSError):  # the terminal may be a file on a full disk
            click.echo(f"{error} Starting anyway: the programs wait for the store.", err=True)
    finally:
        store.close()


def _write_files(
    settings: Settings, redis_command: Sequence[str] | None, agreed: Mapping[str, str], demo: Demo | None
) -> None:
    """Write the files that the programs read when they start."""
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
    """The variables that give all programs of the stack the same store, Redis, data folder and upstreams."""
    own = {
        "INVENTORY_DATA_DIR": str(settings.data_dir),
        "INVENTORY_STORE_URL": settings.store,
        "INVENTORY_REDIS_URL": settings.redis,
        "RQ_DASHBOARD_REDIS_URL": settings.redis,
    }
    return own | (demo.environment(settings) if demo else {})

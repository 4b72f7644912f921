"""The command `inventory up`."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import NoReturn

import click

from inventory.config import Settings
from inventory.embedded import checks, redis_server
from inventory.embedded.programs import ROOT, on_leash, supervisord_configuration
from inventory.errors import StartError, StorageUnavailable
from inventory.wiring import open_store

FOREGROUND = Path(__file__).with_name("foreground.py")


@click.command()
def up() -> None:
    """Run API, workers, scheduler, Redis and dashboard on this machine until Ctrl-C."""
    try:
        start(Settings.read(), os.environ)
    except StartError as error:
        click.echo(f"inventory: {error}", err=True)
        sys.exit(2)


def start(settings: Settings, environment: Mapping[str, str]) -> NoReturn:
    """Become the supervisor of the stack; `StartError` if the stack could not work."""
    settings = replace(settings, data_dir=settings.data_dir.absolute())
    redis_command = None if settings.redis_url else redis_server.command(settings)
    lock = checks.take_folder(settings.data_dir)
    checks.ports_free(settings)
    _prepare_store(settings)

    configuration = settings.data_dir / "supervisord.conf"
    (settings.data_dir / "log").mkdir(exist_ok=True)
    configuration.write_text(supervisord_configuration(settings, redis_command), encoding="utf-8")
    agreed = dict(environment) | agreed_settings(settings)

    report = on_leash([sys.executable, "-m", "inventory.embedded.report"], settings.data_dir)
    # A group of its own: Ctrl-C is for the supervisor, whose end is the report's end too.
    subprocess.Popen(report, env=agreed, cwd=ROOT, process_group=0)  # noqa: S603 - our own program
    os.set_inheritable(lock, True)
    os.execve(sys.executable, [sys.executable, "-P", str(FOREGROUND), str(settings.data_dir)], agreed)  # noqa: S606 - no shell


def _prepare_store(settings: Settings) -> None:
    """Let a store that can never be used stop the start; one that is away is waited for by all that need it."""
    store = open_store(settings)
    try:
        store.prepare()
    except StorageUnavailable:
        click.echo("The store does not answer yet. Starting all the same: what needs it waits for it.", err=True)
    finally:
        store.close()


def agreed_settings(settings: Settings) -> dict[str, str]:
    """The environment by which all programs of the stack mean the same store, the same Redis and the same folder."""
    return {
        "INVENTORY_DATA_DIR": str(settings.data_dir),
        "INVENTORY_STORE_URL": settings.store,
        "INVENTORY_REDIS_URL": settings.redis,
        "RQ_DASHBOARD_REDIS_URL": settings.redis,
    }

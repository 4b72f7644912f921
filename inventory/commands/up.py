"""The command `inventory up`."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import click

from inventory.clock import utc_now
from inventory.config import Settings
from inventory.demo.addresses import FIRST_PORT
from inventory.doctor import setting_names
from inventory.errors import StartError, StorageUnavailable
from inventory.local_stack import folder_lock, foreground, forks, free_ports, parent_death, redis_server
from inventory.local_stack.demo import Demo
from inventory.local_stack.programs import SHARED, supervisord_configuration


@click.command()
@click.option("--demo", is_flag=True, help="Also run demo upstreams, and allow fetching from 127.0.0.1.")
@click.option("--demo-port", type=click.IntRange(1, 65_531), default=FIRST_PORT, show_default=True,
              help="The first of five ports in a row for the demo.")  # fmt: skip
def up(demo: bool, demo_port: int) -> None:
    """Run the whole service on this machine until Ctrl-C.

    That is API, workers, scheduler, Redis and dashboard.
    """
    for finding in setting_names.unknown(os.environ):
        _tell(f"{finding.text} {finding.advice}")
    try:
        start(Settings.read(), Demo(demo_port) if demo else None)
    except StartError as error:
        _refuse(error)


def start(settings: Settings, demo: Demo | None = None) -> None:
    """Supervise the stack in this process until it is stopped; `StartError` if the stack could not work."""
    os.umask(0o077)  # only the owner may read what the programs of the stack keep
    settings = replace(settings, data_dir=settings.data_dir.absolute())
    if demo is not None:
        settings = demo.own_folder(settings)
    redis_command = None if settings.redis_url else redis_server.command(settings)
    folder_lock.take(settings.data_dir)
    free_ports.check(settings)
    if demo is not None:
        free_ports.check_for_demo(demo, settings)
    forks.load(SHARED)
    # In a fork, because a client of MongoDB begins threads, and no fork is to be of a process that has any.
    if code := forks.wait(forks.begin(partial(_prepare_store, settings))):
        sys.exit(code)

    agreed = agreed_settings(settings, demo)
    _write_files(settings, redis_command, agreed, demo)
    os.environ.update(agreed)
    forks.begin(partial(_report, os.getpid(), settings, demo))
    sys.path[:] = [str(Path(each).absolute()) for each in sys.path]  # "" is not to be the data folder
    foreground.run(settings.data_dir)


def _refuse(error: StartError) -> None:
    _tell(str(error))
    sys.exit(2)


def _tell(text: str) -> None:
    with suppress(OSError):  # the terminal may be a file on a full disk
        click.echo(f"inventory: {text}", err=True)


def _prepare_store(settings: Settings) -> None:
    """End with a line if the store can never be used; if it is only away, the programs wait for it."""
    from inventory.access import starting  # here: what is wrong with a setting or a port is said a second earlier
    from inventory.local_stack.report import command
    from inventory.store.waiting import prepare
    from inventory.wiring import open_store

    with closing(open_store(settings)) as store:
        try:
            prepare(store)
            starting.check(settings.host, settings.mode, store.keys, now=utc_now(), command=command(settings))
        except StartError as error:
            _refuse(error)
        except StorageUnavailable as error:
            _tell(f"{error} Starting anyway: the programs wait for the store.")


def _report(parent: int, settings: Settings, demo: Demo | None) -> None:
    """Report in a fork that ends with the stack, and that Ctrl-C does not reach."""
    from inventory.local_stack.report import show  # here, as above

    os.setpgid(0, 0)
    parent_death.end_with(parent)
    show(settings, demo)


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
        raise folder_lock.not_writable(settings.data_dir, error) from error


def agreed_settings(settings: Settings, demo: Demo | None = None) -> dict[str, str]:
    """The variables that give all programs of the stack the same store, Redis, data folder and upstreams."""
    own = {
        "INVENTORY_DATA_DIR": str(settings.data_dir),
        "INVENTORY_STORE_URL": settings.store,
        "INVENTORY_REDIS_URL": settings.redis,
        "RQ_DASHBOARD_REDIS_URL": settings.redis,
    }
    return own | (demo.environment(settings) if demo else {})

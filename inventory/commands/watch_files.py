"""`inventory watch apply` and `export`: watches as code, from a terminal."""

from __future__ import annotations

from pathlib import Path

import click

from inventory import wiring
from inventory.commands.terminal import PENDING, errors_as_lines, stdout_console
from inventory.commands.watch_tables import print_plan, print_secrets
from inventory.config import Settings
from inventory.errors import InvalidRequest
from inventory.watches import watch_file
from inventory.watches.applying import WatchApplier, exported


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help="Do it.")
@errors_as_lines
def apply(file: Path, yes: bool) -> int:
    """Make all watches as FILE says, after a plan.

    Without --yes it shows what is to be done, and exits with 3 if that is anything.

    Watches are told apart by their names. What FILE lacks is removed.
    """
    applier = _applier()
    try:
        plan = applier.plan(watch_file.read(file.read_text("utf-8")))
    except (InvalidRequest, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{file}: {error}", getattr(error, "errors", None)) from error
    print_plan(stdout_console(), plan)
    if plan.is_empty:
        return 0
    if not yes:
        click.echo("inventory: nothing was done; do it with --yes", err=True)
        return PENDING
    for secrets in applier.apply(plan):
        print_secrets(secrets)
    return 0


@click.command()
@errors_as_lines
def export() -> int:
    """Print the file of all watches, which `apply` takes. Webhooks are written as URLs."""
    watches, left_out = exported(_applier().kept())
    for line in left_out:
        click.echo(f"inventory: {line}", err=True)
    click.echo(watch_file.written(watches), nl=False)
    return 0


def _applier() -> WatchApplier:
    services = wiring.build(Settings.read())
    return WatchApplier(services.watches, services.webhooks)

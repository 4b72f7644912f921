"""The `inventory` command: its groups, one file each."""

from __future__ import annotations

from logging import WARNING

import click

from inventory.commands import changes, fleet, jobs, products, reindex, search, up, webpages
from inventory.ops import log_config


@click.group()
def main() -> None:
    """Ask for a URL, get its headers, cookies and page source at once."""
    log_config.configure(WARNING, "stderr")


COMMANDS = (
    up.up,
    webpages.get,
    webpages.collect,
    search.search,
    changes.diff,
    fleet.changes,
    jobs.import_,
    jobs.jobs,
    jobs.job,
    products.products,
    reindex.reindex,
)

for command in COMMANDS:
    main.add_command(command)

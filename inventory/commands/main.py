"""The `inventory` command: its groups, one file each."""

from __future__ import annotations

from logging import WARNING

import click

from inventory.commands import changes, jobs, products, search, up, webpages
from inventory.ops import log_config


@click.group()
def main() -> None:
    """Ask for a URL, get its headers, cookies and page source at once."""
    log_config.configure(WARNING, "stderr")


for command in (
    up.up, webpages.get, webpages.collect, search.search, changes.diff, jobs.import_, jobs.jobs, jobs.job, products.products
):  # fmt: skip
    main.add_command(command)

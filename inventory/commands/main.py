"""The `inventory` command: its groups, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from logging import WARNING

import click

from inventory.ops import log_config

COMMANDS: Mapping[str, str] = {
    "up": "up",
    "get": "webpages",
    "collect": "webpages",
    "check": "check",
    "search": "search",
    "diff": "changes",
    "changes": "fleet",
    "archive": "archive",
    "import": "jobs",
    "jobs": "jobs",
    "job": "jobs",
    "products": "products",
    "watch": "watches",
    "webhook": "webhooks",
    "keys": "keys",
    "audit": "audit",
    "reindex": "reindex",
    "backup": "backups",
    "restore": "backups",
    "doctor": "doctor",
}
"""The commands, and the file of each, where it is the function of its name, or of that with a `_` if Python has the word."""


class Commands(click.Group):
    """Imports the file of a command only when it is called, because all of them together take a second."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"inventory.commands.{COMMANDS[cmd_name]}")
        command: click.Command = vars(module).get(cmd_name) or vars(module)[f"{cmd_name}_"]
        return command


@click.group(cls=Commands)
def main() -> None:
    """Ask for a URL, get its headers, cookies and page source at once."""
    log_config.configure(WARNING, "stderr")

"""A store and an upstream for commands, and how one is run."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from inventory.commands.main import main
from tests.end_to_end.stack import free_port


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "INVENTORY_DATA_DIR": str(tmp_path),
        "INVENTORY_REDIS_URL": f"redis://127.0.0.1:{free_port()}/0",
        "INVENTORY_ALLOW_NETWORKS": "127.0.0.1/32",
        "COLUMNS": "200",
    }


def run(environment: dict[str, str], *words: str) -> Result:
    """The result of a command in this environment."""
    return CliRunner().invoke(main, words, env=environment)

"""The parser is made from the tables that luqum ships, on every Python."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import luqum


def test_making_the_parser_says_nothing_and_writes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-B", "-c", "import inventory.observations.queries.luqum_parser"],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )

    assert (done.stdout, done.stderr) == ("", "")
    assert not (Path(luqum.__file__).parent / "parser.out").exists()

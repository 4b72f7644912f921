"""Public corpora, as facts; see README.md beside this."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def read(name: str) -> Any:
    """The facts of a file."""
    return json.loads((Path(__file__).parent / f"{name}.json").read_bytes())

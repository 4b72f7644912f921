"""The policies that come with the inventory: a YAML file each, read on first use."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path

from inventory.policy.model import Policy
from inventory.policy.reading import read

FOLDER = Path(__file__).parent / "builtin"
NAMES = ("baseline", "cookies", "observatory", "privacy")


@cache
def builtin() -> Mapping[str, Policy]:
    """The policies by their ids."""
    found = [read(FOLDER.joinpath(f"{name}.yaml").read_text("utf-8")) for name in NAMES]
    return {each.id: each for each in found}

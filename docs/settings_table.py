"""The README's table of settings, made from their declarations: `make settings` writes it."""

from __future__ import annotations

import re
import sys
from dataclasses import fields
from pathlib import Path
from typing import Any

from inventory.config import DECLARATIONS, Settings
from inventory.setting_types import PerHost

TABLE = re.compile(r"(?<=<!-- settings -->\n).*?(?=<!-- end of settings -->)", re.DOTALL)


def table() -> str:
    """A line of Markdown for each setting."""
    lines = ["| `INVENTORY_…` | default | takes | meaning |", "| --- | --- | --- | --- |"]
    for setting in fields(Settings):
        declaration = DECLARATIONS[setting.name]
        meaning = re.sub(r"docs/[a-z-]+\.md", r"[\g<0>](\g<0>)", declaration.meaning)
        default = declaration.shown or _shown(setting.default)
        lines.append(f"| `{setting.name.upper()}` | {default} | {declaration.values.takes} | {meaning} |")
    return "\n".join([*lines, ""])


def _shown(default: Any) -> str:
    if isinstance(default, PerHost):
        default = default.default
    if isinstance(default, tuple):
        default = ",".join(default)
    if isinstance(default, float):
        default = f"{default:g}"
    return f"`{default}`" if default != "" else "none"


if __name__ == "__main__":
    readme = Path(sys.argv[1])
    readme.write_text(TABLE.sub(lambda _: table(), readme.read_text("utf-8")), "utf-8")

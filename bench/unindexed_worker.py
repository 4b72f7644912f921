"""Workers as `python -m workers collect`, that find no statements: what an import took before there were observations."""

from __future__ import annotations

from functools import cache

from inventory import wiring
from inventory.config import Settings
from inventory.services import Services
from workers import __main__, tasks


@cache
def services() -> Services:
    """The services of a process, but for the observer."""
    return wiring.build(Settings.read(), observe=lambda _outcome: None)


if __name__ == "__main__":
    tasks.services = services
    __main__.main(["collect"])

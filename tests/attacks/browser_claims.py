"""What is claimed of the service, and whether it holds."""
# ruff: noqa: T201 - a part of a program that prints

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Claims:
    """What was to hold, and whether it did."""

    broken: list[str] = field(default_factory=list)

    def add(self, name: str, holds: bool, why: object = "") -> None:
        """One more."""
        print(f"{'holds ' if holds else 'BROKEN'}  {name}{'' if holds else f': {why}'}", flush=True)
        if not holds:
            self.broken.append(name)

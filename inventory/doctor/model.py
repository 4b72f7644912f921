"""What is found out about an installation: sentences, each with how good it is and, where it is not good, a way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Status(StrEnum):
    """How good something is, from good to bad."""

    OK = "ok"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One sentence about one part; `advice` says what to do where something is not ok."""

    check: str
    status: Status
    text: str
    advice: str = ""


Check = Callable[[], Iterable[Finding]]
"""Looks at one part. It may raise an error of ours, which is a problem, and is given up when it takes too long."""


class StoreCheck(Protocol):
    """Looks at a store without changing its schema."""

    def findings(self) -> Iterable[Finding]:
        """What is to be said of it."""

    def is_current(self) -> bool:
        """Whether it answers and is of this program's schema, so that to use it changes nothing."""


def ok(check: str, text: str) -> Finding:
    """Something that is as it should be."""
    return Finding(check=check, status=Status.OK, text=text)


def warning(check: str, text: str, advice: str) -> Finding:
    """Something that works and should be looked at."""
    return Finding(check=check, status=Status.WARNING, text=text, advice=advice)


def problem(check: str, text: str, advice: str) -> Finding:
    """Something that does not work."""
    return Finding(check=check, status=Status.PROBLEM, text=text, advice=advice)


def worst(findings: Iterable[Finding]) -> Status:
    """The worst status among findings; ok if there is none."""
    order = list(Status)
    return max((each.status for each in findings), key=order.index, default=Status.OK)

"""What a view knows of the request that it answers, and what quotas and the audit ask for."""

from __future__ import annotations

from collections.abc import Sequence

from flask import g


def note(*, begun: bool) -> None:
    """Say whether a collection was begun, or only found what was begun or stored before."""
    g.work_begun = begun


def begun() -> bool | None:
    """What the view said; None if it said nothing, because it collects nothing."""
    noted: bool | None = g.get("work_begun")
    return noted


def note_parts(*, lookups: int, problems: Sequence[tuple[int, str]]) -> None:
    """Say how many lookups a request was that asked for several things, and the statuses and codes of what failed of it."""
    g.work_lookups, g.work_problems = lookups, problems


def note_problem(status: int, code: str) -> None:
    """Say which problem is answered, in whatever form: as JSON, as a page, or by leading to the login."""
    g.work_problem = status, code


def problem() -> tuple[int, str] | None:
    """Status and code of the problem that is answered; None if there is none."""
    noted: tuple[int, str] | None = g.get("work_problem")
    return noted


def lookups() -> int:
    """How many lookups the request counts as if it counts as one."""
    noted: int = g.get("work_lookups", 1)
    return max(1, noted)


def part_problems() -> Sequence[tuple[int, str]]:
    """Statuses and codes of parts that failed of a request that was answered all the same."""
    noted: Sequence[tuple[int, str]] = g.get("work_problems", ())
    return noted

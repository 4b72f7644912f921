"""Whether the request that is answered began a collection: what a view knows and the counting of quotas asks."""

from __future__ import annotations

from flask import g


def note(*, begun: bool) -> None:
    """Say whether a collection was begun, or only found what was begun or stored before."""
    g.work_begun = begun


def begun() -> bool | None:
    """What the view said; None if it said nothing, because it collects nothing."""
    noted: bool | None = g.get("work_begun")
    return noted

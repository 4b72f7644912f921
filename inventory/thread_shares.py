"""How the threads of an API process are shared out, so that lookups that do not wait always have some."""

from __future__ import annotations

from dataclasses import dataclass

MAX_UPLOADS = 4
"""Files that one API process receives at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadShares:
    """How many threads of an API process each may take, of those that neither collecting inline nor streaming takes."""

    uploads: int
    waiting_uploads: int
    searches: int
    waiting_lookups: int


def share_threads(spare: int) -> ThreadShares:
    """Share out the spare threads; an eighth is always left to lookups that do not wait."""
    slots = min(MAX_UPLOADS, spare // 4)  # more uploads at once would only share the same disk
    uploads = max(1, slots)
    searches = max(2, spare // 8)  # each may take seconds of a processor
    lookups = spare - uploads - slots - searches - max(1, spare // 8)
    return ThreadShares(uploads=uploads, waiting_uploads=slots, searches=searches, waiting_lookups=max(0, lookups))

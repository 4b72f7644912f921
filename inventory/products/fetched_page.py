"""A page of a feed as it came, and what it changes in the progress of the feed: no network, no store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

from inventory.errors import SourceFailure
from inventory.products.progress import MAX_MISSING, FeedProgress, PullStats

NO_FIELDS: Mapping[str, int] = MappingProxyType({})
MAX_ITEMS = 1_000
"""Items that one step takes. A page may have a million, and a step ends soon."""


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page as it came, or could not be fetched, with what that took; or a part of it, from the item `first` on.

    `url` is as anybody may see it, `next` is the page after it. `failure` says why the page could not be read, or else why
    the feed ends here too early. After a part that is not the last one, `next` is the same page, and `taken` says how many
    of its items came so far. `anchor`, `stale`, `told` and `checksum` are what the guard of the feed goes on with.
    """

    url: str
    at: datetime
    items: tuple[Any, ...] | None
    next: str | None
    failure: SourceFailure | None
    anchor: str | None
    stats: PullStats
    first: int = 0
    taken: int = 0
    stale: int = 0
    told: int = 0
    checksum: int = 0

    @property
    def gap(self) -> str | None:
        """What is missing for what failed with this page; None if nothing did."""
        if self.failure is None:
            return None
        if self.items is not None:
            return "Everything after this page is missing."
        return "This page is missing." if self.next is not None else "This page and everything after it are missing."

    def truncated(self, room: int, failure: SourceFailure) -> FetchedPage:
        """The page, or as much of it as there are row numbers for; there the feed ends with a failure, and its row."""
        if self.items is None or len(self.items) < room:
            return self
        return replace(self, items=self.items[: room - 1], next=None, taken=0, failure=failure)


def portions(page: FetchedPage, url: str, taken: int) -> Iterator[FetchedPage]:
    """A page in portions of up to `MAX_ITEMS`, from the item `taken` on; the first one has the stats of all."""
    items, stats = page.items, page.stats
    if items is None:
        yield page
        return
    while len(items) - taken > MAX_ITEMS:
        after = taken + MAX_ITEMS
        yield replace(page, items=items[taken:after], next=url, failure=None, stats=stats, first=taken, taken=after)
        taken, stats = after, PullStats()
    yield replace(page, items=items[taken:], stats=stats, first=taken)


def progress_after(
    progress: FeedProgress, page: FetchedPage, *, products: int, rejected: int, unfit: Mapping[str, int] = NO_FIELDS
) -> FeedProgress:
    """How far a feed has come with a page, of whose items so many became products or were rejected."""
    has_gap = page.gap is not None
    fields = {**progress.unfit, **unfit}
    return replace(
        progress,
        url=page.next,
        row=progress.row + len(page.items or ()) + has_gap,
        taken=page.taken,
        pages=progress.pages + (page.taken == 0),
        products=progress.products + products,
        rejected=progress.rejected + rejected,
        attempts=0,
        failed_in_a_row=progress.failed_in_a_row + 1 if page.items is None else 0,
        anchor=None if page.next is None else page.anchor,  # a URL with its key is kept no longer than it takes
        gaps=progress.gaps + has_gap,
        missing=(*progress.missing, *([f"{page.url}: {page.gap}"] if has_gap else []))[:MAX_MISSING],
        stats=progress.stats + page.stats,
        stale=page.stale,
        told=page.told,
        checksum=page.checksum,
        unfit={name: progress.unfit.get(name, 0) + unfit.get(name, 0) for name in fields},
    )

"""From page to page: only on the feed's own upstream, never in a circle, and not for ever."""

from __future__ import annotations

from inventory import urls
from inventory.errors import InvalidUrl, SourceFailure
from inventory.products.feeds import Feed
from inventory.products.pages import without_keys
from inventory.products.paginators import Page

MAX_PAGES = 10_000
LOOP, ASTRAY, TOO_MANY = "paging_loop", "paging_astray", "too_many_pages"


class PageLoopGuard:
    """The pages that a feed has led to; those that this worker pulled are all remembered.

    Of those before, only the `anchor` is. It moves to the current page whenever the number of pages is a power of two. So a
    circle comes back to it sooner or later (Brent's algorithm).
    """

    def __init__(self, feed: Feed, pages: int, anchor: str | None) -> None:
        self._feed = feed
        self._pulled: set[str] = set()
        self.pages = pages
        self.anchor = anchor

    def add(self, url: str) -> None:
        self.pages += 1
        self._pulled.add(url)
        if self.pages & (self.pages - 1) == 0:
            self.anchor = url

    def next(self, page: Page) -> str | None:
        """The URL of the next page, None after the last; `SourceFailure` if it must not be pulled."""
        reference = self._feed.paginator.next(page)
        return None if reference is None else self._checked(page.url, reference)

    def skip(self, url: str, links: tuple[str, ...] = ()) -> str | None:
        """The same for a page that gave at most its `Link` headers; None if they do not tell."""
        paginator = self._feed.paginator
        reference = paginator.skip(url) or paginator.next(Page(url, None, 0, links))
        return None if reference is None else self._checked(url, reference)

    def _checked(self, url: str, reference: str) -> str:
        here = urls.parse(url)
        try:
            there = urls.join(here, reference)
        except InvalidUrl as error:
            raise SourceFailure(ASTRAY, "What is named as the next page is not a URL", permanent=True) from error
        if (there.scheme, there.authority) != (here.scheme, here.authority):
            raise SourceFailure(ASTRAY, f"The next page is not at {here.authority}", permanent=True)
        if there.href in self._pulled or there.href in (self.anchor, here.href):
            raise SourceFailure(LOOP, f"The next page was pulled before: {without_keys(there.href)}", permanent=True)
        if self.pages >= MAX_PAGES:
            raise SourceFailure(TOO_MANY, f"There are more than {MAX_PAGES:,} pages", permanent=True)
        return there.href

"""From page to page: nowhere but on the feed's own upstream, never in a circle, and not for ever."""

from __future__ import annotations

from inventory import urls
from inventory.errors import InvalidUrl, SourceFailure
from inventory.products.feeds import Feed
from inventory.products.pages import without_keys
from inventory.products.paginators import Page

MOST_PAGES = 10_000
LOOP, ASTRAY, TOO_MANY = "paging_loop", "paging_astray", "too_many_pages"


class PageLoopGuard:
    """The pages that a feed has led to. Those of this worker are all remembered.

    Of those before only the `anchor`, which is moved to the page at hand whenever their number is a power of two: a
    circle comes back to it sooner or later.
    """

    def __init__(self, feed: Feed, pages: int, anchor: str | None) -> None:
        self._feed = feed
        self._seen: set[str] = set()
        self.pages = pages
        self.anchor = anchor

    def add(self, url: str) -> None:
        """Note a page that was pulled."""
        self.pages += 1
        self._seen.add(url)
        if self.pages & (self.pages - 1) == 0:
            self.anchor = url

    def behind(self, page: Page) -> str | None:
        """The URL of the next page, None behind the last; `SourceFailure` where the way leads nowhere."""
        reference = self._feed.paginator.next(page)
        return None if reference is None else self._checked(page.url, reference)

    def beyond(self, url: str, links: tuple[str, ...] = ()) -> str | None:
        """The same for a page of which only the `Link` headers could be read, if that; None where nobody knows."""
        paginator = self._feed.paginator
        reference = paginator.beyond(url) or paginator.next(Page(url, None, 0, links))
        return None if reference is None else self._checked(url, reference)

    def _checked(self, url: str, reference: str) -> str:
        here = urls.parse(url)
        try:
            there = urls.join(here, reference)
        except InvalidUrl as error:
            raise SourceFailure(ASTRAY, "What is named as the next page is not a URL", permanent=True) from error
        if (there.scheme, there.authority) != (here.scheme, here.authority):
            raise SourceFailure(ASTRAY, f"The next page is not at {here.authority}", permanent=True)
        if there.href in self._seen or there.href in (self.anchor, here.href):
            raise SourceFailure(LOOP, f"The next page was pulled before: {without_keys(there.href)}", permanent=True)
        if self.pages >= MOST_PAGES:
            raise SourceFailure(TOO_MANY, f"There are more than {MOST_PAGES:,} pages", permanent=True)
        return there.href

"""From page to page: only on the feed's own upstream, never in a circle, not without anything new, and not for ever."""

from __future__ import annotations

from dataclasses import replace

from inventory import urls
from inventory.errors import InvalidUrl, SourceFailure, UrlTooLong
from inventory.products.feeds import Feed
from inventory.products.paginators import ASTRAY, Page

MAX_PAGES = 10_000
MAX_STALE = 2
"""Pages in a row without a new item before the feed ends: an API may repeat one when something was added meanwhile."""
MAX_IDENTITIES = 200_000
"""Items that are remembered, which take 15 MB. Then the memory starts again, and finds a circle one round later."""
CHECKSUMS = 2**62
LOOP, TOO_MANY = "paging_loop", "too_many_pages"


class PageLoopGuard:
    """The pages that a feed has led to; those that this worker pulled, and their items, are remembered.

    Of the pages before, only the `anchor` is. It moves to the current page whenever the number of pages is a power of two.
    So a circle comes back to it sooner or later (Brent's algorithm). `stale` counts the pages in a row without a new item,
    `told` is the largest number of pages or items that a page has told. `checksum` is that of the last page's items, by
    which the next worker knows the page if it comes again.
    """

    def __init__(
        self, feed: Feed, pages: int, anchor: str | None, *, stale: int = 0, told: int = 0, checksum: int = 0
    ) -> None:
        self._feed = feed
        self._pulled: set[str] = set()
        self._identities: set[int] = set()
        self.pages, self.anchor = pages, anchor
        self.stale, self.told, self.checksum = stale, told, checksum

    def add(self, url: str) -> None:
        self.pages += 1
        self._pulled.add(url)
        if self.pages & (self.pages - 1) == 0:
            self.anchor = url

    def next(self, page: Page) -> str | None:
        """The URL of the page after one that was read, None after the last; `SourceFailure` if it must not be pulled."""
        paginator = self._feed.paginator
        self.told = max(self.told, paginator.told(page.content))
        is_new = self._is_new(page)
        self.stale = 0 if is_new else self.stale + 1
        reference = paginator.next(replace(page, told=self.told, is_new=is_new))
        if reference is None:
            return None
        if self.stale >= MAX_STALE:
            raise SourceFailure(
                LOOP, f"{self.stale} pages in a row had no item that was not on a page before", permanent=True
            )
        return self._checked(page.url, reference)

    def skip(self, url: str, links: tuple[str, ...] = ()) -> str | None:
        """The same for a page that gave at most its `Link` headers; None if they do not tell."""
        paginator = self._feed.paginator
        reference = paginator.skip(url) or paginator.next(Page(url, None, 0, links))
        return None if reference is None else self._checked(url, reference)

    def is_promised(self, url: str) -> bool | None:
        """Whether there must be a page at a URL; False beyond what pages have told, None if none has told."""
        return self._feed.paginator.is_promised(url, self.told)

    def _is_new(self, page: Page) -> bool:
        if page.identities is None:
            return page.items > 0
        checksum = sum(page.identities) % CHECKSUMS
        is_new = checksum != self.checksum and not page.identities <= self._identities
        self.checksum = checksum
        if len(self._identities) + len(page.identities) > MAX_IDENTITIES:
            self._identities.clear()
        self._identities |= page.identities
        return is_new

    def _checked(self, url: str, reference: str) -> str:
        here = urls.parse(url)
        try:
            there = urls.join(here, reference)
        except UrlTooLong as error:
            told = f"The URL of the next page has more than {urls.MAX_CHARACTERS:,} characters"
            raise SourceFailure(ASTRAY, told, permanent=True) from error
        except InvalidUrl as error:
            raise SourceFailure(ASTRAY, "What is named as the next page is not a URL", permanent=True) from error
        if here.scheme == "https" and there.scheme == "http" and there.authority == here.authority == there.host:
            # An API behind a proxy that ends TLS calls itself so. The key of the feed stays on https.
            there = urls.parse("https" + there.href.removeprefix("http"))
        if (there.scheme, there.authority) != (here.scheme, here.authority):
            raise SourceFailure(ASTRAY, f"The next page is not at {here.authority}", permanent=True)
        if there.href in self._pulled or there.href in (self.anchor, here.href):
            shown = self._feed.mask.url(there.href)
            raise SourceFailure(LOOP, f"The next page was pulled before: {shown}", permanent=True)
        if self.pages >= MAX_PAGES:
            raise SourceFailure(TOO_MANY, f"There are more than {MAX_PAGES:,} pages", permanent=True)
        return there.href

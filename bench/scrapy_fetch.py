"""The reference of an import: Scrapy fetching pages that it throws away.

`python -m bench.scrapy_fetch URL COUNT AT_ONCE` prints how many it fetched a second, without its own start and end. Cookies
are off: that is quicker, and Scrapy would ask the internet for the list of public suffixes.
"""

from __future__ import annotations

import sys
import time
from collections.abc import AsyncIterator
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess


class Pages(scrapy.Spider):
    """Fetches numbered pages."""

    name = "pages"

    def __init__(self, url: str, count: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.urls = [f"{url}{number}" for number in range(count)]
        self.fetched = 0

    async def start(self) -> AsyncIterator[scrapy.Request]:
        self.began = time.perf_counter()
        for url in self.urls:
            yield scrapy.Request(url)

    def parse(self, response: Any, **kwargs: Any) -> None:
        self.fetched += len(response.body) > 1_000
        self.ended = time.perf_counter()


def main() -> None:
    url, count, at_once = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    crawl = CrawlerProcess(
        {
            "CONCURRENT_REQUESTS": at_once,
            "CONCURRENT_REQUESTS_PER_DOMAIN": at_once,
            "DOWNLOAD_DELAY": 0,
            "COOKIES_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "LOG_LEVEL": "WARNING",
        }
    )
    crawler = crawl.create_crawler(Pages)
    crawl.crawl(crawler, url=url, count=count)
    crawl.start()
    spider: Any = crawler.spider
    if spider.fetched != count:
        raise RuntimeError(f"only {spider.fetched} pages were fetched whole")
    sys.stdout.write(f"{count / (spider.ended - spider.began)}\n")


if __name__ == "__main__":
    main()

"""The reference of a collection: `requests` in a pool of threads that fetches pages and throws them away.

`python -m bench.fetch_and_drop URL FIRST COUNT THREADS` prints how many it fetched a second.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from threading import local

import requests

mine = local()


def fetch(url: str) -> int:
    """The size of a page, fetched over this thread's kept connection."""
    if not hasattr(mine, "session"):
        mine.session = requests.Session()
    return len(mine.session.get(url, timeout=30).content)


def main() -> None:
    url, first, count, threads = sys.argv[1], *map(int, sys.argv[2:])
    urls = [f"{url}{number}" for number in range(first, first + count)]
    began = time.perf_counter()
    with ThreadPoolExecutor(threads) as pool:
        if min(pool.map(fetch, urls)) < 1_000:
            raise RuntimeError("a page was not fetched whole")
    sys.stdout.write(f"{count / (time.perf_counter() - began)}\n")


if __name__ == "__main__":
    main()

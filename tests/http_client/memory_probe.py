"""`python -m tests.http_client.memory_probe URL`: fetch once in a fresh process and print by how much its memory peaked."""

from __future__ import annotations

import ipaddress
import json
import resource
import sys
import time
from typing import Any

from inventory import urls
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport


def probe(url: str, warm_up: str) -> dict[str, Any]:
    """Status, truncation and size of the body, megabytes that the peak grew by, and seconds that it took."""
    transport = RequestsTransport(Guard([ipaddress.ip_network("127.0.0.1/32")]))
    fetcher = Fetcher(transport, deadline=60, body_limit=4 * 1024 * 1024)
    fetcher.fetch(urls.parse(warm_up))
    before, begun = _peak(), time.monotonic()
    fetched = fetcher.fetch(urls.parse(url))
    return {
        "status": fetched.final.head.status,
        "truncated": fetched.body.truncated,
        "size": len(fetched.body.content),
        "grown": _peak() - before,
        "seconds": time.monotonic() - begun,
    }


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    sys.stdout.write(json.dumps(probe(*sys.argv[1:3])))

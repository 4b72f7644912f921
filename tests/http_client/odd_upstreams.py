"""Rows of the torture table that no script can make: a name that is never resolved, and bad certificates."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import Any

import trustme

from tests.upstreams.torture import Torture

OddUpstream = Callable[[], AbstractContextManager[tuple[str, dict[str, Any]]]]
"""A URL to fetch, and arguments for the fetcher."""


@contextmanager
def black_hole() -> Iterator[tuple[str, dict[str, Any]]]:
    """A name whose lookup does not end."""
    opened = Event()

    def resolve(host: str) -> list[str]:
        opened.wait(30)
        return []

    try:
        yield "http://black.hole.test/", {"resolve": resolve}
    finally:
        opened.set()


def certified(host: str = "page.test", *, days: int = 9, by_another: bool = False) -> OddUpstream:
    """`https://page.test/page`, certified for `host` until so many days from now, by the trusted authority or another."""

    @contextmanager
    def upstream_and_arguments() -> Iterator[tuple[str, dict[str, Any]]]:
        trusted, issuing = trustme.CA(), trustme.CA()
        now = datetime.now(UTC)
        certificate = (issuing if by_another else trusted).issue_cert(
            host, not_before=now - timedelta(days=20), not_after=now + timedelta(days=days)
        )
        serving, trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
        certificate.configure_cert(serving)
        trusted.configure_trust(trusting)
        with Torture(context=serving) as upstream:
            yield upstream.url("page", "page.test"), {"tls": trusting, "resolve": lambda name: ["127.0.0.1"]}

    return upstream_and_arguments

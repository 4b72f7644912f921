"""A page that changes from collection to collection."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from flask.testing import FlaskClient

from inventory.records.source import Collected
from tests.fakes import FakeClock, FakeWeb, content
from tests.webpages.actions import URL


def cookie(**changes: Any) -> dict[str, Any]:
    """A cookie as records have it."""
    usual = {
        "name": "sid",
        "value": "1",
        "domain": "example.test",
        "host_only": True,
        "path": "/",
        "expires": None,
        "max_age": None,
        "secure": True,
        "http_only": False,
        "same_site": "Lax",
        "partitioned": False,
        "set_by": URL,
        "accepted": True,
        "reason": None,
        "raw": None,
    }
    return usual | changes


class Site:
    """A page that changes; each collection is an hour after the one before, the first at 12:00:00.123."""

    def __init__(self, client: FlaskClient, web: FakeWeb, clock: FakeClock) -> None:
        self._client, self._web, self._clock = client, web, clock

    def collect(
        self,
        source: str = "<p>one\n",
        *,
        url: str = URL,
        same: bool = False,
        media_type: str | None = "text/html",
        **changes: Any,
    ) -> str:
        """The id of a new snapshot; with `same` the page was confirmed by a 304, without a media type it is no text."""
        seen, name = content(url, **changes), sha256(source.encode()).hexdigest()
        text = {} if media_type else {"charset": None, "encoding": "base64"}
        seen["body"] |= {"sha256": name, "size": len(source), "media_type": media_type, **text}
        self._web.pages[url] = Collected(seen, None if same else source.encode(), unchanged=same)
        if same:
            self._client.get("/api/v1/metadata", query_string={"url": url, "max_age": 0})
            services = self._client.application.extensions["inventory"]
            assert services.collector.collect_due(slots=1, stopping=lambda: False) == 1
        else:
            assert self._client.post("/api/v1/metadata", json={"url": url}).status_code in (200, 201)
        page = self._client.get("/api/v1/metadata/snapshots", query_string={"url": url, "limit": 1}).json
        self._clock.forward(3600)
        return str(page["snapshots"][0]["id"])

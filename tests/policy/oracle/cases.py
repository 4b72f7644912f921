"""Recorded responses that each test of the MDN HTTP Observatory looks at, and what the inventory stores of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inventory import urls
from inventory.http_client.body import Body
from inventory.http_client.cookies import parse
from inventory.http_client.decoding import examine
from inventory.http_client.fetched import Fetched, Hop, Timing
from inventory.http_client.head import Head
from inventory.policy.judgement import Looked
from inventory.records.model import Target
from inventory.webpages.content import content_of

Line = tuple[str, str]
HOST = "shop.example"
HTTP, HTTPS = f"http://{HOST}/", f"https://{HOST}/"
HTML = ("Content-Type", "text/html; charset=utf-8")
AT = datetime(2026, 1, 31, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One response, as it was received."""

    url: str
    lines: Sequence[Line] = ()
    status: int = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a URL led to, the final response last; and the answer to a preflight request, which no snapshot has."""

    name: str
    responses: Sequence[Response]
    body: str = "<!doctype html><title>Shop</title>"
    preflight: Sequence[Line] | None = None

    @property
    def recorded(self) -> Mapping[str, Any]:
        """What the Observatory is given: an https URL leads where the http URL leads after it became one."""
        hops = [{"url": each.url, "status": each.status, "lines": each.lines} for each in self.responses]
        encrypted = [each for each in hops if str(each["url"]).startswith("https:")]
        return {
            "name": self.name,
            "hostname": HOST,
            "http": hops if self.responses[0].url.startswith("http:") else None,
            "https": encrypted if hops[-1] in encrypted else None,
            "body": self.body,
            "cors": self.preflight,
        }

    @property
    def looked(self) -> Looked:
        """What a policy is given: the snapshot that a collection would have stored."""
        *redirects, final = [_hop(each) for each in self.responses]
        body = self.body.encode()
        fetched = Fetched(tuple(redirects), final, Body(body), (), Timing(1, 1, 1, 1, 1, 1))
        content = content_of(fetched, body, examine(body, ", ".join(final.head.values("content-type"))))
        return Looked(target=Target("webpage", self.responses[0].url, HOST), content=content, collected_at=AT, at=AT)


def _hop(response: Response) -> Hop:
    url = urls.parse(response.url)
    head = Head(response.status, "OK", "1.1", tuple(response.lines), ())
    cookies = tuple(parse(value, url) for name, value in response.lines if name.lower() == "set-cookie")
    return Hop(url, head, cookies, "192.0.2.1", None)

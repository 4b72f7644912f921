"""An app that answers nobody without a key, and what callers with keys ask of it."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from io import BytesIO
from itertools import count
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.records.model import Attachment
from inventory.records.source import Collected
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb, content

API = "/api/v1"
Headers = dict[str, str]


class Guarded:
    """The app of some services, with the key of an admin."""

    def __init__(self, services: Services, web: FakeWeb, clock: FakeClock) -> None:
        self.services, self._web, self._clock = services, web, clock
        self.app: Flask = create_app(services=services)
        self.client: FlaskClient = self.app.test_client()
        self._names = count()
        self.admin = self.key("admin")

    def key(self, *scopes: str, **more: Any) -> Headers:
        """The header of a new key."""
        _, text = self.services.keys.create(f"key {next(self._names)}", scopes, **more)
        return {"X-API-Key": text}

    def ask(self, key: Headers, path: str, *, method: str = "GET", status: int = 200, **how: Any) -> Any:
        """The document that a request is answered with; its status is expected."""
        response = self.send(key, path, method=method, **how)
        assert response.status_code == status, response.text
        return response.json

    def send(self, key: Headers, path: str, *, method: str = "GET", **how: Any) -> TestResponse:
        """The answer to a request below the API's path."""
        return self.client.open(f"{API}{path}", method=method, headers=key | how.pop("headers", {}), **how)

    def refused(self, key: Headers, path: str, *, method: str = "GET", needed: str | None = None, **how: Any) -> None:
        """Expect that a request is out of scope, and that the answer names the scope that it needs."""
        problem = self.ask(key, path, method=method, status=403, **how)
        assert problem["code"] == "out_of_scope"
        assert needed is None or f"`{needed}`" in problem["detail"]

    def collect(
        self,
        url: str,
        *,
        server: str = "nginx",
        body: bytes = b"",
        tags: Sequence[str] = (),
        attachments: tuple[Attachment, ...] = (),
        tls: dict[str, Any] | None = None,
    ) -> str:
        """Collect a URL, which serves this, and label it; the id of its record."""
        source = body or f"<p>{url} {server}</p>".encode()
        seen = content(url, headers=[{"name": "Server", "value": server}])
        seen["body"] |= {"sha256": sha256(source).hexdigest(), "size": len(source)}
        seen["response"] |= {"tls": tls}
        self._web.pages[url] = Collected(seen, source, attachments=attachments)
        self._clock.forward(1)
        response = self.send(self.admin, "/metadata", method="POST", json={"url": url})
        assert response.status_code in (200, 201), response.text
        if tags:
            self.ask(self.admin, "/metadata/tags", method="PUT", json={"url": url, "tags": list(tags)})
        return str(response.json["id"])


def upload(
    guarded: Guarded,
    key: Headers,
    *urls: str,
    status: int = 202,
    kind: str = "urls",
    headers: Headers | None = None,
    **query: Any,
) -> Any:
    """Import a file with these lines: the document of its job, or the problem."""
    file = BytesIO("".join(f"{url}\n" for url in urls).encode()), "urls.txt"
    query = {"kind": kind, **query}
    how = {"query_string": query, "data": {"file": file}, "headers": headers or {}}
    return guarded.ask(key, "/imports", method="POST", status=status, **how)

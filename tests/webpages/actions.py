"""What tests of webpages do: look one up, and be a worker."""

from __future__ import annotations

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory.services import Services

URL = "http://example.test/page"
PAGE = f"<p>{URL}</p>".encode()


def look_up(
    client: FlaskClient, url: str = URL, *, prefer: str = "", if_none_match: str = "", **query: object
) -> TestResponse:
    headers = {"Prefer": prefer, "If-None-Match": if_none_match}
    return client.get(
        "/api/v1/metadata",
        query_string={"url": url, **query},
        headers={name: value for name, value in headers.items() if value},
    )


def work(services: Services) -> int:
    return services.collector.collect_due(slots=4, stopping=lambda: False)

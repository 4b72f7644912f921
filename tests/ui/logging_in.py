"""What tests of pages do with keys: make one, and log in with it as a browser does."""

from __future__ import annotations

import re
from itertools import count
from typing import Any

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory.services import Services

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8", "Sec-Fetch-Site": "same-origin"}
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
_NUMBERS = count()


def make_key(services: Services, *scopes: str, name: str | None = None, **more: Any) -> str:
    """The text of a new key with these scopes, or with `read` alone."""
    _, text = services.keys.create(name or f"key {next(_NUMBERS)}", scopes or ("read",), **more)
    return text


def revoke(services: Services, name: str) -> None:
    """End the key of this name."""
    [key] = [each for each in services.keys.listing(limit=100, after=None) if each.name == name]
    services.keys.revoke(key.id)


def log_in(client: FlaskClient, key: str, **form: str) -> TestResponse:
    """Send the form of the login, as its page has it."""
    return client.post("/login", data={"key": key, "csrf_token": token_of(client)} | form, headers=BROWSER)


def token_of(client: FlaskClient) -> str:
    """The token that our pages give to this browser."""
    found = TOKEN.search(client.get("/login").text)
    assert found is not None
    return found[1]

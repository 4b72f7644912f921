"""What tests of GraphQL do: ask, and compare with what the API answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient

Ask = Callable[..., Any]
"""Sends a query, with variables as keywords; the document that is answered, with this status."""


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    def asked(query: str, *, status: int = 200, **variables: Any) -> Any:
        response = client.post("/graphql", json={"query": query, "variables": variables})
        assert response.status_code == status, response.text[:1_000]
        return response.json

    return asked


@pytest.fixture
def api(client: FlaskClient) -> Ask:
    """The document of a route of the API."""

    def asked(path: str, *, status: int = 200, **query: Any) -> Any:
        response = client.get(f"/api/v1{path}", query_string=query)
        assert response.status_code == status, response.text[:1_000]
        return response.json

    return asked

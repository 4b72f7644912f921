"""The OpenAPI document lists every route, status and code, with examples, and is true."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from inventory import create_app
from inventory.errors import STATUS
from inventory.services import Services
from tests.webpages.actions import URL

OF_PAGES = "inventory.ui."
"""Where the views of pages are, which are no part of the API."""


@pytest.fixture
def app(services: Services) -> Flask:
    return create_app(services=services)


@pytest.fixture
def document(app: Flask) -> dict[str, Any]:
    document = app.test_client().get("/openapi.json").json
    assert isinstance(document, dict)
    return document


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in {"get", "post", "put", "delete", "patch"}
    ]


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"


def test_answers_that_belong_to_no_operation_are_named(document: dict[str, Any]) -> None:
    description = document["info"]["description"]

    for code in (
        "not_found", "method_not_allowed", "invalid_request", "request_too_large", "url_too_long", "request_timeout",
        "unknown_host", "foreign_origin",
    ):  # fmt: skip
        assert f"`{code}`" in description


def test_every_route_is_documented(app: Flask, document: dict[str, Any]) -> None:
    routes = {
        rule.rule.replace("<path:", "<").replace("<", "{").replace(">", "}")
        for rule in app.url_map.iter_rules()
        if not app.view_functions[rule.endpoint].__module__.startswith(OF_PAGES)
    }

    assert set(document["paths"]) == routes - {"/openapi.json"}
    assert "/jobs" not in routes


def test_every_operation_says_what_it_does_and_every_answer_has_an_example(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation.get("summary"), name
        for status, response in operation["responses"].items():
            assert response["description"], (name, status)
            for media in response.get("content", {}).values():
                binary = media.get("schema", {}).get("format") == "binary"
                assert binary or "example" in media or "examples" in media, (name, status)


def test_every_code_of_the_error_table_is_documented(document: dict[str, Any]) -> None:
    documented = {
        code
        for _, operation in operations(document)
        for response in operation["responses"].values()
        for code in response.get("content", {}).get("application/problem+json", {}).get("examples", {})
    }

    assert {code for _, code in STATUS.values()} <= documented
    assert {"request_too_large", "unsupported_media_type", "internal_error"} <= documented


def test_every_operation_says_whom_it_refuses(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert "421" in operation["responses"], name
        assert name.startswith("GET ") or "403" in operation["responses"], name


def test_an_answer_has_the_members_that_are_documented(client: FlaskClient, document: dict[str, Any]) -> None:
    record = client.post("/api/v1/metadata", json={"url": URL}).json

    assert set(record) == set(document["components"]["schemas"]["Record"]["properties"])


def test_what_is_missing_is_said_with_what_to_send(app: Flask, document: dict[str, Any]) -> None:
    client, known = app.test_client(), 0
    for name, _ in operations(document):
        method, path = name.split(" ")
        with client.open(
            re.sub(r"\{[^}]+\}", "0" * 32, path), method=method, json=None if method == "GET" else {}
        ) as answer:
            members = answer.json.get("errors", {}) if answer.is_json and answer.status_code == 422 else {}
        missing = [each for sentences in members.values() for each in sentences if each.startswith("Missing")]
        known += len(missing)
        assert [each for each in missing if not each.startswith("Missing. ")] == [], name

    assert known > 10

"""Every error has one form, and every answer an id."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any

import pytest
import structlog
from flask import Flask
from flask.testing import FlaskClient

from inventory import create_app
from inventory.errors import InventoryError
from inventory.ops import log_config
from inventory.services import Services
from inventory.web_api.problems import status_and_code

MEMBERS = {"type", "title", "status", "detail", "code", "request_id"}


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines that were logged since the last look."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.fixture
def app(services: Services) -> Flask:
    app = create_app(services=services)

    @app.get("/fault")
    def fault() -> str:
        raise ZeroDivisionError("secret detail")

    return app


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nowhere", 404, "not_found"),
        ("GET", "/api/v1/metadata/", 404, "not_found"),
        ("PUT", "/api/v1/metadata", 405, "method_not_allowed"),
        ("GET", "/fault", 500, "internal_error"),
    ],
)
def test_errors_of_the_framework_and_of_ours_have_one_form(
    app: Flask, method: str, path: str, status: int, code: str
) -> None:
    answer = app.test_client().open(path, method=method)

    assert answer.status_code == status
    assert answer.mimetype == "application/problem+json"
    assert set(answer.json) == MEMBERS
    assert (answer.json["status"], answer.json["code"], answer.json["title"]) == (status, code, HTTPStatus(status).phrase)
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert "secret" not in answer.text


def test_a_wrong_method_is_told_which_are_right(app: Flask) -> None:
    assert {"GET", "POST", "DELETE"} <= set(app.test_client().put("/api/v1/metadata").headers["Allow"].split(", "))


def test_an_unforeseen_error_is_in_the_log_under_its_request_id(app: Flask, capsys: pytest.CaptureFixture[str]) -> None:
    app.test_client().get("/fault", headers={"X-Request-ID": "find-me"})

    [line] = [line for line in logged(capsys) if line["event"] == "unforeseen_error"]
    assert line["request_id"] == "find-me"
    assert "ZeroDivisionError" in line["exception"]


@pytest.mark.parametrize("sent", ["a", "A-b_c.9", "x" * 128])
def test_a_request_id_is_echoed(client: FlaskClient, sent: str) -> None:
    assert client.get("/healthz", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["", "x" * 129, "a b", "é", "a/b"])
def test_a_request_id_that_is_none_is_replaced(client: FlaskClient, sent: str) -> None:
    made = client.get("/healthz", headers={"X-Request-ID": sent}).headers["X-Request-ID"]

    assert made != sent
    assert len(made) == 32


def test_a_request_is_one_line_in_the_log_without_its_query(client: FlaskClient, capsys: pytest.CaptureFixture[str]) -> None:
    client.get("/api/v1/metadata?url=http://user:secret@h/", headers={"X-Request-ID": "find-me", "Cookie": "a=secret"})

    [line] = logged(capsys)
    assert line["event"] == "request"
    assert line["latency_ms"] >= 0
    assert {name: line[name] for name in ("method", "path", "status", "request_id")} == {
        "method": "GET",
        "path": "/api/v1/metadata",
        "status": 422,
        "request_id": "find-me",
    }
    assert "secret" not in json.dumps(line)


def test_a_line_can_carry_what_json_has_no_form_for(capsys: pytest.CaptureFixture[str]) -> None:
    log_config.configure()
    structlog.get_logger("tests").warning("odd", half="\ud800", large=2**80, kind=KeyError, control="\x9b")

    [line] = logged(capsys)
    assert (line["level"], line["logger"]) == ("warning", "tests")
    assert (line["half"], line["large"], line["kind"]) == ("\ud800", 2**80, repr(KeyError))


def test_every_error_that_a_caller_sees_is_in_the_table() -> None:
    def tree(kind: type[InventoryError]) -> list[type[InventoryError]]:
        return [kind, *(leaf for child in kind.__subclasses__() for leaf in tree(child))]

    never_seen = {
        "InventoryError",
        "SourceFailure",
        "Deferred",
        "NoRoom",
        "StartError",
        "SettingError",
        "UnreadableFile",
        "Unstorable",
        "Unauthenticated",
    }
    ours = {kind for kind in tree(InventoryError) if kind.__module__ == "inventory.errors"}

    assert {kind.__name__ for kind in ours if status_and_code(kind)[0] == 500} == never_seen

"""What callers learn about faults of the service: that there are some, and never where its parts are."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.config import Settings
from inventory.ops import log_config
from tests.conftest import Build

INTERNALS = (
    "127.0.0.1",
    ":9",
    "/in-the-way",
    "sqlite",
    "mongo",
    "Errno",
    "refused",
    "directory",
    "Error",
    "timed out",
    "store3",
)
"""Texts that would reveal where a part is, or what a driver said about it."""


def away(tmp_path: Path) -> dict[str, str]:
    """URLs of stores that cannot be used, by type."""
    (tmp_path / "in-the-way").touch()
    return {"sqlite": f"sqlite:///{tmp_path}/in-the-way/store3", "mongodb": "mongodb://127.0.0.1:9/store3"}


@pytest.fixture(params=["sqlite", "mongodb"])
def client(request: pytest.FixtureRequest, make_services: Build, settings: Settings, tmp_path: Path) -> FlaskClient:
    """An application whose store is away."""
    log_config.configure()
    services = make_services(replace(settings, store_url=away(tmp_path)[request.param]))
    return create_app(services=services).test_client()


def assert_discreet(text: str, tmp_path: Path) -> None:
    assert not [each for each in (*INTERNALS, str(tmp_path)) if each in text], text


def logged(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("path", ["/api/v1/metadata?url=http://a.test/", "/api/v1/jobs", "/api/v1/products/summary"])
def test_a_store_that_is_away_is_one_sentence_and_the_log_has_the_rest(
    client: FlaskClient, path: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = client.get(path)

    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert answer.headers["Retry-After"]
    assert answer.json["detail"].endswith(".")
    assert_discreet(answer.text, tmp_path)
    [line] = [line for line in logged(capsys) if line["event"] == "storage_unavailable"]
    assert "store3" in line["error"]


def test_readiness_says_no_more(client: FlaskClient, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json["status"]) == (503, "unavailable")
    assert answer.json["checks"]["store"] in {"no answer within 1 s", "cannot be used; the log says why"}
    [line] = [line for line in logged(capsys) if line["event"] == "store_not_ready"]
    assert "store3" in line["error"]


@pytest.mark.parametrize("url", ["file://{folder}/in-the-way/files", "s3://bucket/prefix"])
def test_a_file_store_that_is_away_is_one_sentence(
    make_services: Build, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    away(tmp_path)
    for name, value in {"ENDPOINT_URL": "http://127.0.0.1:9", "ACCESS_KEY_ID": "a", "SECRET_ACCESS_KEY": "b"}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    services = make_services(replace(settings, files_url=url.format(folder=tmp_path)))
    client = create_app(services=services).test_client()

    answer = client.post("/api/v1/imports?kind=urls", data={"file": (io.BytesIO(b"url\nhttp://a.test/\n"), "urls.csv")})

    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert_discreet(answer.text, tmp_path)


def test_a_body_that_is_nested_too_deeply_is_refused_without_saying_how_it_was_read(services: wiring.Services) -> None:
    client = create_app(services=services).test_client()

    answer = client.post("/api/v1/metadata", data="[" * 50_000, content_type="application/json")

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert answer.json["errors"] == {"body": ["Not JSON: nested too deeply. Send a JSON object."]}


def test_the_error_of_a_job_whose_file_is_gone_does_not_say_where_the_file_store_is(services: wiring.Services) -> None:
    client = create_app(services=services).test_client()
    upload = {"file": (io.BytesIO(b"url\nhttp://a.test/\n"), "urls.csv")}
    job_id = client.post("/api/v1/imports?kind=urls", data=upload).json["job_id"]
    services.files.delete([f"uploads/{job_id}"])
    batch = services.job_runner().claim()
    assert batch is not None
    services.job_runner().step(batch)

    answer = client.get(f"/api/v1/jobs/{job_id}")

    assert answer.json["status"] == "failed"
    assert answer.json["error"] == f"The file of the job {job_id} is gone from the file store. Import it again."

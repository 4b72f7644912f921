"""Health, the home page and the documentation."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.config import Settings


def test_alive_asks_nobody(tmp_path: Path) -> None:
    nowhere = Settings(store_url=f"sqlite:///{tmp_path}/file/store", redis_url="redis://127.0.0.1:1/0")
    (tmp_path / "file").touch()

    client = create_app(nowhere).test_client()

    assert client.get("/healthz").json == {"status": "alive"}
    ready = client.get("/readyz")
    assert (ready.status_code, ready.json["status"]) == (503, "unavailable")


def test_ready_when_the_store_and_the_queue_answer(client: FlaskClient) -> None:
    answer = client.get("/readyz")

    assert (answer.status_code, answer.json) == (200, {"status": "ready", "checks": {"store": "ok", "queue": "ok"}})


def test_a_dead_queue_is_degraded_and_still_ready(settings: Settings) -> None:
    answer = create_app(replace(settings, redis_url="redis://127.0.0.1:1/0")).test_client().get("/readyz")

    assert (answer.status_code, answer.json["status"]) == (200, "degraded")


def test_the_home_page_leads_to_documentation_and_queue(settings: Settings) -> None:
    client = create_app(replace(settings, allowed_hosts=("inventory.test",))).test_client()
    page = client.get("/", headers={"Host": "inventory.test:8000"}).text

    assert 'href="/docs/"' in page
    assert 'href="/openapi.json"' in page
    assert 'href="http://inventory.test:9181/"' in page


@pytest.mark.parametrize("host", ["my_service:8000", "localhost:", "LOCALHOST:00080", "[::1]:8000", "localhost.:8000"])
def test_a_page_and_a_redirect_lead_on_under_every_name(settings: Settings, host: str) -> None:
    client = create_app(replace(settings, allowed_hosts=("my_service",))).test_client()
    name = host.rpartition(":")[0].lower().rstrip(".")

    assert f'href="http://{name}:9181/"' in client.get("/", headers={"Host": host}).text
    assert client.get("/docs?x=1", headers={"Host": host}).headers["Location"] == "/docs/?x=1"
    assert client.get("/jobs//x", headers={"Host": host}).headers["Location"] == "/jobs/x"


@pytest.mark.parametrize("path", ["/docs/", "/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/openapi.json"])
def test_the_documentation_is_served_by_us(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        assert answer.status_code == 200
        assert not re.findall(r'(?:src|href)="https?://', answer.text[:5_000])

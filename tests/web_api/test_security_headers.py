"""Every answer tells browsers to do no more with it than it is for, and pages work by their policy."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from gunicorn.http.errors import InvalidHeader, InvalidResponseHeader, LimitRequestLine

from inventory.gunicorn_worker.malformed import answer
from inventory.services import Services
from tests.fakes import FakeClock
from tests.jobs.course import Course
from tests.webpages.actions import URL

METADATA = f"/api/v1/metadata?url={URL}"

NOTHING = "default-src 'none'; frame-ancestors 'none'"
ANSWERS: dict[str, dict[str, Any]] = {
    "a lookup in front of Flask": {"path": METADATA},
    "a lookup in Flask": {"path": f"{METADATA}&collect=true"},
    "a problem": {"path": "/nowhere"},
    "a wrong method": {"path": "/healthz", "method": "DELETE"},
    "options": {"path": "/api/v1/metadata", "method": "OPTIONS"},
    "a head": {"path": METADATA, "method": "HEAD"},
    "a list": {"path": "/api/v1/records"},
    "health": {"path": "/healthz"},
    "metrics": {"path": "/metrics"},
    "a redirect": {"path": "/docs"},
    "a script": {"path": "/docs/swagger-ui-bundle.js"},
    "the document": {"path": "/openapi.json"},
    "an unknown host": {"path": "/", "headers": {"Host": "evil.example"}},
    "a foreign origin": {"path": "/api/v1/products/runs", "method": "POST", "headers": {"Origin": "null"}},
    "no content": {"path": "/api/v1/history", "method": "DELETE"},
}
PAGES = ["/", "/docs/", "/docs/index.html", "/jobs", "/jobs/{job}", "/jobs/none"]


def directives(policy: str) -> dict[str, str]:
    return dict(part.strip().partition(" ")[::2] for part in policy.split(";"))


@pytest.mark.parametrize("asked", ANSWERS.values(), ids=ANSWERS)
def test_what_is_no_page_may_do_nothing_and_be_shown_in_none(client: FlaskClient, asked: dict[str, Any]) -> None:
    client.post("/api/v1/metadata", json={"url": URL})

    with client.open(**asked) as got:
        assert got.headers.getlist("Content-Security-Policy") == [NOTHING]
        assert got.headers.getlist("X-Content-Type-Options") == ["nosniff"]
        assert got.headers.getlist("Cross-Origin-Resource-Policy") == ["same-origin"]


def test_so_is_what_was_not_modified(client: FlaskClient) -> None:
    etag = client.post("/api/v1/metadata", json={"url": URL}) and client.get(METADATA).headers["ETag"]

    got = client.get(METADATA, headers={"If-None-Match": etag})

    assert got.status_code == 304
    assert got.headers["Content-Security-Policy"] == NOTHING
    assert got.headers["X-Content-Type-Options"] == "nosniff"


def test_so_is_a_stream(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    with client.get(f"/api/v1/jobs/{Course(services.store, clock()).id}/events", buffered=False) as got:
        assert got.headers["Content-Security-Policy"] == NOTHING
        assert got.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("error", [InvalidHeader("x"), LimitRequestLine(1, 2), InvalidResponseHeader("x"), ValueError("x")])
def test_so_are_the_answers_of_the_server_itself(error: Exception) -> None:
    head, _, body = answer(error, "an-id").partition(b"\r\n\r\n")

    assert f"\r\nContent-Security-Policy: {NOTHING}\r\n".encode() in head
    assert b"\r\nX-Content-Type-Options: nosniff\r\n" in head
    assert b"application/problem+json" in head
    assert f"Content-Length: {len(body)}".encode() in head


@pytest.mark.parametrize("path", PAGES)
def test_a_page_runs_its_own_scripts_and_is_shown_in_no_other(
    client: FlaskClient, services: Services, clock: FakeClock, path: str
) -> None:
    path = path.format(job=Course(services.store, clock()).id)
    got, again = client.get(path), client.get(path)
    policy = directives(got.headers["Content-Security-Policy"])
    nonce = re.search(r"'nonce-([\w-]{20,})'", policy["script-src"])

    assert nonce
    assert "unsafe" not in policy["script-src"]
    assert (policy["default-src"], policy["frame-ancestors"], policy["base-uri"]) == ("'none'", "'none'", "'none'")
    assert nonce[1] not in again.headers["Content-Security-Policy"]
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Referrer-Policy"] == "same-origin"
    for tag in re.findall(r"<(?:script|style)\b[^>]*>", got.text):
        assert f'nonce="{nonce[1]}"' in tag or re.search(r'src="/docs/', tag), tag
    assert not re.search(r'\son\w+="|\sstyle="|javascript:', got.text)

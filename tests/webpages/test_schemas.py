"""The documented shapes are those of what is answered: nothing more, nothing less, at every depth."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from marshmallow import Schema

from inventory import create_app
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.records.schemas import RecordsPage
from inventory.web_api.blueprint import example
from inventory.webpages import schemas
from tests.conftest import Build
from tests.upstreams import Upstream


@pytest.fixture
def client(make_services: Build, tmp_path: Path) -> FlaskClient:
    settings = Settings(data_dir=tmp_path, allow_networks=(ip_network("127.0.0.0/8"),))
    return create_app(services=make_services(settings, sources=None, clock=utc_now)).test_client()


@pytest.mark.parametrize("path", ["/redirect", "/binary", "/latin1", "/gzip", "/status/404"])
def test_a_record_is_as_documented(client: FlaskClient, upstream: Upstream, path: str) -> None:
    record = client.post("/api/v1/metadata", json={"url": upstream.url(path)}).json

    assert schemas.RecordSchema().validate(record) == {}


def test_a_failure_after_a_redirect_is_as_documented(client: FlaskClient, upstream: Upstream) -> None:
    problem = client.post("/api/v1/metadata", json={"url": upstream.url("/redirect?to=ftp://example.com/")}).json

    assert schemas.PageFailureSchema().validate(problem["failure"]) == {}
    [redirect] = problem["failure"]["redirects"]
    assert (redirect["url"], redirect["status"]) == (upstream.url("/redirect?to=ftp://example.com/"), 302)
    assert {"name": "Location", "value": "ftp://example.com/"} in redirect["headers"]


def test_listings_and_snapshots_are_as_documented(client: FlaskClient, upstream: Upstream) -> None:
    url = upstream.url("/redirect")
    client.post("/api/v1/metadata", json={"url": url})
    page = client.get("/api/v1/metadata/snapshots", query_string={"url": url}).json
    whole = client.get(f"/api/v1/metadata/snapshots/{page['snapshots'][0]['id']}").json
    pending = client.get("/api/v1/metadata", query_string={"url": upstream.url("/page")}).json
    records = client.get("/api/v1/records").json

    assert schemas.SnapshotsPage().validate(page) == {}
    assert schemas.SnapshotWithSourceSchema().validate(whole) == {}
    assert schemas.PendingSchema().validate(pending) == {}
    assert RecordsPage().validate(records) == {}


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (schemas.RecordSchema(), "webpages/record"),
        (schemas.PendingSchema(), "webpages/pending"),
        (schemas.SnapshotWithSourceSchema(), "webpages/snapshot"),
        (schemas.SnapshotsPage(), "webpages/snapshots"),
        (RecordsPage(), "records/records"),
        (schemas.PageFailureSchema(), "records/failure"),
    ],
    ids=["record", "pending", "snapshot", "snapshots", "records", "failure"],
)
def test_an_example_is_as_documented(schema: Schema, name: str) -> None:
    assert schema.validate(example(name)) == {}


def members(value: object, path: str = "") -> set[str]:
    """The paths of all members of a document, but of what is null or empty in it."""
    if isinstance(value, dict):
        below = [members(each, f"{path}.{name}") for name, each in value.items()]
        return set().union(*below, {f"{path}.{name}" for name in value})
    return set().union(*(members(each, f"{path}[]") for each in value)) if isinstance(value, list) else set()


def test_examples_lack_no_member_of_what_is_answered(client: FlaskClient, upstream: Upstream) -> None:
    record = client.post("/api/v1/metadata", json={"url": upstream.url("/redirect")}).json
    problem = client.post("/api/v1/metadata", json={"url": upstream.url("/redirect?to=ftp://example.com/")}).json

    assert members(record) - members(example("webpages/record")) == set()
    assert members(problem["failure"]) - members(example("records/failure")) == set()

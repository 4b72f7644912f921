"""The page of webhooks: their state, and what can be done with one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.http_client.guard import Guard
from inventory.services import Services
from inventory.webhooks.service import WebhookService
from tests.fakes import FakeClock, Replacing
from tests.http_client.conftest import OPENED
from tests.ui.logging_in import BROWSER
from tests.ui.page_of import addresses, texts
from tests.upstreams import Answer
from tests.webhooks.conftest import loopback_sink
from tests.webhooks.fakes import MemoryDeliveries, MemoryWebhooks
from tests.webhooks.receivers import Receiver

URL = "https://hooks.test/inventory"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


@pytest.fixture
def service(clock: FakeClock) -> WebhookService:
    webhooks = MemoryWebhooks()
    return WebhookService(webhooks, MemoryDeliveries(webhooks), Guard(OPENED), loopback_sink(), lambda *_: None, clock=clock)


@pytest.fixture
def client(service: WebhookService, services: Services) -> FlaskClient:
    return create_app(services=Replacing(services, webhooks=service)).test_client()  # type: ignore[arg-type]


def action(client: FlaskClient, name: str) -> str:
    """Where the button of this name sends its form."""
    [found] = [each for each in addresses(client.get("/webhooks").text, "action") if each.endswith(f"/{name}")]
    return found


def test_a_webhook_is_listed_with_its_state(client: FlaskClient, service: WebhookService) -> None:
    assert "There are none yet" in client.get("/webhooks").text
    service.create(URL)

    shown = texts(client.get("/webhooks").text)
    assert f"{URL} enabled – –" in shown


def test_a_webhook_is_disabled_and_enabled(client: FlaskClient, service: WebhookService) -> None:
    service.create(URL)

    answer = client.post(action(client, "disable"), headers=BROWSER)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/webhooks")
    assert "disabled A request disabled it." in texts(client.get("/webhooks").text)
    assert client.post(action(client, "enable"), headers=BROWSER).status_code == 303
    assert f"{URL} enabled" in texts(client.get("/webhooks").text)


def test_a_new_secret_is_shown_this_once(client: FlaskClient, service: WebhookService) -> None:
    webhook, first = service.create(URL)

    answer = client.post(action(client, "rotate"), headers=BROWSER)
    secret = service.find(webhook.id).signing(service.clock())[0]
    assert secret != first
    assert secret in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    listed = client.get("/webhooks").text
    assert "whsec_" not in listed
    assert "an old secret signs, too, until" in texts(listed)


def test_a_test_says_what_the_receiver_answered(client: FlaskClient, service: WebhookService, receiver: Receiver) -> None:
    service.create(receiver.url("/hook"))

    assert "was delivered: it answered 2" in texts(client.post(action(client, "test"), headers=BROWSER).text)


def test_a_test_that_fails_says_why_in_the_words_of_others(
    client: FlaskClient, service: WebhookService, receiver: Receiver
) -> None:
    receiver.script("/hook", Answer(500, body=b"<b>no</b>"))
    service.create(receiver.url("/hook"))

    answer = client.post(action(client, "test"), headers=BROWSER).text
    assert "failed: it answered 500" in texts(answer)
    assert "<b>no" not in answer


def test_a_webhook_that_there_is_not_is_a_page_too(client: FlaskClient) -> None:
    for name in ("rotate", "test", "enable", "disable"):
        answer = client.post(f"/webhooks/{'0' * 32}/{name}", headers=BROWSER)
        assert answer.status_code == 404
        assert "There is no webhook" in answer.text

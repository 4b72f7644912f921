"""/api/v1/webhooks: making, changing, testing and removing receivers, and what was sent to them."""

from __future__ import annotations

import itertools
import re
from datetime import timedelta
from typing import Any

import fakeredis
import pytest
import structlog
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.http_client.guard import Guard
from inventory.services import Services
from inventory.watches.model import Message
from inventory.webhooks.model import MAX_WEBHOOKS, Attempt, DeliveryState
from inventory.webhooks.service import WebhookService
from tests.contract.watch_actions import keep_message
from tests.fakes import FakeClock, Replacing
from tests.http_client.conftest import OPENED
from tests.upstreams import Answer
from tests.webhooks.conftest import PAYLOAD, loopback_sink, owed, webhook_of
from tests.webhooks.fakes import MemoryDeliveries, MemoryWebhooks
from tests.webhooks.receivers import Receiver

WEBHOOKS = "/api/v1/webhooks"
URL = "http://hooks.test/inventory"
ELSEWHERE = "https://hooks.test/elsewhere"
UNKNOWN = f"{WEBHOOKS}/{'0' * 32}"


@pytest.fixture
def woken() -> list[Any]:
    return []


@pytest.fixture
def service(webhooks: MemoryWebhooks, deliveries: MemoryDeliveries, clock: FakeClock, woken: list[Any]) -> WebhookService:
    return WebhookService(
        webhooks, deliveries, Guard(OPENED), loopback_sink(), lambda *names: woken.append(names), clock=clock
    )


@pytest.fixture
def client(service: WebhookService, services: Services) -> FlaskClient:
    return create_app(services=Replacing(services, webhooks=service)).test_client()  # type: ignore[arg-type]


def made(client: FlaskClient, url: str = URL) -> dict[str, Any]:
    response = client.post(WEBHOOKS, json={"url": url})
    assert response.status_code == 201, response.text
    return dict(response.json)


def refused(response: TestResponse, status: int, code: str) -> str:
    assert (response.status_code, response.json["code"]) == (status, code), response.text
    return str(response.json["detail"])


def test_a_new_webhook_shows_its_secret_once(client: FlaskClient) -> None:
    response = client.post(WEBHOOKS, json={"url": "HTTP://Hooks.test:80/inventory#part"})

    webhook = response.json
    secret = webhook.pop("secret")
    assert response.status_code == 201
    assert response.headers["Location"] == f"{WEBHOOKS}/{webhook['id']}"
    assert response.headers["Cache-Control"] == "no-store"
    assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
    assert webhook == {
        "id": webhook["id"],
        "url": URL,
        "created_at": "2026-01-31T12:00:00.123Z",
        "enabled": True,
        "disabled_because": None,
        "failing_since": None,
        "not_before": None,
        "old_secrets_until": None,
    }
    assert client.get(response.headers["Location"]).json == webhook
    assert client.get(WEBHOOKS).json["webhooks"] == [webhook]


def test_a_url_has_one_webhook(client: FlaskClient) -> None:
    webhook = made(client)
    response = client.post(WEBHOOKS, json={"url": URL})

    assert (response.status_code, response.json["id"]) == (200, webhook["id"])
    assert "secret" not in response.json


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("", "invalid_request"),
        (7, "invalid_request"),
        (None, "invalid_request"),
        ("hooks.test/x", "invalid_url"),
        ("ftp://hooks.test/", "unsupported_scheme"),
        ("http://user:secret@hooks.test/", "credentials_in_url"),
        (f"http://hooks.test/{'x' * 2_048}", "url_too_long"),
        ("http://127.0.0.2/", "forbidden_address"),
        ("http://0x7f.2/", "forbidden_address"),
        ("http://169.254.169.254/latest/meta-data", "forbidden_address"),
        ("http://[::1]:8000/", "forbidden_address"),
        ("http://hooks.test:25/", "forbidden_address"),
    ],
)
def test_a_url_that_cannot_get_messages_is_refused(client: FlaskClient, url: object, code: str) -> None:
    webhook = made(client)

    refused(client.post(WEBHOOKS, json={"url": url}), 422, code)
    refused(client.patch(f"{WEBHOOKS}/{webhook['id']}", json={"url": url}), 422, code)
    assert [each["url"] for each in client.get(WEBHOOKS).json["webhooks"]] == [URL]


def test_a_body_says_what_it_may_and_nothing_else(client: FlaskClient) -> None:
    refused(client.post(WEBHOOKS, json={}), 422, "invalid_request")
    refused(client.post(WEBHOOKS, json={"url": URL, "secret": "mine"}), 422, "invalid_request")
    refused(client.post(WEBHOOKS, data=b"{"), 415, "unsupported_media_type")
    path = f"{WEBHOOKS}/{made(client)['id']}"
    refused(client.patch(path, json={"enabled": None}), 422, "invalid_request")
    refused(client.patch(path, json={"secrets": []}), 422, "invalid_request")


def test_there_is_an_end_to_webhooks(client: FlaskClient, webhooks: MemoryWebhooks) -> None:
    for number in range(MAX_WEBHOOKS):
        webhooks.add(webhook_of(f"http://{number}.test/", str(number)), at_most=MAX_WEBHOOKS)

    assert "1,000 webhooks" in refused(client.post(WEBHOOKS, json={"url": URL}), 409, "too_many_webhooks")


def test_webhooks_are_listed_in_pages(client: FlaskClient, clock: FakeClock) -> None:
    urls = [f"http://{number}.test/" for number in range(5)]
    for url in urls:
        made(client, url)
        clock.forward(1)

    listed, cursor = [], None
    for _ in range(3):
        page = client.get(WEBHOOKS, query_string={"limit": 2} | ({"cursor": cursor} if cursor else {})).json
        listed += [each["url"] for each in page["webhooks"]]
        cursor = page["next_cursor"]
    assert listed == urls[::-1]
    assert cursor is None


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", ""), ("patch", ""), ("delete", ""), ("post", "/rotate"), ("post", "/test"), ("get", "/deliveries"),
        ("post", "/deliveries/d1/again"),
    ],
)  # fmt: skip
def test_an_unknown_webhook_is_named(client: FlaskClient, method: str, path: str) -> None:
    detail = refused(client.open(UNKNOWN + path, method=method, json={}), 404, "unknown_webhook")

    assert detail == f"There is no webhook {'0' * 32}; /api/v1/webhooks and `inventory webhook list` list all."


def test_a_webhook_gets_another_url(client: FlaskClient) -> None:
    webhook = made(client)
    path = f"{WEBHOOKS}/{webhook['id']}"

    assert client.patch(path, json={"url": ELSEWHERE}).json["url"] == ELSEWHERE
    assert client.get(path).json["url"] == ELSEWHERE
    assert client.patch(path, json={}).json["url"] == ELSEWHERE


def test_no_two_webhooks_have_one_url(client: FlaskClient) -> None:
    made(client, ELSEWHERE)
    path = f"{WEBHOOKS}/{made(client)['id']}"

    refused(client.patch(path, json={"url": ELSEWHERE}), 409, "name_taken")
    assert client.get(path).json["url"] == URL


def test_a_webhook_is_disabled_and_enabled(client: FlaskClient, clock: FakeClock, deliveries: MemoryDeliveries) -> None:
    webhook = made(client)
    path = f"{WEBHOOKS}/{webhook['id']}"
    deliveries.owe(owed(1, clock(), webhook["id"]))

    disabled = client.patch(path, json={"enabled": False}).json
    assert (disabled["enabled"], disabled["disabled_because"]) == (False, "A request disabled it.")
    assert deliveries.kept["d1"].state is DeliveryState.CANCELLED

    enabled = client.patch(path, json={"enabled": True}).json
    assert (enabled["enabled"], enabled["disabled_because"]) == (True, None)


def disable(webhooks: MemoryWebhooks, webhook_id: str, because: str) -> None:
    now = webhooks.kept[webhook_id].created_at
    webhooks.note(webhook_id, failed_at=now, hold_until=now + timedelta(minutes=1), disabled=because, now=now)


def test_enabling_a_webhook_ends_its_pause(client: FlaskClient, webhooks: MemoryWebhooks) -> None:
    webhook = made(client)
    disable(webhooks, webhook["id"], "The receiver answered 410.")

    enabled = client.patch(f"{WEBHOOKS}/{webhook['id']}", json={"enabled": True}).json

    assert (enabled["enabled"], enabled["not_before"], enabled["failing_since"]) == (True, None, None)


def test_why_a_webhook_is_disabled_is_kept(client: FlaskClient, webhooks: MemoryWebhooks) -> None:
    webhook = made(client)
    disable(webhooks, webhook["id"], "The receiver answered 410.")

    changed = client.patch(f"{WEBHOOKS}/{webhook['id']}", json={"enabled": False}).json
    assert changed["disabled_because"] == "The receiver answered 410."


def test_a_removed_webhook_is_owed_nothing(client: FlaskClient, clock: FakeClock, deliveries: MemoryDeliveries) -> None:
    webhook = made(client)
    deliveries.owe(owed(1, clock(), webhook["id"]))

    assert client.delete(f"{WEBHOOKS}/{webhook['id']}").status_code == 204
    assert deliveries.kept["d1"].state is DeliveryState.CANCELLED
    refused(client.delete(f"{WEBHOOKS}/{webhook['id']}"), 404, "unknown_webhook")


def test_a_rotated_secret_is_shown_once_and_the_old_one_signs_for_a_day(
    client: FlaskClient, receiver: Receiver, clock: FakeClock
) -> None:
    webhook = made(client, receiver.url("/hook"))
    path = f"{WEBHOOKS}/{webhook['id']}"
    response = client.post(f"{path}/rotate")

    assert response.json["old_secrets_until"] == "2026-02-01T12:00:00.123Z"
    assert response.headers["Cache-Control"] == "no-store"
    assert "secret" not in client.get(path).json
    assert response.json["secret"] != webhook["secret"]
    assert client.post(f"{path}/test").json["delivered"] is True
    assert receiver.verified(webhook["secret"]) == receiver.verified(response.json["secret"])

    clock.forward(86_400)
    assert client.get(path).json["old_secrets_until"] is None
    client.post(f"{path}/test")
    assert len(receiver.requests[-1].headers["webhook-signature"].split(" ")) == 1


def test_a_change_meets_another_one(client: FlaskClient, webhooks: MemoryWebhooks) -> None:
    webhook = made(client)
    real, meetings = webhooks.replace, itertools.count()

    def meet(seen: Any, changed: Any) -> bool:
        if next(meetings) < 3:
            real(webhooks.kept[seen.id], webhooks.kept[seen.id].rotated("another", seen.created_at))
        return real(seen, changed)

    webhooks.replace = meet  # type: ignore[method-assign]
    assert client.patch(f"{WEBHOOKS}/{webhook['id']}", json={"url": ELSEWHERE}).json["url"] == ELSEWHERE
    assert webhooks.kept[webhook["id"]].secrets[0][0] == "another"


def test_a_test_says_what_the_receiver_answered(client: FlaskClient, receiver: Receiver) -> None:
    webhook = made(client, receiver.url("/hook"))
    receiver.script("/hook", Answer(204), Answer(404, body=b"no such page"), Answer(410))
    tests = [client.post(f"{WEBHOOKS}/{webhook['id']}/test").json for _ in range(3)]

    assert [(each["delivered"], each["status"], each["detail"]) for each in tests] == [
        (True, 204, None),
        (False, 404, "The receiver answered 404: no such page"),
        (False, 410, "The receiver answered 410."),
    ]
    received = receiver.verified(webhook["secret"])
    assert [message_id for message_id, _ in received] == [each["message_id"] for each in tests]
    assert received[0][1]["type"] == "webhook.test"
    assert client.get(f"{WEBHOOKS}/{webhook['id']}").json["enabled"] is True


def test_deliveries_are_listed_with_their_tries(client: FlaskClient, clock: FakeClock, deliveries: MemoryDeliveries) -> None:
    webhook = made(client)
    attempt = Attempt(at=clock(), status=500, detail="kaputt", elapsed_ms=1.5)
    for number in range(3):
        deliveries.owe(owed(number, clock() + timedelta(seconds=number), webhook["id"], attempts=[attempt], attempt=1))
    deliveries.owe(owed(9, clock(), "another"))
    path = f"{WEBHOOKS}/{webhook['id']}/deliveries"

    listed = client.get(path).json["deliveries"]
    assert [each["id"] for each in listed] == ["d2", "d1", "d0"]
    assert listed[0]["attempts"] == [
        {"at": "2026-01-31T12:00:00.123Z", "status": 500, "detail": "kaputt", "elapsed_ms": 1.5}
    ]
    assert client.get(path, query_string={"state": "failed"}).json["deliveries"] == []
    refused(client.get(path, query_string={"state": "odd"}), 422, "invalid_request")
    assert client.get(path, query_string={"limit": 1}).json["next_cursor"]


def test_a_delivery_is_sent_again_on_request(
    client: FlaskClient, clock: FakeClock, deliveries: MemoryDeliveries, woken: list[Any]
) -> None:
    webhook = made(client)
    deliveries.owe(owed(1, clock(), webhook["id"], state=DeliveryState.FAILED, due_at=None, attempt=10))

    response = client.post(f"{WEBHOOKS}/{webhook['id']}/deliveries/d1/again")
    assert response.status_code == 202
    assert (response.json["state"], response.json["attempt"]) == ("pending", 0)
    assert response.json["due_at"] == "2026-01-31T12:00:00.123Z"
    assert woken == [("d1", f"webhook:{webhook['id']}")]


def test_who_asks_for_a_delivery_again_ends_the_pause_of_its_receiver(
    client: FlaskClient, clock: FakeClock, deliveries: MemoryDeliveries, webhooks: MemoryWebhooks
) -> None:
    webhook, now = made(client), clock()
    deliveries.owe(owed(1, now, webhook["id"], due_at=now + timedelta(hours=1), attempt=1))
    webhooks.note(webhook["id"], failed_at=now, hold_until=now + timedelta(hours=1), disabled=None, now=now)

    assert client.post(f"{WEBHOOKS}/{webhook['id']}/deliveries/d1/again").json["due_at"] == "2026-01-31T12:00:00.123Z"

    assert list(deliveries.due(now=now, limit=9)) == ["d1"]
    shown = client.get(f"{WEBHOOKS}/{webhook['id']}").json
    assert (shown["not_before"], shown["failing_since"]) == (None, "2026-01-31T12:00:00.123Z")


def test_a_delivery_is_found_under_its_own_webhook_only(
    client: FlaskClient, clock: FakeClock, deliveries: MemoryDeliveries, woken: list[Any]
) -> None:
    webhook = made(client)
    deliveries.owe(owed(1, clock(), "another", state=DeliveryState.FAILED, due_at=None))

    for delivery in ("d1", "d2"):
        refused(client.post(f"{WEBHOOKS}/{webhook['id']}/deliveries/{delivery}/again"), 404, "not_found")
    assert deliveries.kept["d1"].state is DeliveryState.FAILED
    assert woken == []


def test_nothing_is_sent_again_to_a_webhook_that_is_disabled(
    client: FlaskClient, clock: FakeClock, deliveries: MemoryDeliveries
) -> None:
    webhook = made(client)
    deliveries.owe(owed(1, clock(), webhook["id"], state=DeliveryState.FAILED, due_at=None))
    client.patch(f"{WEBHOOKS}/{webhook['id']}", json={"enabled": False})

    response = client.post(f"{WEBHOOKS}/{webhook['id']}/deliveries/d1/again")
    assert refused(response, 409, "webhook_disabled") == "The webhook is disabled: A request disabled it. Enable it first."


def test_a_pause_that_is_over_is_not_shown(client: FlaskClient, webhooks: MemoryWebhooks, clock: FakeClock) -> None:
    webhook = made(client)
    now, minute = clock(), timedelta(minutes=1)
    webhooks.note(webhook["id"], failed_at=now, hold_until=now + minute, disabled=None, now=now)
    path = f"{WEBHOOKS}/{webhook['id']}"

    shown = client.get(path).json
    assert (shown["failing_since"], shown["not_before"]) == ("2026-01-31T12:00:00.123Z", "2026-01-31T12:01:00.123Z")
    clock.forward(60)
    assert client.get(path).json["not_before"] is None


def test_no_secret_is_in_a_log_or_a_problem(client: FlaskClient, receiver: Receiver) -> None:
    with structlog.testing.capture_logs() as lines:
        webhook = made(client, receiver.url("/hook"))
        path = f"{WEBHOOKS}/{webhook['id']}"
        answers = [
            client.post(f"{path}/test"),
            client.post(WEBHOOKS, json={"url": receiver.url("/hook")}),
            client.patch(path, json={"url": "odd"}),
            client.get(path),
            client.get(f"{path}/deliveries"),
        ]

    assert webhook["secret"] not in str(lines)
    assert not [each for each in answers if webhook["secret"] in each.text]


def test_the_webhook_of_a_text_is_that_of_an_id_or_a_url(client: FlaskClient, service: WebhookService) -> None:
    webhook = made(client)

    assert service.named(webhook["id"])[0].url == URL
    assert service.named(URL)[0].id == webhook["id"]
    created, secret = service.named(ELSEWHERE)
    assert (created.url, secret is not None) == (ELSEWHERE, True)


def test_what_is_sent_again_wakes_a_worker(services: Services, redis: fakeredis.FakeRedis) -> None:
    client = create_app(services=services).test_client()
    webhook = made(client)
    now = services.webhooks.clock()
    message = Message(id="m1", watch_id="w", number=1, created_at=now, findings=1, targets=1, payload=PAYLOAD)
    keep_message(services.store, message, [owed(1, now, webhook["id"])])
    path = f"{WEBHOOKS}/{webhook['id']}/deliveries"

    response = client.post(f"{path}/d1/again")

    assert response.status_code == 202
    assert client.get(path).json["deliveries"] == [response.json]
    assert redis.llen("rq:queue:messages") == 1


def test_all_of_a_webhook_is_kept_by_the_store(services: Services) -> None:
    client = create_app(services=services).test_client()
    webhook = made(client)
    path = f"{WEBHOOKS}/{webhook['id']}"

    assert client.post(f"{path}/rotate").json["old_secrets_until"] == "2026-02-01T12:00:00.123Z"
    assert client.patch(path, json={"url": ELSEWHERE, "enabled": False}).json["enabled"] is False
    kept = client.get(path).json
    assert (kept["url"], kept["enabled"], kept["old_secrets_until"]) == (ELSEWHERE, False, "2026-02-01T12:00:00.123Z")
    made(client)
    refused(client.patch(path, json={"url": URL}), 409, "name_taken")
    assert client.delete(path).status_code == 204
    refused(client.get(path), 404, "unknown_webhook")

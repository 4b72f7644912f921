"""`inventory webhook`, on a real store and a real receiver."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import fakeredis
import pytest

from inventory import wiring
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.watches.model import Message
from inventory.webhooks.model import Attempt, DeliveryState
from tests.commands.conftest import run
from tests.contract.watch_actions import keep_message
from tests.upstreams import Answer
from tests.webhooks.conftest import owed
from tests.webhooks.receivers import Receiver

SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


def added(environment: dict[str, str], url: str) -> dict[str, Any]:
    done = run(environment, "webhook", "add", url, "--json")
    assert done.exit_code == 0, done.output
    return dict(json.loads(done.stdout))


def test_the_secret_of_a_new_webhook_is_printed_once(environment: dict[str, str], receiver: Receiver) -> None:
    url = receiver.url("/hook")

    first = run(environment, "webhook", "add", url)
    assert SECRET.search(first.stdout)
    assert "keep the secret" in first.stderr
    for words in (["add", url], ["list"]):
        later = run(environment, "webhook", *words)
        assert (later.exit_code, url in later.stdout, SECRET.search(later.output)) == (0, True, None)


def test_a_test_is_verified_with_the_secret_before_and_after_it_was_rotated(
    environment: dict[str, str], receiver: Receiver
) -> None:
    webhook = added(environment, receiver.url("/hook"))

    rotated = json.loads(run(environment, "webhook", "rotate", webhook["id"], "--json").stdout)
    tested = run(environment, "webhook", "test", webhook["id"])

    assert tested.exit_code == 0
    for secret in (webhook["secret"], rotated["secret"]):
        assert [content["type"] for _, content in receiver.verified(secret)] == ["webhook.test"]


def test_a_test_that_is_refused_has_an_exit_code_and_says_what_was_answered(
    environment: dict[str, str], receiver: Receiver
) -> None:
    receiver.script("/hook", Answer(404, (), b"no such \x1b[2Jhook"))
    webhook = added(environment, receiver.url("/hook"))

    done = run(environment, "webhook", "test", webhook["id"])

    assert (done.exit_code, "no such" in done.stdout, "\x1b" in done.stdout) == (1, True, False)


def test_the_log_says_what_became_of_each_delivery(environment: dict[str, str], receiver: Receiver, tmp_path: Path) -> None:
    webhook = added(environment, receiver.url("/hook"))
    services = wiring.build(Settings(data_dir=tmp_path), redis=fakeredis.FakeRedis())
    now = utc_now()
    message = Message(id="m1", watch_id="watch", number=1, created_at=now, findings=1, targets=1, payload=b"{}")
    keep_message(services.store, message, [owed(1, now, webhook["id"])])
    claim = services.store.deliveries.claim_due(now=now, lease_for=timedelta(minutes=1), limit=1)[0]
    attempt = Attempt(at=now, status=500, detail="The receiver answered 500: [red]busy", elapsed_ms=1.0)
    services.store.deliveries.settle(claim, attempt, DeliveryState.FAILED, due_at=None)
    services.store.close()

    shown = run(environment, "webhook", "log", webhook["id"]).stdout
    assert "failed" in shown
    assert "The receiver answered 500: [red]busy" in shown
    assert json.loads(run(environment, "webhook", "log", webhook["id"], "--state", "pending", "--json").stdout) == []
    again = run(environment, "webhook", "again", webhook["id"], "d1", "--json")
    assert (again.exit_code, json.loads(again.stdout)["state"]) == (0, "pending"), again.output


def test_what_is_removed_or_never_was_is_not_known(environment: dict[str, str], receiver: Receiver) -> None:
    webhook = added(environment, receiver.url("/hook"))

    assert run(environment, "webhook", "enable", webhook["id"]).exit_code == 0
    assert run(environment, "webhook", "remove", webhook["id"]).exit_code == 0
    for words in ("rotate", "test", "enable", "remove", "log"):
        done = run(environment, "webhook", words, webhook["id"])
        assert (done.exit_code, done.stdout) == (1, "")
        assert f"inventory: There is no webhook {webhook['id']}" in done.stderr


@pytest.mark.parametrize(
    ("url", "line"),
    [("nonsense", "has no scheme"), ("http://10.0.0.1/", "not a public address"), ("https://u:p@h.test/", "password")],
)
def test_a_url_that_messages_cannot_be_sent_to_is_one_line(environment: dict[str, str], url: str, line: str) -> None:
    done = run(environment, "webhook", "add", url)

    assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert line in done.stderr

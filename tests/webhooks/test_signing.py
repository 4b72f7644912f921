"""Signatures as the reference library verifies them, and the life of a secret."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta, timezone

import pytest
from standardwebhooks import Webhook as Verifier
from standardwebhooks import WebhookVerificationError

from inventory.webhooks.model import MAX_SECRETS, OLD_SECRET_SIGNS_FOR
from inventory.webhooks.signing import new_secret, signed_headers
from tests.webhooks.conftest import PAYLOAD, webhook_of

DAY = timedelta(days=1)


def verifies(secret: str, headers: dict[str, str], payload: bytes = PAYLOAD) -> bool:
    try:
        Verifier(secret).verify(payload, headers)
    except WebhookVerificationError:
        return False
    return True


def test_a_secret_is_of_32_random_bytes() -> None:
    secrets = {new_secret() for _ in range(100)}

    assert len(secrets) == 100
    assert {len(base64.b64decode(each.removeprefix("whsec_"), validate=True)) for each in secrets} == {32}


def test_the_reference_library_verifies_a_message() -> None:
    secret = new_secret()
    headers = dict(signed_headers("m1", PAYLOAD, [secret], datetime.now(UTC)))

    assert verifies(secret, headers)
    assert headers["webhook-id"] == "m1"
    assert not verifies(secret, headers | {"webhook-id": "m2"})
    assert not verifies(secret, headers, PAYLOAD + b" ")
    assert not verifies(new_secret(), headers)


def test_text_beyond_ascii_is_signed_as_it_is_sent() -> None:
    secret, payload = new_secret(), '{"field": "Zürich 🛰"}'.encode()

    assert verifies(secret, dict(signed_headers("m1", payload, [secret], datetime.now(UTC))), payload)


def test_an_instant_of_another_zone_is_the_same_instant() -> None:
    secret, now = new_secret(), datetime.now(UTC)
    elsewhere = now.astimezone(timezone(timedelta(hours=9)))

    assert signed_headers("m1", PAYLOAD, [secret], elsewhere) == signed_headers("m1", PAYLOAD, [secret], now)


def test_each_secret_that_signs_has_a_signature() -> None:
    old, new = new_secret(), new_secret()
    headers = dict(signed_headers("m1", PAYLOAD, [new, old], datetime.now(UTC)))

    assert verifies(old, headers)
    assert verifies(new, headers)
    assert len(headers["webhook-signature"].split(" ")) == 2


def test_a_secret_that_was_replaced_signs_for_a_day_longer() -> None:
    now = datetime.now(UTC)
    webhook = webhook_of("http://example.test/", secrets=[("old", None)])
    rotated = webhook.rotated("new", now)

    assert rotated.signing(now) == ["new", "old"]
    assert rotated.signing(now + OLD_SECRET_SIGNS_FOR - timedelta(seconds=1)) == ["new", "old"]
    assert rotated.signing(now + OLD_SECRET_SIGNS_FOR) == ["new"]
    assert webhook.signing(now) == ["old"]


def test_replacing_a_secret_again_prolongs_no_older_one() -> None:
    now = datetime.now(UTC)
    twice = webhook_of("http://example.test/", secrets=[("1", None)]).rotated("2", now).rotated("3", now + DAY / 2)

    assert twice.signing(now + DAY / 2) == ["3", "2", "1"]
    assert twice.signing(now + DAY) == ["3", "2"]
    assert twice.rotated("4", now + 3 * DAY).secrets == [("4", None), ("3", now + 4 * DAY)]


def test_replacing_a_secret_again_and_again_keeps_few() -> None:
    now = datetime.now(UTC)
    webhook = webhook_of("http://example.test/", secrets=[("0", None)])
    for number in range(1, 50):
        webhook = webhook.rotated(str(number), now)

    assert webhook.signing(now) == [str(number) for number in range(49, 49 - MAX_SECRETS, -1)]


@pytest.mark.parametrize("show", [repr, str])
def test_no_secret_is_shown_by_accident(show: type) -> None:
    webhook = webhook_of("http://example.test/")
    [(secret, _)] = webhook.secrets

    assert secret not in show(webhook)

"""`/.well-known/security.txt`, as RFC 9116 has it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.setting_types import HTTPS_URL, SECURITY_CONTACTS
from tests.conftest import Build
from tests.fakes import FakeClock

PATH = "/.well-known/security.txt"


def test_without_a_contact_there_is_none(client: FlaskClient) -> None:
    answer = client.get(PATH)

    assert (answer.status_code, answer.json["code"]) == (404, "not_found")
    assert "INVENTORY_SECURITY_CONTACT" in answer.json["detail"]


@pytest.mark.parametrize("access", Mode)
def test_it_names_the_contacts_to_everybody(
    make_services: Build, settings: Settings, clock: FakeClock, access: Mode
) -> None:
    contacts = ("mailto:security@example.com", "https://example.com/report", "tel:+1-201-555-0123")
    told = {"security_contact": contacts, "security_policy": "https://example.com/policy"}
    services = make_services(replace(settings, access=access, public_url="https://inventory.example.com/", **told))

    answer = create_app(services=services).test_client().get(PATH)

    assert (answer.status_code, answer.content_type) == (200, "text/plain; charset=utf-8")
    fields = [line.partition(": ")[::2] for line in answer.text.splitlines()]
    assert [value for name, value in fields if name == "Contact"] == list(contacts)
    assert {name: value for name, value in fields if name != "Contact"} == {
        "Expires": "2026-07-30T00:00:00Z",
        "Canonical": "https://inventory.example.com/.well-known/security.txt",
        "Policy": "https://example.com/policy",
    }
    expires = datetime.fromisoformat(dict(fields)["Expires"])
    assert timedelta() < expires - clock() < timedelta(days=365)
    assert answer.text.endswith("\n")


def test_a_url_without_tls_is_not_named(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, security_contact=("tel:+1",), public_url="http://inventory.example.com"))

    text = create_app(services=services).test_client().get(PATH).text

    assert "Canonical" not in text
    assert "Policy" not in text


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("mailto:a@b.c", ("mailto:a@b.c",)),
        ("https://a.example/x?y, tel:+1-2", ("https://a.example/x?y", "tel:+1-2")),
        ("http://a.example/", None),
        ("a@b.c", None),
        ("mailto:a@b.c\nExpires: 2000-01-01T00:00:00Z", None),
        ("mailto:a b@c", None),
        ("tel:call me", None),
    ],
)
def test_a_contact_is_an_address_of_mail_a_page_or_a_telephone(text: str, read: tuple[str, ...] | None) -> None:
    if read is None:
        with pytest.raises(ValueError, match="match"):
            SECURITY_CONTACTS.parse(text)
    else:
        assert SECURITY_CONTACTS.parse(text) == read


def test_the_policy_is_read_by_tls() -> None:
    assert HTTPS_URL.parse("https://a.example/") == "https://a.example/"
    with pytest.raises(ValueError, match="match"):
        HTTPS_URL.parse("http://a.example/")

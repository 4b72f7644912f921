"""The recipe of docs/access.md: oauth2-proxy in front, which sends one key for everybody and says who somebody is.

The headers are those that oauth2-proxy 7.15.6 with that recipe sent on, as a server in the inventory's place received them.
Whatever a client had sent as `X-API-Key` or `X-Forwarded-Email`, also with underscores, was replaced; its `Authorization`,
its `X-Forwarded-…` and the cookie of oauth2-proxy were passed on.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from inventory.access.model import Mode
from inventory.config import Settings
from inventory.services import Services
from tests.conftest import Build
from tests.ui.logging_in import make_key

NAME = "inventory.example.com"
PERSON = "ann@example.com"
BROWSER = {
    "Host": NAME,
    "User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
    "Accept": "text/html,*/*;q=0.8",
    "Accept-Encoding": "identity",
    "Cookie": "_oauth2_proxy_csrf=; _oauth2_proxy=5h6o08S-oQtpXcRCFufQ7-35DRaRjxR3i7xMtQMJGmyza0=|1795964355|bGerRRTpzP8=",
    "Sec-Fetch-Mode": "navigate",
    "Sec-Fetch-Site": "none",
    "X-Forwarded-Email": PERSON,
    "X-Forwarded-For": "127.0.0.1",
}
WITH_MORE = {
    "Authorization": "Bearer inv_live_MINE",
    "X-Forwarded-For": "8.8.8.8, 127.0.0.1",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
}
"""What it passed on of a client that tried to be somebody else."""
OWN_SCRIPT = {"Origin": f"http://{NAME}", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Mode": "cors", "Content-Length": "0"}
OTHER_SITES = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Sec-Fetch-Site": "cross-site", "Origin": "http://evil.example"},
]


@pytest.fixture
def services(make_services: Build, settings: Settings) -> Services:
    return make_services(replace(settings, access=Mode.KEYS, allowed_hosts=(NAME,)))


@pytest.fixture
def sent(services: Services) -> dict[str, str]:
    """The headers, with the key of the recipe."""
    key = make_key(services, "read", "collect", "import", name="people", user_header="X-Forwarded-Email")
    return BROWSER | {"X-Api-Key": key}


@pytest.mark.parametrize("more", [{}, WITH_MORE], ids=["a person", "one who tries to be another"])
@pytest.mark.parametrize("path", ["/jobs", "/", "/docs/"])
def test_a_page_shows_the_person_and_no_way_out_because_that_is_the_proxys(
    client: FlaskClient, sent: dict[str, str], path: str, more: dict[str, str]
) -> None:
    answer = client.get(path, headers=sent | more)

    assert answer.status_code == 200
    assert PERSON in answer.text
    assert "/login" not in answer.text


@pytest.mark.parametrize("more", [{}, WITH_MORE], ids=["a person", "one who tries to be another"])
def test_the_key_of_the_proxy_decides_what_is_allowed(
    client: FlaskClient, sent: dict[str, str], more: dict[str, str]
) -> None:
    assert client.get("/api/v1/records", headers=sent | more).status_code == 200
    assert client.post("/api/v1/products/runs", headers=sent | more | OWN_SCRIPT).status_code == 202
    assert client.delete("/api/v1/history", headers=sent | more | OWN_SCRIPT).json["code"] == "out_of_scope"


def test_a_script_of_ours_needs_no_token_because_the_key_is_in_a_header(client: FlaskClient, sent: dict[str, str]) -> None:
    assert "X-CSRFToken" not in client.get("/docs/", headers=sent).text
    assert client.post("/api/v1/products/runs", headers=sent | OWN_SCRIPT).status_code == 202


@pytest.mark.parametrize("site", OTHER_SITES)
def test_a_page_of_another_site_has_no_effect_although_the_proxy_adds_the_key(
    client: FlaskClient, sent: dict[str, str], site: dict[str, str]
) -> None:
    assert client.post("/api/v1/products/runs", headers=sent | OWN_SCRIPT | site).json["code"] == "foreign_origin"
    lookup = client.get("/api/v1/metadata?url=http://a.test/", headers=sent | site)
    assert lookup.json["code"] == "not_in_inventory"


def test_past_the_proxy_the_name_of_a_person_is_worth_nothing(client: FlaskClient) -> None:
    answer = client.get("/api/v1/records", headers=BROWSER | {"X-Forwarded-Email": "boss@example.com"})

    assert (answer.status_code, answer.json["code"]) == (401, "key_required")


def test_the_name_that_people_use_has_to_be_listed(client: FlaskClient, sent: dict[str, str]) -> None:
    assert client.get("/jobs", headers=sent | {"Host": "other.example.com"}).status_code == 421

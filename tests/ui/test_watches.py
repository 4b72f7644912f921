"""The pages of watches: what they show, the form with what is wrong beside its fields, and each step without script."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.access.model import Mode
from inventory.clock import MILLISECOND
from inventory.config import Settings
from inventory.services import Services
from inventory.ui.watches.members import fields_of, members_from
from inventory.watches import watch_file
from inventory.watches.model import GATHER
from tests.access.guarded import Guarded
from tests.changes.fleet_of_pages import DAY, Fleet
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb
from tests.ui.logging_in import BROWSER, log_in, make_key, token_of
from tests.ui.page_of import addresses, texts

API = "/api/v1/watches"
EVIL = "<script>alert(1)</script>\u202e"
FORM = {
    "name": "prod headers",
    "query": "port:443",
    "every": "2",
    "every_unit": "hours",
    "on": ["changes", "fails"],
    "fields": "header.*, title",
    "persist": "1",
    "cooldown": "5",
    "cooldown_unit": "minutes",
    "expires_within": "30",
    "file": "prod",
}
URL = "https://hooks.test/inventory"


def post(client: FlaskClient, path: str, **fields: Any) -> TestResponse:
    return client.post(path, data=fields, headers=BROWSER)


def made(client: FlaskClient, **fields: Any) -> str:
    """The path of the page of a watch that the form makes."""
    answer = post(client, "/watches", **FORM | fields)
    assert answer.status_code == 303, texts(answer.text)
    return answer.headers["Location"]


def api_of(client: FlaskClient, path: str) -> dict[str, Any]:
    return dict(client.get(f"/api/v1{path}").json)


@pytest.fixture
def told(client: FlaskClient, services: Services, web: FakeWeb, clock: FakeClock) -> str:
    """The page of a watch that has told of a title on two targets."""
    fleet = Fleet(client, web, clock)
    urls = fleet.add(3)
    fleet.collect()
    path, work = made(client, fields="title"), services.watch_work
    work.looker.look()
    clock.forward(DAY)
    for url in urls[:2]:
        fleet.pages[url].title = EVIL
    fleet.collect()
    work.looker.look()
    clock.now += GATHER + MILLISECOND
    assert work.composer.compose_next()
    return path


def test_the_form_makes_the_watch_that_the_api_would(client: FlaskClient) -> None:
    path = made(client)

    watch = api_of(client, path)
    assert (watch["name"], watch["query"]) == ("prod headers", "port:443")
    assert (watch["every"], watch["cooldown"], watch["persist"], watch["expires_within"]) == (7_200, 300, 1, 30)
    assert (watch["on"], watch["fields"], watch["file"]) == (["changes", "fails"], ["header.*", "title"], ["prod"])
    shown = texts(client.get(path).text)
    for fact in (
        "active",
        "port:443",
        "2 hours",
        "changes, fails",
        "header.*, title",
        "file prod.jsonl",
        "told nothing yet",
    ):
        assert fact in shown


def test_the_form_of_a_watch_sent_as_it_is_changes_nothing(client: FlaskClient) -> None:
    asked = {"name": "x", "query": "", "every": None, "cooldown": 0, "on": ["expires"], "webhook": [URL], "file": ["a", "b"]}
    watch = client.post(API, json=asked).json
    fields = fields_of(watch)

    form = {name: getattr(fields, name) for name in fields.__dataclass_fields__}
    answer = post(client, f"/watches/{watch['id']}/edit", **form)

    assert answer.status_code == 303
    assert api_of(client, f"/watches/{watch['id']}")["changed_at"] == watch["changed_at"]
    assert members_from(fields)["webhook"] == watch["webhook"]


def test_a_change_is_what_the_form_says(client: FlaskClient) -> None:
    path = made(client)

    edited = client.get(f"{path}/edit").text
    assert 'value="header.*, title"' in edited
    assert 'value="2"' in edited
    assert post(client, f"{path}/edit", **FORM | {"every": "", "fields": "", "file": "", "on": "leaves"}).status_code == 303

    watch = api_of(client, path)
    assert (watch["every"], watch["fields"], watch["file"], watch["on"]) == (None, [], [], ["leaves"])


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", "", "1 to 200 printable characters"),
        ("query", "sever:x", "is not a field"),
        ("every", "1.5", "Send whole seconds"),
        ("every", "500", "Send whole seconds"),
        ("on", [], "Send one of these at least"),
        ("fields", "nothing", "is not a field"),
        ("persist", "21", "1 to 20"),
        ("cooldown", "x", "Send whole seconds"),
        ("expires_within", "0", "1 to 398"),
        ("other_webhooks", "ftp://x.test/", "http"),
        ("other_webhooks", "0" * 32, "There is no webhook"),
        ("email", "no address", "e-mail address"),
        ("file", "../x", "without a path"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(client: FlaskClient, field: str, value: Any, said: str) -> None:
    answer = post(client, "/watches", **FORM | {"every_unit": "days", field: value})
    member = "webhook" if field == "other_webhooks" else field

    assert 400 <= answer.status_code < 500
    beside = answer.text.partition(f'id="wrong-{member}">')[2].partition("</p>")[0]
    assert said in texts(beside)
    assert f"wrong-{member}" in answer.text.partition("aria-invalid")[2]
    assert 'value="prod headers"' in answer.text or field == "name"
    assert client.get(API).json["watches"] == []


def test_a_name_that_another_has_is_said_beside_it_and_what_was_written_stays(client: FlaskClient) -> None:
    made(client)
    other = made(client, name="other")

    for path in ("/watches", f"{other}/edit"):
        answer = post(client, path, **FORM | {"fields": "script.host"})
        assert answer.status_code == 409
        assert "Another watch has the name" in answer.text.partition('id="wrong-name">')[2]
        assert 'value="script.host"' in answer.text


def test_the_secret_of_a_new_webhook_is_shown_this_once(client: FlaskClient, services: Services) -> None:
    answer = post(client, "/watches", **FORM | {"other_webhooks": URL})

    assert answer.status_code == 201
    assert answer.headers["Cache-Control"] == "no-store"
    [webhook] = services.webhooks.listing(limit=9, after=None)
    [secret] = webhook.signing(services.webhooks.clock())
    assert secret in answer.text
    path = answer.headers["Location"]
    assert path in addresses(answer.text)
    assert secret not in client.get(path).text
    assert URL in texts(client.get(path).text)
    assert f'value="{webhook.id}" checked' in client.get(f"{path}/edit").text
    assert f'value="{webhook.id}">' in client.get("/watches/new").text
    assert post(client, f"{path}/edit", **FORM | {"webhook": webhook.id}).status_code == 303
    assert api_of(client, path)["webhook"] == [webhook.id]


def test_a_watch_is_paused_and_resumed(client: FlaskClient) -> None:
    path = made(client)

    for action, state in (("pause", "paused"), ("resume", "active")):
        assert f"{path}/{action}" in addresses(client.get(path).text, "action")
        answer = post(client, f"{path}/{action}")
        assert (answer.status_code, answer.headers["Location"]) == (303, path)
        assert state in texts(client.get(path).text)
        assert f">{state}<" in client.get("/watches").text


def test_to_delete_a_watch_takes_a_second_step(client: FlaskClient) -> None:
    path = made(client)

    asking = client.get(f"{path}/delete")
    assert client.get(path).status_code == 200
    [action] = addresses(asking.text, "action")
    assert post(client, action).headers["Location"] == "/watches"
    assert client.get(path, headers=BROWSER).status_code == 404
    assert "There are none yet" in client.get("/watches").text


def test_a_watch_shows_its_messages_and_each_leads_to_its_findings(client: FlaskClient, told: str) -> None:
    watch = client.get(told).text

    assert "2 findings on 2 targets" in texts(watch)
    assert f"{told}/messages/1" in addresses(watch)
    [changes] = [each for each in addresses(watch) if each.startswith("/changes?")]
    assert "<strong>2 targets</strong>" in client.get(changes.replace("/changes?", "/changes/groups?")).text
    message = client.get(f"{told}/messages/1").text
    links = addresses(message)
    assert len([each for each in links if each.startswith("/record?")]) == 2
    assert len([each for each in links if each.startswith("/diff?")]) == 2
    assert any(each.startswith("/search?q=port%3A443+title.exact") for each in links)
    for found in (watch, message):
        assert "<script>alert" not in found
        assert "\u202e" not in found
        assert "alert(1)&lt;/script&gt;\\u202e" in found


def test_findings_and_messages_come_in_pages(client: FlaskClient, told: str) -> None:
    first = client.get(f"{told}/messages/1?limit=1").text

    [following] = [each for each in addresses(first) if "cursor=" in each]
    assert "cursor=" not in " ".join(addresses(client.get(following).text))
    assert client.get(f"{told}?cursor=x", headers=BROWSER).status_code == 422


def test_a_message_is_sent_again(client: FlaskClient, services: Services, told: str) -> None:
    path = f"{told}/messages/1"
    [delivery] = api_of(client, path)["deliveries"]
    assert "pending" in texts(client.get(path).text)

    [action] = addresses(client.get(path).text, "action")
    assert action.endswith(f"{delivery['id']}/again")
    answer = post(client, action)
    assert (answer.status_code, answer.headers["Location"]) == (303, path)
    assert post(client, action.replace(delivery["id"], "0" * 32)).status_code == 404


def test_what_a_watch_would_have_told_is_shown_and_nothing_is_sent(client: FlaskClient, told: str) -> None:
    shown = client.get(f"{told}/test?days=7").text

    assert "1 message with 2 findings" in texts(shown)
    assert len([each for each in addresses(shown) if each.startswith("/record?")]) == 2
    assert api_of(client, told)["messages"] == 1
    for days in ("0", "91", "x"):
        answer = client.get(f"{told}/test?days={days}", headers=BROWSER)
        assert answer.status_code == 422
        assert 'role="alert"' in answer.text


def test_watches_are_exported_as_the_file_that_can_be_applied(client: FlaskClient) -> None:
    client.post(API, json={"name": "a: b", "query": "", "webhook": URL})
    path = made(client)

    answer = client.get("/watches/export.yaml")
    assert answer.mimetype == "application/yaml"
    assert [each.name for each in watch_file.read(answer.text)] == ["a: b", "prod headers"]
    assert URL in answer.text
    one = client.get(path).text.partition("For a file of watches")[2]
    assert "name: prod headers" in one


def test_a_watch_that_there_is_not_is_a_page_too(client: FlaskClient) -> None:
    for path in ("", "/edit", "/delete", "/test", "/messages/1"):
        answer = client.get(f"/watches/{'0' * 32}{path}", headers=BROWSER)
        assert answer.status_code == 404
        assert "There is no watch" in answer.text


def test_a_query_can_be_brought_along_to_the_form(client: FlaskClient) -> None:
    assert 'value="tag:&#34;a b&#34;"' in client.get('/watches/new?query=tag:"a b"').text


def test_a_limited_key_sees_and_makes_what_is_within_its_limits(
    make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock
) -> None:
    guarded = Guarded(make_services(replace(settings, access=Mode.KEYS)), web, clock)
    for name, key in (("ours", guarded.key("watch:a.test")), ("theirs", guarded.key("watch:b.test"))):
        guarded.ask(key, "/watches", method="POST", status=201, json={"name": name, "query": "", "webhook": f"{URL}/{name}"})
    ours = guarded.key("watch:a.test")

    listed = guarded.client.get("/watches", headers=ours).text
    assert "ours" in listed
    assert "theirs" not in listed
    assert "/webhooks" not in addresses(listed)
    assert URL not in guarded.client.get("/watches/new", headers=ours).text
    answer = guarded.client.post("/watches", headers=ours, data=FORM | {"other_webhooks": f"{URL}/theirs"})
    assert answer.status_code == 403
    assert 'id="wrong-webhook"' in answer.text


def test_a_browser_that_logged_in_needs_the_token_of_the_form(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access=Mode.KEYS))
    client = create_app(services=services).test_client()
    log_in(client, make_key(services, "watch"))

    assert post(client, "/watches", **FORM).status_code == 403
    assert 'name="csrf_token"' in client.get("/watches/new").text
    assert post(client, "/watches", **FORM, csrf_token=token_of(client)).status_code == 303


HALF = "a\ud800b"
"""Half of a surrogate pair, which no route takes any more."""


def test_a_watch_that_was_kept_with_half_a_character_is_shown_with_its_escape(
    client: FlaskClient, services: Services
) -> None:
    path = made(client)
    seen = services.store.watches.find(path.rpartition("/")[2])
    assert seen is not None
    kept = replace(seen, name=HALF, query=f'title:"{HALF}"', fields=HALF)
    services.store.watches.delete(seen.id)
    services.store.watches.add(kept, at_most=10)

    for page in ("/watches", path, f"{path}/edit", f"{path}/delete", "/watches/export.yaml"):
        assert client.get(page, headers=BROWSER).status_code == 200, page
    assert client.get(f"{path}/test", headers=BROWSER).status_code == 422
    assert r"a\ud800b" in client.get("/watches").text
    assert client.get(f"{API}/{seen.id}").status_code == 200

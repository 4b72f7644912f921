"""Where keys count, the dashboard is for who has one with the scope `admin`, as a password, in a header, or by a login."""

from __future__ import annotations

import subprocess
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from werkzeug.test import Client

from inventory import dashboard, wiring
from inventory.access.key_text import digest_of, new_key_text
from inventory.access.model import Key, Mode, Scope, Verb
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.local_stack.redis_server import find_server
from inventory.notifier import Notifier, connect
from inventory.wiring.access import browser_sessions
from tests.end_to_end.stack import Stack, free_port, stack, wait_until

COOKIE = "inventory_session"
PAGES = ["/", "/0/view/jobs", "/0/data/queues.json", "/static/css/main.css", "/nowhere"]


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    with stack() as running:
        running.start("redis")
        yield running


@pytest.fixture(params=[Mode.KEYS, Mode.READONLY_OPEN])
def settings(request: pytest.FixtureRequest, running: Stack, tmp_path: Path) -> Settings:
    return Settings(redis_url=running.redis_url, data_dir=tmp_path, access=request.param)


@pytest.fixture
def keys(settings: Settings) -> dict[str, str]:
    """Texts of keys, by what is special about them."""
    store = wiring.open_store(settings)
    store.prepare()
    now, made = utc_now(), {}
    for name, verb, changes in [
        ("admin", Verb.ADMIN, {}),
        ("reader", Verb.READ, {}),
        ("expired", Verb.ADMIN, {"expires_at": now - timedelta(seconds=1)}),
        ("revoked", Verb.ADMIN, {"revoked_at": now}),
    ]:
        made[name] = new_key_text()
        digest = digest_of(made[name])
        scopes = [Scope(verb=verb)]
        store.keys.add(Key(id=digest[:32], name=name, digest=digest, scopes=scopes, created_at=now, **changes))
    store.close()
    return made | {"unknown": new_key_text(), "mistyped": made["admin"][:-1] + "!", "nothing": ""}


@pytest.fixture
def client(settings: Settings, keys: dict[str, str]) -> Client:
    return Client(dashboard.application(settings))


def basic(password: str, user: str = "anybody") -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"}


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("key", [None, "reader", "expired", "revoked", "unknown", "mistyped", "nothing"])
def test_without_a_key_for_it_nothing_is_shown_and_a_browser_asks(
    client: Client, keys: dict[str, str], path: str, key: str | None
) -> None:
    answer = client.get(path, headers={} if key is None else basic(keys[key]))

    assert answer.status_code == 401
    assert answer.headers["WWW-Authenticate"] == 'Basic realm="Inventory", charset="UTF-8"'
    assert "/login" in answer.json["detail"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not key or not keys[key] or keys[key] not in answer.text


@pytest.mark.parametrize("button", ["/job/a-job/delete", "/requeue/test", "/queue/test/failed/empty"])
def test_neither_is_anything_changed(client: Client, button: str) -> None:
    assert client.post(button).status_code == 401


def audited(settings: Settings) -> list[tuple[str | None, str, str, str, str]]:
    with closing(wiring.open_store(settings)) as store:
        names = dict.fromkeys(("key_id", "address", "action", "since", "until"))
        entries = store.audit.listing(**names, limit=9, after=None)
        return sorted((each.key_name, each.action, each.target, each.outcome, each.request_id) for each in entries)


def test_the_audit_has_who_pressed_what_and_what_came_of_it(
    settings: Settings, client: Client, keys: dict[str, str]
) -> None:
    named = [{"X-Request-ID": f"the-{number}-request"} for number in range(9)]
    client.get("/", headers=basic(keys["admin"]))
    emptied = client.post("/queue/test/failed/empty", headers=basic(keys["admin"]) | named[0])
    client.post("/queue/test/failed/empty?token=secret", headers={"X-API-Key": keys["admin"]} | named[1])
    client.post("/job/none/delete", headers=basic(keys["admin"]) | named[2])
    refused = client.post("/job/none/delete", headers=basic(keys["reader"]) | named[3])
    client.get("/", headers=basic(keys["reader"]) | named[4])
    client.post("/job/none/delete", headers=basic(keys["revoked"]))
    client.post("/job/none/delete")
    client.post("/job/none/delete", headers=basic(keys["admin"]) | {"Sec-Fetch-Site": "cross-site"})

    assert emptied.headers["X-Request-ID"] == "the-0-request"
    assert refused.headers["X-Request-ID"] == "the-3-request"
    assert client.post("/nowhere", headers=basic(keys["admin"]) | named[5]).status_code == 404
    assert client.get("/requeue/none", headers=basic(keys["admin"]) | named[6]).status_code == 200
    assert audited(settings) == [
        ("admin", "queue.change", "/job/none/delete", "done", "the-2-request"),
        ("admin", "queue.change", "/nowhere", "404", "the-5-request"),
        ("admin", "queue.change", "/queue/test/failed/empty", "done", "the-0-request"),
        ("admin", "queue.change", "/queue/test/failed/empty", "done", "the-1-request"),
        ("admin", "queue.change", "/requeue/none", "done", "the-6-request"),
        ("reader", "queue.change", "/job/none/delete", "out_of_scope", "the-3-request"),
        ("reader", "queue.read", "/", "out_of_scope", "the-4-request"),
    ]


@pytest.mark.parametrize("user", ["", "anybody", "ü"])
def test_a_key_with_admin_is_the_password_whatever_the_user(client: Client, keys: dict[str, str], user: str) -> None:
    for path in ("/", "/0/data/queues.json"):
        assert client.get(path, headers=basic(keys["admin"], user)).status_code == 200


def test_the_headers_of_the_api_do_too(client: Client, keys: dict[str, str]) -> None:
    assert client.get("/", headers={"Authorization": f"Bearer {keys['admin']}"}).status_code == 200
    assert client.get("/", headers={"X-API-Key": keys["admin"]}).status_code == 200
    assert client.get("/", headers={"X-API-Key": keys["reader"]}).status_code == 401


def test_so_does_the_cookie_of_a_login_at_the_api(settings: Settings, client: Client, keys: dict[str, str]) -> None:
    store = wiring.open_store(settings)
    sessions = browser_sessions(store, utc_now)
    made = {name: sessions.begin(digest_of(keys[name])) for name in ("admin", "reader", "revoked", "unknown")}
    store.close()

    statuses = {}
    for name, cookie in (made | {"forged": made["admin"][:-2] + "xx"}).items():
        client.set_cookie(COOKIE, cookie)
        statuses[name] = client.get("/").status_code
    assert statuses == {"admin": 200, "reader": 401, "revoked": 401, "unknown": 401, "forged": 401}


def test_a_link_on_a_page_of_the_api_leads_to_it(settings: Settings, client: Client, keys: dict[str, str]) -> None:
    store = wiring.open_store(settings)
    client.set_cookie(COOKIE, browser_sessions(store, utc_now).begin(digest_of(keys["admin"])))
    store.close()
    site = {"Sec-Fetch-Site": "same-site"}

    assert client.get("/", headers=site | {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}).status_code == 200
    assert client.get("/", headers=site | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}).status_code == 401


@pytest.mark.parametrize("mine", [True, False])
def test_another_site_presses_no_button_of_who_is_logged_in(client: Client, keys: dict[str, str], mine: bool) -> None:
    site = {"Sec-Fetch-Site": "same-origin" if mine else "same-site"}
    answer = client.post("/queue/test/failed/empty", headers=basic(keys["admin"]) | site)

    assert answer.status_code == (200 if mine else 403)


@pytest.mark.parametrize("access", Mode)
def test_whether_it_lives_needs_no_key(running: Stack, tmp_path: Path, access: Mode) -> None:
    client = Client(dashboard.application(Settings(redis_url=running.redis_url, data_dir=tmp_path, access=access)))

    assert client.get("/healthz").json == {"status": "alive"}


def test_its_own_login_does_not_count_where_keys_do(
    settings: Settings, keys: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RQ_DASHBOARD_USERNAME", "me")
    monkeypatch.setenv("RQ_DASHBOARD_PASSWORD", "secret")
    client = Client(dashboard.application(settings))

    assert client.get("/", headers=basic("secret", "me")).status_code == 401
    assert client.get("/", headers=basic(keys["admin"])).status_code == 200


def test_a_store_that_is_away_is_said(running: Stack, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    nowhere = f"sqlite:///{tmp_path}/file/store"
    client = Client(dashboard.application(Settings(redis_url=running.redis_url, store_url=nowhere, access=Mode.KEYS)))

    answer = client.get("/", headers=basic(new_key_text()))

    assert (answer.status_code, answer.json["code"]) == (503, "storage_unavailable")
    assert "file/store" not in answer.text


def test_a_redis_with_a_password_is_reached_by_dashboard_and_queue_and_by_nobody_without(tmp_path: Path) -> None:
    port, password = free_port(), "p@ss/:% ü#?"
    command = [find_server(), "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--requirepass", password]
    settings = Settings(redis_url=f"redis://127.0.0.1:{port}/0", redis_password=password, data_dir=tmp_path)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=tmp_path) as server:
        try:
            within, without = (connect(url, socket_timeout=1) for url in (settings.redis, settings.redis_url))
            wait_until(Notifier(within, job_timeout=60).ping, "Redis answers")
            assert Notifier(within, job_timeout=60).wake_worker("a" * 32, "http://a.test/")
            assert not Notifier(without, job_timeout=60).ping()
            queues = Client(dashboard.application(settings)).get("/0/data/queues.json")
            assert [(each["name"], each["count"]) for each in queues.json["queues"]] == [("collect", 1)]
            assert "p@ss" not in queues.text
            within.close()
            without.close()
        finally:
            server.terminate()

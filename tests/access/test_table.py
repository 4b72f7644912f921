"""Each route, asked by everybody: in each mode without a key, with each kind of wrong key, with a right one, and limited."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from hashlib import sha256
from io import BytesIO
from itertools import product
from typing import Any

import pytest
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.access.key_text import new_key_text
from inventory.access.model import Mode, Verb
from inventory.config import Settings
from inventory.records.model import Attachment, RecordFilter
from inventory.services import Services
from inventory.web_api import needs
from tests.access.guarded import API, Guarded, Headers
from tests.access.table import OUT_OF_SCOPE, PUBLIC, TABLE, Line, request_of
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb
from tests.jobs.actions import work_to_the_end

UNUSABLE = {
    "no key": "key_required",
    "wrong checksum": "invalid_key",
    "no key at all": "invalid_key",
    "unknown": "invalid_key",
    "expired": "expired_key",
    "revoked": "revoked_key",
}
"""What is wrong with a key, and the code of what it is answered with."""
CERTIFICATE = bytes.fromhex("30143012" + "020100" * 6)
"""As much of one as its form has."""
BEARER = 'Bearer realm="inventory"'
CHALLENGES = {
    "key_required": BEARER,
    **dict.fromkeys(("invalid_key", "expired_key", "revoked_key"), f'{BEARER}, error="invalid_token"'),
    "out_of_scope": f'{BEARER}, error="insufficient_scope", scope="',
}
SAFE = ("GET", "HEAD", "WS")


@dataclass(frozen=True, kw_only=True)
class World:
    """An app with something for each route to find, and keys of which each has something wrong."""

    guarded: Guarded
    names: Mapping[str, str]
    unusable: Mapping[str, Headers]

    def send(self, line: Line, key: Headers, **changed: Any) -> TestResponse:
        how = request_of(line, self.names) | changed
        with self.guarded.client.open(headers=key | dict(how.pop("headers", {})), **how) as response:
            return response

    def state(self) -> Sequence[object]:
        """What requests may change."""
        store = self.guarded.services.store
        return [
            [(each.id, each.state, each.fence) for each in store.records.listing(RecordFilter(), limit=99, after=None)],
            [(each.id, each.status) for each in store.jobs.listing(None, limit=99, after=None)],
            store.watches.listing(limit=99, after=None),
            store.webhooks.listing(limit=99, after=None),
            [(each.id, each.revoked_at) for each in store.keys.listing(limit=99, after=None)],
            store.observations.values([self.names["record"]], ["tag"]),
            store.history.listing(None, limit=99, after=None),
        ]


def no_address(host: str) -> Sequence[str]:
    raise OSError(f"there is no network here, and no {host}")


@pytest.fixture
def mode() -> Mode:
    """The mode of the world, unless a test has it as a parameter."""
    return Mode.KEYS


@pytest.fixture
def world(mode: Mode, make_services: Build, settings: Settings, web: FakeWeb, clock: FakeClock) -> World:
    services = make_services(replace(settings, access=mode), resolve=no_address)
    guarded = Guarded(services, web, clock)
    unusable = _unusable_keys(guarded, clock)
    return World(guarded=guarded, names=_names(guarded, clock), unusable=unusable)


def _unusable_keys(guarded: Guarded, clock: FakeClock) -> Mapping[str, Headers]:
    expired = guarded.key("admin", expires_in=timedelta(seconds=1))
    clock.forward(2)
    revoked, text = guarded.services.keys.create("revoked", ["admin"])
    guarded.services.keys.revoke(revoked.id)
    right = guarded.admin["X-API-Key"]
    wrong = right[:-1] + ("a" if right[-1] != "a" else "b")
    keys = {"wrong checksum": wrong, "no key at all": "admin", "unknown": new_key_text(), "revoked": text}
    return {name: {"X-API-Key": text} for name, text in keys.items()} | {"expired": expired, "no key": {}}


def _names(guarded: Guarded, clock: FakeClock) -> Mapping[str, str]:
    """What the paths of the table name: all of it is on the host `a.test`, or belongs to keys that are limited to it."""
    services, url, body = guarded.services, "http://a.test/", b"<p>2</p>"
    guarded.collect(url, server="nginx")
    certificate = Attachment(sha256(CERTIFICATE).hexdigest(), CERTIFICATE)
    record = guarded.collect(url, server="caddy", body=body, attachments=(certificate,))
    guarded.ask(guarded.admin, "/weather", query_string={"city": "bern"})
    snapshots = guarded.ask(guarded.admin, "/metadata/snapshots", query_string={"url": url})["snapshots"]
    limited = guarded.key("import:a.test", "watch:a.test")
    finished = _import(guarded, limited, b"http://a.test/\n")
    work_to_the_end(services, clock, finished)
    watch = {"name": "w", "query": "", "file": "told"}
    key, _ = services.keys.create("a key", ["read"])
    webhook, _ = services.webhooks.create("https://hooks.test/")
    return {
        "record": record,
        "snapshot": snapshots[0]["id"],
        "body": sha256(body).hexdigest(),
        "certificate": certificate.sha256,
        "finished": finished,
        "job": _import(guarded, limited, b"http://a.test/2\n"),
        "watch": guarded.ask(limited, "/watches", method="POST", status=201, json=watch)["id"],
        "webhook": webhook.id,
        "key": key.id,
    }


def _import(guarded: Guarded, key: Headers, content: bytes) -> str:
    data = {"file": (BytesIO(content), "urls.txt")}
    return str(guarded.ask(key, "/imports?kind=urls", method="POST", status=202, data=data)["job_id"])


def lines() -> Any:
    return pytest.mark.parametrize("line", TABLE, ids=lambda each: each.name)


def code_of(response: TestResponse) -> str | None:
    return response.json.get("code") if response.mimetype == "application/problem+json" else None


def expect(response: TestResponse, line: Line) -> None:
    """That who asked may."""
    assert response.status_code in line.ok, f"{line.name}: {response.status} {response.text}"
    assert code_of(response) not in {*UNUSABLE.values(), "out_of_scope"}, line.name


def expect_refused(response: TestResponse, line: Line, status: int, code: str | None) -> None:
    """That an answer has this status and code, and says how to authenticate where that would help (RFC 6750, 3)."""
    assert response.status_code == status, f"{line.name}: {response.status} {response.text}"
    assert code is None or code_of(response) == code, f"{line.name}: {response.text}"
    challenge = response.headers.get("WWW-Authenticate", "")
    expected = CHALLENGES.get(code or "", "")
    assert challenge == expected if "scope" not in expected else challenge.startswith(expected), line.name


def test_each_route_has_its_line_and_no_line_is_without_a_route(services: Services) -> None:
    """A route that is added needs a line in `table`, or nobody knows who may ask it."""
    app = create_app(services=services)
    routes = {
        f"{'WS' if rule.websocket else method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }

    assert sorted(routes) == sorted(each.name for each in TABLE)
    assert all(each.verb == PUBLIC or Verb(each.verb) for each in TABLE)


def test_each_view_says_what_its_line_says(services: Services) -> None:
    app = create_app(services=services)
    said = needs.all_needs(app)
    of_lines = {each.name: each for each in TABLE}
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            line, need = of_lines[f"{'WS' if rule.websocket else method} {rule.rule}"], said[rule.endpoint, method]
            assert need is not None, f"{line.name} does not say what it needs"
            assert (need.verb, need.limited, need.other) == (line.verb, line.limited, line.other), line.name


@pytest.mark.parametrize("mode", [Mode.KEYS, Mode.READONLY_OPEN], ids=lambda mode: mode.value)
def test_without_a_usable_key_each_route_is_closed(mode: Mode, world: World) -> None:
    before = world.state()
    for line, (wrong, code) in product(TABLE, UNUSABLE.items()):
        response = world.send(line, world.unusable[wrong])
        is_read = wrong == "no key" and mode is Mode.READONLY_OPEN and line.verb == Verb.READ
        if line.verb == PUBLIC or is_read:
            expect(response, line)
        else:
            expect_refused(response, line, 401, code)
        if line.method == "GET":
            assert world.send(line, world.unusable[wrong], method="HEAD").status_code == response.status_code, line.name
    assert world.state() == before


@pytest.mark.parametrize("mode", [Mode.KEYS, Mode.READONLY_OPEN], ids=lambda mode: mode.value)
def test_keys_with_all_verbs_but_the_one_that_is_needed_open_nothing(mode: Mode, world: World) -> None:
    enough = {(line.verb or Verb.READ, line.other) for line in TABLE}
    keys = {verbs: world.guarded.key(*(each for each in Verb if each not in (*verbs, Verb.ADMIN))) for verbs in enough}
    before = world.state()
    for line in TABLE:
        response = world.send(line, keys[line.verb or Verb.READ, line.other])
        if line.verb == PUBLIC:
            expect(response, line)
        else:
            expect_refused(response, line, *OUT_OF_SCOPE)
    assert world.state() == before


@lines()
def test_a_key_opens_what_its_scopes_name(line: Line, world: World) -> None:
    key = world.guarded.key
    for verb in filter(None, (line.verb or Verb.READ, line.other)):
        if line.verb not in (PUBLIC, Verb.ADMIN):
            for beyond in ([f"{verb}:b.test", f"{verb}:*.a.test"], [f"{verb}:tag=other"]):
                expect_refused(world.send(line, key(*beyond)), line, *line.beyond)
            inside = world.send(line, key(f"{verb}:*.test"))
            if line.limited:
                expect(inside, line)
            else:
                expect_refused(inside, line, *OUT_OF_SCOPE)
        expect(world.send(line, key(verb)), line)
    expect(world.send(line, world.guarded.admin), line)


@lines()
@pytest.mark.parametrize("mode", [Mode.OPEN], ids=["open"])
def test_what_is_open_is_open_to_all(line: Line, mode: Mode, world: World) -> None:
    for wrong in UNUSABLE:
        expect(world.send(line, world.unusable[wrong]), line)
    expect(world.send(line, world.guarded.key("read:nowhere.test")), line)


def test_a_key_counts_in_either_header(world: World) -> None:
    text = world.guarded.admin["X-API-Key"]
    for line in TABLE:
        if line.verb == PUBLIC:
            continue
        for headers in ({"Authorization": f"Basic {text}"}, {"Authorization": text}, {"Cookie": f"key={text}"}):
            expect_refused(world.send(line, headers), line, 401, "key_required")
        for headers in ({"Authorization": f"Bearer {text}"}, {"authorization": f"bearer  {text}"}):
            if line.method in SAFE:
                expect(world.send(line, headers), line)


def test_what_is_no_route_and_what_no_route_answers_is_told_to_everybody(world: World) -> None:
    client = world.guarded.client
    assert client.get(f"{API}/nowhere").status_code == 404
    assert client.post(f"{API}/records").status_code == 405
    assert client.options(f"{API}/records").headers["Allow"]

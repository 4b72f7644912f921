"""Lookups of a URL alone are answered without WSGI and Flask, with the same answer as by Flask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import Headers
from werkzeug.test import TestResponse

from inventory import create_app, urls
from inventory.access.current import caller
from inventory.access.model import Caller, Mode
from inventory.config import Settings
from inventory.errors import SourceFailure, StorageUnavailable, Unstorable
from inventory.gunicorn_worker import plain_get
from inventory.records.model import Acceptance
from inventory.services import Services
from inventory.web_api import shortcut
from inventory.web_api.shortcut import Answer, Groupable, Later
from inventory.webpages.fast_lookup import URL_ONLY
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing

URL = "http://example.test/page"
AT = f"/api/v1/metadata?url={quote(URL, safe='')}"


@dataclass
class Answered:
    """What a client gets."""

    status: str
    headers: Headers
    data: bytes
    later: bool
    """Whether it was left to a thread."""

    @property
    def status_code(self) -> int:
        return int(self.status[:3])

    @property
    def json(self) -> Any:
        return json.loads(self.data)


class Server:
    """A server that has read the head of a request and asks the shortcut of the application, as our worker does."""

    def __init__(self, app: Flask, mounted_at: str = "") -> None:
        self.shortcut: shortcut.Shortcut = app.extensions[shortcut.KEY](mounted_at=mounted_at)

    def get(self, path: str, headers: dict[str, str] | None = None, *, at_once: bool = True) -> Answered:
        """The answer; a request that is left to WSGI is a failure."""
        asked = self._ask(path, headers, at_once=at_once)
        later = not isinstance(asked, Answer)
        if isinstance(asked, Groupable):
            answer = self.shortcut.answer_group([asked])[0]
        else:
            answer = asked if isinstance(asked, Answer) else asked()
        return self._answered(answer, later=later)

    def get_together(self, paths: Sequence[str], headers: dict[str, str] | None = None) -> list[Answered]:
        """The answers to requests that one thread answers together."""
        asked = [self._ask(path, headers, at_once=True) for path in paths]
        answers = self.shortcut.answer_group([each for each in asked if isinstance(each, Groupable)])
        assert len(answers) == len(paths)
        return [self._answered(answer, later=True) for answer in answers]

    def _ask(self, path: str, headers: dict[str, str] | None, *, at_once: bool) -> Answer | Later | Groupable:
        lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **(headers or {})}.items())
        request = plain_get.read(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        assert request is not None
        asked = self.shortcut(*request, peer="127.0.0.1", at_once=at_once)
        assert asked is not None
        return next(self.shortcut.answer_known([asked])) if isinstance(asked, Groupable) else asked

    def ask(self, path: str, headers: dict[str, str]) -> Groupable:
        """A request that is to be answered at once."""
        lines = "".join(f"{name}: {value}\r\n" for name, value in {"Host": "localhost", **headers}.items())
        request = plain_get.read(f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
        assert request is not None
        asked = self.shortcut(*request, peer="127.0.0.1", at_once=True)
        assert isinstance(asked, Groupable)
        return asked

    def _answered(self, answer: Answer, *, later: bool) -> Answered:
        self.shortcut.account([answer])
        fields = Headers([tuple(line.split(": ", 1)) for line in answer.fields.splitlines()])  # type: ignore[arg-type]
        return Answered(answer.status, fields, answer.body, later)


@pytest.fixture
def client(client: FlaskClient, services: Services) -> FlaskClient:
    client.get(AT)
    services.collector.collect_due(slots=4, stopping=lambda: False)
    return client


@pytest.fixture
def server(client: FlaskClient) -> Server:
    return Server(client.application)


@pytest.fixture
def both_ways(client: FlaskClient, server: Server) -> Any:
    """The answers without WSGI and by Flask."""

    def ask(**headers: str) -> tuple[Answered, TestResponse]:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return server.get(AT, sent), client.get(AT, headers=sent)

    return ask


def test_status_headers_and_body_are_those_of_the_application(both_ways: Any) -> None:
    fast, flask = both_ways(X_Request_ID="mine")

    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert sorted(fast.headers) == sorted(flask.headers)
    assert fast.headers["X-Request-ID"] == "mine"


@pytest.mark.parametrize("form", ['"{}"', 'W/"{}"', '"other", "{}"', "*", '"other"', "nonsense"])
def test_what_the_caller_has_is_compared_alike(client: FlaskClient, both_ways: Any, form: str) -> None:
    etag = client.get(AT).headers["ETag"].strip('"')

    fast, flask = both_ways(X_Request_ID="mine", If_None_Match=form.format(etag))

    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert sorted(fast.headers) == sorted(flask.headers)
    assert fast.status_code == (200 if form in ('"other"', "nonsense") else 304)


def test_an_id_is_made_and_the_line_is_logged_as_ever(both_ways: Any, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()

    fast, flask = both_ways(X_Request_ID="not an id")

    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["request_id"] for line in lines] == [fast.headers["X-Request-ID"], flask.headers["X-Request-ID"]]
    assert list(lines[0]) == list(lines[1])
    assert [lines[0][name] for name in ("event", "method", "path", "status")] == ["request", "GET", "/api/v1/metadata", 200]


def test_a_stale_hit_is_refreshed_in_the_background(server: Server, services: Services, clock: FakeClock) -> None:
    clock.forward(2 * 86_400)

    answers = [server.get(AT), server.get(AT)]

    assert [answer.json["stale"] for answer in answers] == [True, True]
    assert [answer.later for answer in answers] == [True, False]  # only the first waits for an acceptance
    assert services.collector.collect_due(slots=4, stopping=lambda: False) == 1
    assert server.get(AT).json["stale"] is False


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("validator", [{}, {"If-None-Match": "*"}])
def test_a_hit_needs_a_thread_only_if_it_is_not_wanted_at_once(
    server: Server, at_once: bool, validator: dict[str, str]
) -> None:
    answer = server.get(AT, validator, at_once=at_once)

    assert (answer.status_code, answer.later) == (304 if validator else 200, not at_once)


@pytest.mark.parametrize(
    "spelling", ["HTTP://EXAMPLE.test:80/page", "http://example.test/a/../page", " http://example.test/page"]
)
def test_a_hit_in_another_spelling_is_a_hit(server: Server, spelling: str) -> None:
    answer = server.get(f"/api/v1/metadata?url={quote(spelling, safe='')}")

    assert (answer.status_code, answer.json["url"]) == (200, URL)


def test_a_store_in_the_network_is_asked_by_a_thread(services: Services, make_services: Build) -> None:
    store = services.store
    remote = make_services(store=Replacing(store, records=Replacing(store.records, is_local=False)))

    assert Server(create_app(services=remote)).get(AT).later


@pytest.mark.parametrize(
    "key", ["http://example.test/new", "http://example.test/~a;b?x=1&y=(2)'!*,$@%20é=%C3%BC", "http://h.test/%7e"]
)
@pytest.mark.parametrize("mounted_at", ["", "/inventory"])
@pytest.mark.parametrize("if_none_match", [None, "*"])
def test_a_miss_is_accepted_alike(services: Services, key: str, mounted_at: str, if_none_match: str | None) -> None:
    app = create_app(services=services)
    sent = {"X-Request-ID": "mine"} | ({"If-None-Match": if_none_match} if if_none_match else {})
    at = f"/api/v1/metadata?url={quote(urls.parse(key).href, safe='')}"
    how: Any = {"headers": sent, "environ_overrides": {"SCRIPT_NAME": mounted_at}}

    fast = Server(app, mounted_at).get(mounted_at + at, sent)
    flask = app.test_client().get(f"{at}&collect=true", **how)

    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert fast.status_code == 202
    assert dict(fast.headers) == dict(flask.headers)


def test_a_miss_is_accepted_once_and_collected(server: Server, services: Services) -> None:
    server.get(f"{AT}%2Fother")
    server.get(f"{AT}%2Fother")

    assert services.collector.collect_due(slots=4, stopping=lambda: False) == 1
    assert server.get(f"{AT}%2Fother").status_code == 200


def test_what_is_asked_at_the_same_time_is_answered_as_if_it_was_asked_alone(
    client: FlaskClient, server: Server, services: Services, web: FakeWeb, clock: FakeClock
) -> None:
    web.pages[f"{URL}/gone"] = SourceFailure("dns_failure", "There is no such name.", permanent=True)
    clock.forward(2 * 86_400)
    server.get(f"{AT}%2Fgone")
    services.collector.collect_due(slots=4, stopping=lambda: False)
    clock.forward(2 * 86_400)
    server.get(f"{AT}%2Fpending")
    paths = [
        f"{AT}%2Fnew",
        AT,  # stale
        f"{AT}%2Fnew",  # the same again
        "/api/v1/metadata?url=http://EXAMPLE.test/page",
        f"{AT}%2Fpending",
        f"{AT}%2Fgone",  # to be tried again
        "/api/v1/metadata?url=ftp://example.test/",
        "/api/v1/metadata?url=http://example.test/~a/../b",
    ]

    together = server.get_together(paths, {"X-Request-ID": "mine"})
    alone = [client.get(path, headers={"X-Request-ID": "mine"}) for path in paths]

    assert [answer.status_code for answer in together] == [202, 200, 202, 200, 202, 202, 422, 202]
    for one, other in zip(together, alone, strict=True):
        assert (one.status, one.data) == (other.status, other.data)
        assert sorted(one.headers) == sorted(other.headers)
    assert services.collector.collect_due(slots=8, stopping=lambda: False) == 5


def test_misses_that_are_asked_at_the_same_time_are_one_acceptance(services: Services, make_services: Build) -> None:
    accepted = []

    def accept_each(wanted: Sequence[Any], *, now: datetime, owners: Sequence[str]) -> Sequence[Acceptance]:
        accepted.append(len(wanted))
        return services.store.records.accept_each(wanted, now=now, owners=owners)

    store = services.store
    counted = make_services(store=Replacing(store, records=Replacing(store.records, accept_each=accept_each)))

    answers = Server(create_app(services=counted)).get_together([f"{AT}%2F{number}" for number in range(16)])

    assert {answer.status_code for answer in answers} == {202}
    assert accepted == [16]


def test_misses_that_cannot_be_accepted_are_each_a_503(services: Services, make_services: Build) -> None:
    def accept_each(wanted: Sequence[Any], *, now: datetime, owners: Sequence[str]) -> Sequence[Acceptance]:
        raise StorageUnavailable("The store is away.")

    store = services.store
    without = make_services(store=Replacing(store, records=Replacing(store.records, accept_each=accept_each)))

    answers = Server(create_app(services=without)).get_together([f"{AT}%2F1", f"{AT}%2F2"], {"X-Request-ID": "mine"})

    assert [(answer.status_code, answer.json["code"]) for answer in answers] == [(503, "storage_unavailable")] * 2
    assert [answer.headers["X-Request-ID"] for answer in answers] == ["mine"] * 2


def test_a_miss_that_cannot_be_kept_spoils_no_other(services: Services, make_services: Build) -> None:
    def accept_each(wanted: Sequence[Any], *, now: datetime, owners: Sequence[str]) -> Sequence[Acceptance]:
        raise Unstorable("One of them cannot be kept.")

    store = services.store
    picky = make_services(store=Replacing(store, records=Replacing(store.records, accept_each=accept_each)))

    answers = Server(create_app(services=picky)).get_together([f"{AT}%2F1", f"{AT}%2F2"])

    assert [answer.status_code for answer in answers] == [202, 202]


def test_a_stale_hit_is_answered_alike(both_ways: Any, clock: FakeClock) -> None:
    clock.forward(2 * 86_400)

    fast, flask = both_ways(X_Request_ID="mine")
    unchanged, unchanged_too = both_ways(X_Request_ID="mine", If_None_Match=fast.headers["ETag"])

    assert fast.json["stale"]
    assert (fast.status, fast.data, dict(fast.headers)) == (flask.status, flask.data, dict(flask.headers))
    assert unchanged.status_code == unchanged_too.status_code == 304
    assert dict(unchanged.headers) == dict(unchanged_too.headers)


def test_a_failure_is_told_by_the_application(
    client: FlaskClient, server: Server, services: Services, web: FakeWeb, capsys: pytest.CaptureFixture[str]
) -> None:
    web.pages[f"{URL}/gone"] = SourceFailure("dns_failure", "There is no such name.", permanent=True)
    server.get(f"{AT}%2Fgone")
    services.collector.collect_due(slots=4, stopping=lambda: False)
    capsys.readouterr()

    fast = server.get(f"{AT}%2Fgone", {"X-Request-ID": "mine"})
    flask = client.get(f"{AT}%2Fgone", headers={"X-Request-ID": "mine"})

    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert sorted(fast.headers) == sorted(flask.headers)
    assert (fast.status_code, fast.json["code"]) == (502, "collection_failed")
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(line["event"], line["request_id"], line["status"]) for line in lines] == [("request", "mine", 502)] * 2


@pytest.mark.parametrize("url", ["ftp://example.test/", "nonsense", "http://user:secret@example.test/"])
def test_a_url_that_cannot_be_collected_is_refused_by_the_application(client: FlaskClient, server: Server, url: str) -> None:
    at = f"/api/v1/metadata?url={quote(url, safe='')}"

    fast, flask = server.get(at, {"X-Request-ID": "mine"}), client.get(at, headers={"X-Request-ID": "mine"})

    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert fast.status_code >= 400


def test_of_requests_that_came_together_each_gets_its_own_answer(server: Server) -> None:
    heads = [(AT, {}), (f"{AT}miss", {}), (AT, {"If-None-Match": "*"}), (AT, {"If-None-Match": '"other"'}), (AT, {})]
    asked = [server.ask(path, headers) for path, headers in heads]

    answers = list(server.shortcut.answer_known(asked))

    statuses = [int(each.status[:3]) if isinstance(each, Answer) else None for each in answers]
    assert statuses == [200, None, 304, 200, 200]
    assert answers[1] is asked[1]
    assert [each.request_id for each in answers if isinstance(each, Answer)] == [
        each.request_id
        for each in asked
        if each is not asked[1]  # type: ignore[attr-defined]
    ]


def test_an_error_of_one_is_its_own_and_the_others_of_its_group_are_left_to_threads(
    services: Services, make_services: Build, client: FlaskClient
) -> None:
    def look_up(record_id: str) -> None:
        raise StorageUnavailable("The store is away.")

    store = services.store
    without = make_services(store=Replacing(store, records=Replacing(store.records, look_up=look_up)))
    server = Server(create_app(services=without))
    asked = [server.ask(AT, {"If-None-Match": "*", "X-Request-ID": "1"})]
    asked += [server.ask(AT, {"X-Request-ID": number}) for number in "23"]

    known, failed, later = server.shortcut.answer_known(asked)

    assert isinstance(known, Answer)
    assert callable(failed)
    assert callable(later)
    assert [(each.status[:3], each.request_id) for each in (known, failed(), later())] == [
        ("304", "1"),
        ("503", "2"),
        ("503", "3"),
    ]


def test_a_store_that_is_away_is_asked_once_and_is_a_503(services: Services, make_services: Build) -> None:
    asked = []

    def look_up(record_id: str) -> None:
        asked.append(record_id)
        raise StorageUnavailable("The store is away.")

    store = services.store
    without = make_services(store=Replacing(store, records=Replacing(store.records, look_up=look_up)))

    answer = Server(create_app(services=without)).get(AT, {"X-Request-ID": "mine"})

    assert (answer.status_code, answer.json["code"], answer.headers["X-Request-ID"]) == (503, "storage_unavailable", "mine")
    assert answer.headers["Retry-After"]
    assert len(asked) == 1


@pytest.mark.parametrize(
    "query", ["", "url=", "url=a&url=b", "url=a+b", "url=%C3%BC", "url=%zz", "url=a%", "url=ü", "url=a#b", "x=a", "url=a\n"]
)
def test_a_query_that_may_be_read_in_two_ways_is_left_to_the_application(query: str) -> None:
    assert URL_ONLY.fullmatch(query) is None


@pytest.mark.parametrize(
    ("target", "field"),
    [
        (AT, "Prefer: wait=5"),
        (AT, "Sec-Fetch-Site: cross-site"),
        (AT, "Origin: http://evil.test"),
        (AT, "Referer: http://evil.test/"),
        (AT, "User-Agent: Mozilla/5.0"),
        (f"{AT}&fields=headers", "Accept: */*"),
        (f"{AT}&collect=false", "Accept: */*"),
        ("/api/v1/metadata", "Accept: */*"),
        ("/api/v1/records", "Accept: */*"),
        (AT.replace("metadata", "m%65tadata"), "Accept: */*"),
    ],
)
def test_what_is_more_than_a_url_is_left_to_the_application(server: Server, target: str, field: str) -> None:
    name, _, value = field.partition(": ")

    assert server.shortcut(target, {"host": "localhost", name.lower(): value}, peer="", at_once=True) is None


@pytest.mark.parametrize("host", ["evil.test", "", "localhost:99999"])
def test_a_host_that_is_not_ours_is_left_to_the_application(server: Server, host: str) -> None:
    assert server.shortcut(AT, {"host": host} if host else {}, peer="", at_once=True) is None


@pytest.fixture
def closed(make_services: Build, settings: Settings, client: FlaskClient) -> Services:
    """The services of `client`, whose page is stored, in a mode that needs keys."""
    return make_services(replace(settings, access=Mode.KEYS))


def key_header(services: Services, *scopes: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {services.keys.create(' '.join(scopes), scopes)[1]}"}


def asked_of(server: Server, target: str, headers: dict[str, str]) -> Later | Groupable | None:
    return server.shortcut(target, {"host": "localhost"} | {k.lower(): v for k, v in headers.items()}, peer="", at_once=True)


def test_a_key_is_left_to_the_application_until_that_has_checked_it(closed: Services) -> None:
    app = create_app(services=closed)
    server, headers = Server(app), key_header(closed, "read", "collect")

    assert asked_of(server, AT, {}) is None
    assert asked_of(server, AT, headers) is None
    assert app.test_client().get(AT, headers=headers).status_code == 200
    headers["X-Request-ID"] = "mine"
    fast, flask = server.get(AT, headers), app.test_client().get(AT, headers=headers)

    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert sorted(fast.headers) == sorted(flask.headers)
    assert fast.headers["Cache-Control"] == "private, no-cache"
    assert asked_of(server, AT, {}) is None
    assert asked_of(server, AT, {"X-API-Key": "inv_live_wrong"}) is None


@pytest.mark.parametrize("url", ["http://nowhere.test/", "http://10.0.0.1/", "nothing"])
def test_a_problem_of_a_key_is_private_too(closed: Services, url: str) -> None:
    app = create_app(services=closed)
    server, headers = Server(app), key_header(closed, "read") | {"X-Request-ID": "mine"}
    app.test_client().get(AT, headers=headers)
    at = f"/api/v1/metadata?url={quote(url, safe='')}"
    fast, flask = server.get(at, headers), app.test_client().get(at, headers=headers)

    assert fast.status_code in (404, 422)
    assert (fast.status, fast.data) == (flask.status, flask.data)
    assert sorted(fast.headers) == sorted(flask.headers)


@pytest.mark.parametrize("scopes", [["collect"], ["read:example.test", "collect"], ["read", "collect:example.test"]])
def test_a_key_that_needs_more_checks_is_always_left_to_the_application(closed: Services, scopes: list[str]) -> None:
    app = create_app(services=closed)
    headers = key_header(closed, *scopes)

    app.test_client().get(AT, headers=headers)

    assert asked_of(Server(app), AT, headers) is None


def test_a_revoked_key_is_known_no_more(closed: Services) -> None:
    app = create_app(services=closed)
    headers = key_header(closed, "admin")
    app.test_client().get(AT, headers=headers)
    assert Server(app).get(AT, headers).status_code == 200

    closed.keys.revoke(closed.keys.listing(limit=1, after=None)[0].id)

    assert asked_of(Server(app), AT, headers) is None


@pytest.mark.parametrize("at_once", [True, False])
def test_who_may_not_collect_is_answered_as_by_the_application(
    closed: Services, clock: FakeClock, web: FakeWeb, at_once: bool
) -> None:
    app = create_app(services=closed)
    client, server, headers = app.test_client(), Server(app), key_header(closed, "read") | {"X-Request-ID": "a"}
    missing = "/api/v1/metadata?url=http://example.test/missing"
    client.get(AT, headers=headers)

    clock.forward(2 * 86_400)  # what is stored is stale
    for target in (AT, missing):
        fast, flask = server.get(target, headers, at_once=at_once), client.get(target, headers=headers)
        assert (fast.status_code, fast.data) == (flask.status_code, flask.data)
    together = server.get_together([missing, missing], headers)

    assert {answer.data for answer in together} == {flask.data}
    assert flask.status_code == 404
    assert closed.collector.collect_due(slots=4, stopping=lambda: False) == 0


def test_a_cookie_may_allow_more_than_reading(make_services: Build, settings: Settings, client: FlaskClient) -> None:
    server = Server(create_app(services=make_services(replace(settings, access=Mode.READONLY_OPEN))))

    assert asked_of(server, AT, {"Cookie": "inventory_session=x"}) is None
    assert asked_of(server, AT, {}) is not None


def test_what_accepts_knows_the_caller(closed: Services, make_services: Build) -> None:
    seen: list[Caller] = []

    def accept(*args: Any, **kwargs: Any) -> Acceptance:
        seen.append(caller())
        return closed.store.records.accept(*args, **kwargs)

    store = Replacing(closed.store, records=Replacing(closed.store.records, accept=accept))
    app = create_app(services=make_services(closed.settings, store=store))
    headers = key_header(closed, "read", "collect")
    app.test_client().get(AT, headers=headers)

    Server(app).get("/api/v1/metadata?url=http://example.test/new", headers, at_once=False)

    assert [(each.key and each.key.name, each.address) for each in seen] == [("read collect", "127.0.0.1")]

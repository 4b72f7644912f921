"""Searches find what policies say of snapshots, as `findings` judges them, now and at earlier instants."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.access.model import Mode
from inventory.clock import rfc3339
from inventory.config import Settings
from inventory.policy.builtin_policies import NAMES
from inventory.policy.model import KeptPolicy
from inventory.policy.verdicts import KEPT
from inventory.services import Services
from tests.access.guarded import Guarded
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, Replacing
from tests.observations.conftest import Ask, Fleet, urls
from tests.policy.snapshots import cookie, document
from workers.indexing import BackgroundIndexing

API = "/api/v1/policies"
NOSNIFF = document({"header": "x-content-type-options", "equals": "nosniff"})
GOOD, BAD = [("X-Content-Type-Options", "nosniff")], [("X-Content-Type-Options", "no")]
ALL = ("observatory", "baseline", "cookies", "privacy", "kept")


@pytest.fixture
def services(settings: Settings, make_services: Build, clock: FakeClock) -> Services:
    return make_services(replace(settings, indexed_policies=ALL), sleep=clock.forward)


@pytest.fixture
def fleet(services: Services, web: FakeWeb, clock: FakeClock) -> Fleet:
    return Fleet(services, web, clock)


@pytest.fixture
def ask(client: FlaskClient) -> Ask:
    def asked(path: str = "", *, status: int = 200, **query: Any) -> Any:
        response = client.get(f"/api/v1/search{path}", query_string=query)
        assert response.status_code == status, response.text
        return response.json

    return asked


def keep(client: FlaskClient, policy: Mapping[str, Any]) -> Any:
    response = client.post(API, json=policy)
    assert response.status_code in (200, 201), response.text
    return response.json


def rebuild(services: Services) -> None:
    for _ in services.reindexer.run():
        pass


def background(services: Services, clock: FakeClock, rounds: int = 4) -> None:
    """Rounds of a scheduler, so late that all processes know of changed policies."""
    indexing = BackgroundIndexing(services)
    clock.forward(20)
    for _ in range(rounds):
        indexing.index_some()


def test_a_search_finds_targets_at_which_a_rule_fails(fleet: Fleet, client: FlaskClient, ask: Ask) -> None:
    keep(client, NOSNIFF)
    fleet.collect("http://good.test/", GOOD)
    fleet.collect("http://bad.test/", BAD)

    assert urls(ask(q="policy.own.r:fails")) == ["http://bad.test/"]
    assert urls(ask(q="policy.r:fails")) == ["http://bad.test/"], "of any policy"
    assert urls(ask(q="policy.*.nosniff:FAILS domain:bad.test")) == ["http://bad.test/"]
    assert urls(ask(q="_exists_:status NOT policy.own.r:*")) == ["http://good.test/"]


def test_it_finds_them_as_they_were_at_an_earlier_instant(
    fleet: Fleet, client: FlaskClient, ask: Ask, clock: FakeClock
) -> None:
    keep(client, NOSNIFF)
    fleet.collect("http://a.test/", GOOD)
    before = rfc3339(clock())
    fleet.collect("http://a.test/", BAD)

    assert urls(ask(q="policy.own.r:fails")) == ["http://a.test/"]
    assert urls(ask(q="policy.own.r:fails", at=before)) == []


def test_a_grade_is_that_of_the_observatory_or_of_a_policy_with_a_score(fleet: Fleet, client: FlaskClient, ask: Ask) -> None:
    score = {
        "start": 100,
        "bonus_from": 90,
        "tests": [{"id": "t", "results": [{"fails": "r", "points": -60}]}],
        "grades": [{"grade": "A+", "lowest": 90}, {"grade": "F", "lowest": 0}],
    }
    keep(client, NOSNIFF | {"score": score})
    fleet.collect("http://good.test/", GOOD)
    fleet.collect("http://bad.test/", BAD)

    assert urls(ask(q="grade.own:A*")) == urls(ask(q="grade.own:A+")) == ["http://good.test/"]
    assert urls(ask(q="grade.own:F grade:F grade.observatory:F")) == ["http://bad.test/"]
    facets = ask("/facets", field="grade.own")["values"]
    assert {each["value"]: each["count"] for each in facets} == {"A+": 1, "F": 1}
    [target] = ask(q="host:bad.test", show="policy.own.*,grade")["targets"]
    assert [(each["field"], each["value"]) for each in target["observations"]] == [("grade", "F"), ("policy.own.r", "fails")]


@pytest.mark.parametrize(
    ("path", "query", "told"),
    [
        ("", {"q": "policy.own.r:holds"}, "fails, waived or unknown"),
        ("", {"q": "policy:fails"}, "not a field"),
        ("/facets", {"field": "policy.r"}, "of each policy"),
    ],
)
def test_what_is_not_kept_is_refused(ask: Ask, path: str, query: Mapping[str, str], told: str) -> None:
    assert told in ask(path, status=422, **query)["detail"]


@pytest.mark.parametrize("scope", ["grade:F", "host:a.test NOT policy.own.r:fails", "_exists_:policy.*"])
def test_a_scope_asks_for_no_verdict(client: FlaskClient, scope: str) -> None:
    response = client.post(API, json=document({"header": "x-content-type-options", "present": True}, scope=scope))

    assert response.status_code == 422
    assert "what policies say" in response.json["detail"]


def test_what_is_stored_follows_a_policy_that_is_kept_replaced_and_removed(
    fleet: Fleet, services: Services, client: FlaskClient, ask: Ask, clock: FakeClock
) -> None:
    fleet.collect("http://good.test/", GOOD)
    early = rfc3339(clock())
    fleet.collect("http://bad.test/", BAD)

    def indexed() -> str:
        return str(client.get(f"{API}/own").json["indexed"])

    assert keep(client, NOSNIFF)["indexed"] == "under_way"
    assert urls(ask(q="policy.own.r:fails")) == []
    background(services, clock)
    assert indexed() == "complete"
    assert urls(ask(q="policy.own.r:fails")) == ["http://bad.test/"]

    assert keep(client, NOSNIFF | {"title": "Other"})["indexed"] == "under_way"
    opposite = document({"header": "x-content-type-options", "absent": True})
    keep(client, opposite | {"rules": [opposite["rules"][0] | {"id": "other"}]})
    background(services, clock)
    assert urls(ask(q="policy.own.r:*")) == []
    assert urls(ask(q="policy.own.other:fails")) == ["http://bad.test/", "http://good.test/"]
    assert urls(ask(q="policy.own.other:fails", at=early)) == ["http://good.test/"], "of earlier snapshots, too"

    client.delete(f"{API}/own")
    assert client.get(f"{API}/observatory").json["indexed"] == "under_way"
    background(services, clock)
    assert urls(ask(q="policy.own.*:*")) == []
    assert client.get(f"{API}/observatory").json["indexed"] == "complete"


def test_a_policy_that_stays_as_it_is_indexes_nothing_again(
    fleet: Fleet, services: Services, client: FlaskClient, clock: FakeClock
) -> None:
    fleet.collect("http://a.test/", GOOD)
    keep(client, NOSNIFF)
    background(services, clock)

    assert keep(client, NOSNIFF)["indexed"] == "complete"


def test_the_command_indexes_for_changed_policies_once_all_processes_know_of_them(
    fleet: Fleet, services: Services, client: FlaskClient, ask: Ask, clock: FakeClock
) -> None:
    fleet.collect("http://bad.test/", BAD)
    keep(client, NOSNIFF)
    begun = clock()

    rebuild(services)

    assert (clock() - begun).total_seconds() >= 10
    assert urls(ask(q="policy.own.r:fails")) == ["http://bad.test/"]
    assert client.get(f"{API}/own").json["indexed"] == "complete"


def test_without_the_setting_nothing_is_indexed(
    settings: Settings, make_services: Build, web: FakeWeb, clock: FakeClock
) -> None:
    services = make_services(replace(settings, indexed_policies=()))
    client = create_app(services=services).test_client()
    Fleet(services, web, clock).collect("http://bad.test/", BAD)

    assert keep(client, NOSNIFF)["indexed"] == "off"
    assert client.get(f"{API}/observatory").json["indexed"] == "off"
    assert services.store.observations.reindexing() is None
    assert client.get("/api/v1/search?q=_exists_:grade").json["targets"] == []


def test_verdicts_of_rules_for_a_label_follow_the_labels(
    fleet: Fleet, services: Services, client: FlaskClient, ask: Ask, clock: FakeClock
) -> None:
    keep(client, document({"header": "x-content-type-options", "equals": "nosniff"}, scope="tag:prod"))
    background(services, clock)
    fleet.collect("http://bad.test/", BAD)
    assert urls(ask(q="policy.own.r:*")) == []

    client.put("/api/v1/metadata/tags", json={"url": "http://bad.test/", "tags": ["prod"]})
    background(services, clock)
    assert urls(ask(q="policy.own.r:fails")) == ["http://bad.test/"]
    fleet.collect("http://bad.test/", [*BAD, ("X-Other", "new")])
    assert urls(ask(q="policy.own.r:fails")) == ["http://bad.test/"], "a collection looks at the labels, too"

    client.put("/api/v1/metadata/tags", json={"url": "http://bad.test/", "tags": []})
    background(services, clock)
    assert urls(ask(q="policy.own.r:*")) == []


def test_a_waiver_counts_as_of_the_collection(fleet: Fleet, client: FlaskClient, ask: Ask, clock: FakeClock) -> None:
    waiver = {"rules": "r", "owner": "us", "reason": "Soon.", "expires": "2026-01-31"}
    keep(client, NOSNIFF | {"waivers": [waiver]})
    fleet.collect("http://a.test/", BAD)
    clock.forward(86_400)
    assert urls(ask(q="policy.own.r:waived")) == ["http://a.test/"]

    fleet.collect("http://a.test/", BAD)
    assert urls(ask(q="policy.own.r:fails")) == ["http://a.test/"]
    assert urls(ask(q="policy.own.r:waived")) == []


def test_a_change_of_a_header_is_one_change_unless_verdicts_are_named(
    fleet: Fleet, client: FlaskClient, clock: FakeClock
) -> None:
    keep(client, NOSNIFF)
    fleet.collect("http://a.test/", GOOD)
    fleet.collect("http://a.test/", BAD)

    def changed(path: str = "", **query: Any) -> list[str]:
        found = client.get(f"/api/v1/changes{path}", query_string=query).json
        return [field for each in found["groups" if path else "changes"] for field in (each["field"], *each.get("also", ()))]

    for path in ("", "/groups"):
        assert changed(path) == ["header.x-content-type-options"]
        assert changed(path, field="policy.own.*") == ["policy.own.r"]
        assert changed(path, q="host:a.test", field="grade,status") == []


def test_names_of_rules_are_listed_for_those_who_may_read_all(
    settings: Settings, make_services: Build, web: FakeWeb, clock: FakeClock
) -> None:
    guarded = Guarded(make_services(replace(settings, access=Mode.KEYS)), web, clock)
    guarded.ask(guarded.admin, "/policies", method="POST", json=NOSNIFF, status=201)
    guarded.collect("http://a.test/")
    guarded.collect("http://b.test/")

    def listed(key: Any) -> Sequence[str]:
        found = guarded.ask(key, "/search/fields", query_string={"prefix": "policy.own"})
        return [each["name"] for each in found["fields"]]

    limited = guarded.key("read:a.test")
    assert listed(guarded.admin) == ["policy.own.r"]
    assert listed(limited) == []
    found = guarded.ask(limited, "/search", query_string={"q": "policy.own.r:fails"})
    assert urls(found) == ["http://a.test/"], "a limited key finds its targets alone"


def snapshots() -> Iterator[tuple[list[tuple[str, str]], list[Mapping[str, Any]]]]:
    """Responses that differ in what rules ask for."""
    headers = [
        ("Strict-Transport-Security", ("max-age=31536000; includeSubDomains", "max-age=1")),
        ("Content-Security-Policy", ("default-src 'self'", "script-src 'unsafe-inline' *")),
        ("X-Content-Type-Options", ("nosniff", "no")),
        ("Referrer-Policy", ("no-referrer", "unsafe-url")),
        ("Server", ("nginx", "Apache/2.4.57")),
    ]
    for number in range(24):
        lines = [(name, values[number >> n & 1]) for n, (name, values) in enumerate(headers) if (number * 7 + n) % 5]
        cookies = [cookie(f"c{number}", secure=bool(number & 1), same_site=("Lax", None)[number % 2])] * (number % 3)
        yield lines, cookies


def findings(client: FlaskClient, policy_id: str, **query: str) -> Iterator[Any]:
    """The targets with findings of all pages: one ends after two seconds, too."""
    cursor: str | None = None
    while True:
        given = {"limit": "200", **query, **({"cursor": cursor} if cursor else {})}
        page = client.get(f"{API}/{policy_id}/findings", query_string=given).json
        yield from page["targets"]
        cursor = page["next_cursor"]
        if cursor is None:
            return


@pytest.mark.parametrize("policy_id", ["baseline", "cookies", "privacy", "observatory"])
def test_searches_and_findings_agree(
    fleet: Fleet, services: Services, client: FlaskClient, ask: Ask, clock: FakeClock, policy_id: str
) -> None:
    instants: list[str] = []
    for round_ in range(2):
        for number, (lines, cookies) in enumerate(snapshots()):
            if round_ == 0 or number % 3:
                scheme = ("http", "https")[number % 2]
                fleet.collect(f"{scheme}://h{(number * (1 + 4 * round_)) % 24}.test/", lines, cookies)
        instants.append(rfc3339(clock()))

    def agree() -> None:
        for at in ({}, {"at": instants[0]}):
            expected = {
                (target["url"], each["rule"], each["state"])
                for target in findings(client, policy_id, **at)
                for each in target["findings"]
            }
            shown = ask(q="", show=f"policy.{policy_id}.*", limit=200, **at)["targets"]
            said = {
                (target["url"], each["field"].removeprefix(f"policy.{policy_id}."), each["value"])
                for target in shown
                for each in target["observations"]
            }
            assert said == expected
            assert expected
            for rule, state in {(rule, state) for _, rule, state in expected}:
                hits = ask(q=f"policy.{policy_id}.{rule}:{state}", limit=200, **at)
                assert set(urls(hits)) == {url for url, *which in expected if which == [rule, state]}

    agree()
    services.reindexer.request()
    rebuild(services)
    agree()


def test_a_search_says_while_its_answers_are_indexed_again(
    fleet: Fleet, services: Services, client: FlaskClient, ask: Ask
) -> None:
    fleet.collect("http://bad.test/", BAD)
    warning = "All records are being indexed again."
    pages = ("/search?q=status:200", "/search/facet?field=status")

    def states() -> list[str]:
        return [ask(q="status:200")["indexed"], ask("/facets", field="status")["indexed"]]

    def warned() -> list[bool]:
        return [warning in client.get(path, headers={"Accept": "text/html"}).text for path in pages]

    assert (states(), warned()) == (["complete"] * 2, [False] * 2)
    services.reindexer.request()
    assert (states(), warned()) == (["under_way"] * 2, [True] * 2)
    rebuild(services)
    assert (states(), warned()) == (["complete"] * 2, [False] * 2)


@pytest.mark.parametrize(("path", "asks"), [("", "search"), ("/facets", "facet")])
def test_an_answer_that_was_found_before_all_was_indexed_says_so(
    services: Services, make_services: Build, fleet: Fleet, path: str, asks: str
) -> None:
    observations = services.store.observations

    def late(*asked: Any, **options: Any) -> Any:
        found = getattr(observations, asks)(*asked, **options)
        rebuild(services)
        return found

    fleet.collect("http://bad.test/", BAD)
    services.reindexer.request()
    store = Replacing(services.store, observations=Replacing(observations, **{asks: late}))
    client = create_app(services=make_services(services.settings, store=store)).test_client()
    query = {"q": "status:200", **({"field": "status"} if path else {})}

    answers = [client.get(f"/api/v1/search{path}", query_string=query) for _ in range(2)]

    assert [each.json["indexed"] for each in answers] == ["under_way", "complete"]


def test_the_page_of_a_record_leads_from_each_verdict_to_the_targets_of_the_same(
    fleet: Fleet, client: FlaskClient, clock: FakeClock
) -> None:
    def verdicts(**at: str) -> dict[str, Mapping[str, list[str]]]:
        """The parameters of the searches that the verdicts of the page lead to, by their texts."""
        page = client.get("/record", query_string={"url": "http://h.test/", **at}, headers={"Accept": "text/html"}).text
        found = re.findall(r'<a class="value" href="/search\?([^"]*)"[^>]*>(\w+(?:\.[\w-]+)?)</a>', page)
        return {text: parse_qs(unescape(query)) for query, text in found if query.startswith(("q=policy", "q=grade"))}

    keep(client, NOSNIFF)
    fleet.collect("http://h.test/", BAD)
    first = rfc3339(clock.now)
    clock.forward(100)
    fleet.collect("http://h.test/", GOOD)

    now, then = verdicts(), verdicts(at=first)
    assert set(then) - set(now) == {"own.r", "baseline.nosniff", "observatory.nosniff"}
    assert then["own.r"] == {"q": ["policy.own.r:fails"], "at": [first]}
    assert now["baseline.https"] == {"q": ["policy.baseline.https:fails"]}
    assert now["F"] == {"q": ["grade.exact:F"]}
    for asked in (*now.values(), *then.values()):
        assert "http://h.test/" in client.get("/search", query_string=asked).text, asked


def test_the_setting_names_all_built_in_policies() -> None:
    assert set(Settings().indexed_policies) == {*NAMES, KEPT}


def test_policies_beyond_what_is_indexed_together_are_left_out_and_say_so(
    fleet: Fleet, client: FlaskClient, ask: Ask
) -> None:
    rules = [NOSNIFF["rules"][0] | {"id": f"r{number}"} for number in range(200)]
    for name in "abcde":
        keep(client, NOSNIFF | {"id": name, "rules": rules})
    keep(client, NOSNIFF | {"id": "small"})
    fleet.collect("http://bad.test/", BAD)

    states = {each["id"]: each["indexed"] for each in client.get(API).json["policies"]}
    assert states == dict.fromkeys(("a", "b", "c", "d", "small"), "under_way") | {"e": "off"}
    assert urls(ask(q="policy.d.r199:fails policy.small.r:fails")) == ["http://bad.test/"]
    assert urls(ask(q="policy.e.*:*")) == []


def test_a_kept_policy_that_this_version_cannot_read_keeps_no_other_from_being_indexed(
    fleet: Fleet, services: Services, client: FlaskClient, ask: Ask, clock: FakeClock
) -> None:
    keep(client, NOSNIFF)
    later = KeptPolicy(id="later", created_at=clock(), changed_at=clock(), document=b'{"version":2}')
    services.store.policies.put(later, at_most=9)
    assert client.get(f"{API}/own").json["indexed"] == "under_way"
    fleet.collect("http://bad.test/", BAD)

    assert urls(ask(q="policy.own.r:fails")) == ["http://bad.test/"]

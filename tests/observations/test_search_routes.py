"""`GET /api/v1/search` and its facets, on a real store."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.clock import rfc3339
from inventory.errors import QueryTooBroad
from inventory.observations.service import SearchService
from inventory.policy.verdicts import Verdicts
from inventory.services import Services
from inventory.slots import Slots
from tests.conftest import Build
from tests.fakes import FakeClock, Replacing
from tests.observations.conftest import Ask, Fleet, urls

NGINX, APACHE = [("Server", "nginx")], [("Server", "Apache")]


def test_targets_are_found_by_what_they_show_newest_first(fleet: Fleet, ask: Ask) -> None:
    first = fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/", APACHE)
    fleet.collect("http://c.test/", NGINX, status=404)

    document = ask(q="header.server:nginx")

    assert urls(document) == ["http://c.test/", "http://a.test/"]
    assert document["targets"][1] == {
        "id": first,
        "source": "webpage",
        "url": "http://a.test/",
        "status": "stored",
        "collected_at": "2026-01-31T12:00:01.123Z",
    }
    assert (document["total"], document["total_is_exact"], document["next_cursor"], document["at"]) == (2, True, None, None)
    assert urls(ask(q="header.server:nginx status:404")) == ["http://c.test/"]
    assert ask()["total"] == ask(q="")["total"] == ask(q="*")["total"] == 3


def test_what_is_shown_has_its_interval(fleet: Fleet, ask: Ask) -> None:
    fleet.collect("http://a.test/", [*NGINX, ("Date", "Sat, 31 Jan 2026 12:00:00 GMT"), ("X-Powered-By", "PHP")])
    fleet.collect("http://a.test/", APACHE)

    [target] = ask(show="header.server, header.x-*, status")["targets"]

    seen = {"volatile": False, "last_seen": "2026-01-31T12:00:02.123Z", "gone": None}
    assert target["observations"] == [
        {"field": "header.server", "value": "Apache", "first_seen": "2026-01-31T12:00:02.123Z", **seen},
        {"field": "status", "value": "200", "first_seen": "2026-01-31T12:00:01.123Z", **seen},
    ]

    [target] = ask(show="header.*", at="2026-01-31T12:00:01.500Z")["targets"]

    was = {
        "first_seen": "2026-01-31T12:00:01.123Z",
        "last_seen": "2026-01-31T12:00:01.123Z",
        "gone": "2026-01-31T12:00:02.123Z",
    }
    assert target["observations"] == [
        {"field": "header.date", "value": "{date}", "volatile": True, **was},
        {"field": "header.server", "value": "nginx", "volatile": False, **was},
        {"field": "header.x-powered-by", "value": "PHP", "volatile": False, **was},
    ]


def test_the_past_is_asked_with_at(fleet: Fleet, ask: Ask, clock: FakeClock) -> None:
    fleet.collect("http://a.test/", NGINX)
    then = rfc3339(clock())
    fleet.collect("http://a.test/", APACHE)
    fleet.collect("http://b.test/", NGINX)

    assert urls(ask(q="header.server:nginx")) == ["http://b.test/"]
    past = ask(q="header.server:nginx", at=then)
    assert (urls(past), past["at"], past["total"]) == (["http://a.test/"], then, 1)
    assert urls(ask(q="header.server:nginx", at="2s")) == ["http://a.test/"], "two seconds ago"


def test_now_in_a_query_is_the_instant_that_is_asked_about(fleet: Fleet, ask: Ask, clock: FakeClock) -> None:
    tls = {"tls": {"version": "TLSv1.3", "not_after": "2026-02-10T00:00:00Z"}}
    fleet.collect("https://a.test/", **tls)
    then = rfc3339(clock())
    clock.forward(30 * 86_400)

    assert urls(ask(q="tls.not_after:[now TO now+30d]")) == []
    assert urls(ask(q="tls.not_after:[now TO now+30d]", at=then)) == ["https://a.test/"]


def test_pages_follow_each_other_without_a_gap(fleet: Fleet, ask: Ask) -> None:
    wanted = [f"http://h.test/{number}" for number in range(7)]
    for url in wanted:
        fleet.collect(url, NGINX)

    found, cursor = [], {}
    while cursor is not None:
        page = ask(q="header.server:nginx", limit=3, show="header.server", **cursor)
        assert (page["total"], page["total_is_exact"]) == (7, True)
        found += urls(page)
        cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None

    assert found == wanted[::-1]


def test_a_page_ends_before_it_shows_too_much(fleet: Fleet, ask: Ask, client: FlaskClient) -> None:
    lines = [(f"X-{number}", "1") for number in range(900)]
    for number in range(24):
        fleet.collect(f"http://h.test/{number}", lines)

    page = ask(limit=200, show="header.*")
    rest = ask(limit=200, show="header.*", cursor=page["next_cursor"])

    assert [len(page["targets"]), len(rest["targets"])] == [12, 12]
    assert page["total"] == 24
    assert len({target["id"] for each in (page, rest) for target in each["targets"]}) == 24


def test_failures_and_labels_are_shown_with_their_own_instants(
    fleet: Fleet, ask: Ask, client: FlaskClient, clock: FakeClock
) -> None:
    url, failing = "http://a.test/", "http://b.test/"
    fleet.collect(url)
    fleet.fail(failing)
    failed_at = rfc3339(clock())
    assert client.put("/api/v1/metadata/tags", json={"url": url, "tags": ["prod"]}).status_code == 200

    [target] = ask(q="tag:PROD", show="tag")["targets"]

    label = {"field": "tag", "value": "prod", "volatile": False, "first_seen": rfc3339(clock())}
    assert target["observations"] == [{**label, "last_seen": None, "gone": None}]
    [target] = ask(q="_exists_:failure", show="failure")["targets"]
    assert (target["url"], target["status"], target["collected_at"]) == (failing, "failed", None)
    failure = {"field": "failure", "value": "dns_failure", "volatile": False, "gone": None}
    assert target["observations"] == [{**failure, "first_seen": failed_at, "last_seen": failed_at}]


def test_facets_count_values_and_lead_to_their_targets(fleet: Fleet, ask: Ask, client: FlaskClient) -> None:
    fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/", APACHE)
    fleet.collect("http://c.test/", NGINX)
    fleet.collect("http://d.test/", NGINX, status=500)

    document = ask("/facets", q="status:200", field="header.Server")

    assert (document["field"], document["at"], document["has_more"]) == ("header.server", None, False)
    assert [(each["value"], each["count"], each["volatile"]) for each in document["values"]] == [
        ("nginx", 2, False),
        ("Apache", 1, False),
    ]
    assert document["values"][0]["first_seen"] == "2026-01-31T12:00:01.123Z"
    narrowed = client.get(document["values"][0]["search"])
    assert narrowed.json is not None
    assert urls(narrowed.json) == ["http://c.test/", "http://a.test/"]
    assert ask("/facets", field="header.server", limit=1)["has_more"] is True


def test_a_facet_of_the_past_leads_to_the_past(fleet: Fleet, ask: Ask, client: FlaskClient, clock: FakeClock) -> None:
    fleet.collect("http://a.test/", NGINX)
    then = rfc3339(clock())
    fleet.collect("http://a.test/", APACHE)

    [value] = ask("/facets", field="header.server", at=then)["values"]

    assert value["value"] == "nginx"
    assert parse_qs(urlsplit(value["search"]).query)["at"] == [then]
    narrowed = client.get(value["search"])
    assert narrowed.json is not None
    assert urls(narrowed.json) == ["http://a.test/"]


def test_a_link_narrows_all_of_a_query(fleet: Fleet, ask: Ask, client: FlaskClient) -> None:
    fleet.collect("http://a.test/", NGINX)
    fleet.collect("http://b.test/", APACHE, status=404)

    document = ask("/facets", q="status:200 OR status:404", field="header.server")

    for value in document["values"]:
        narrowed = client.get(value["search"])
        assert narrowed.json is not None
        assert narrowed.json["total"] == 1


def test_the_link_has_the_prefix_that_the_api_is_mounted_at(fleet: Fleet, client: FlaskClient) -> None:
    fleet.collect("http://a.test/", NGINX)

    answer = client.get("/api/v1/search/facets?field=status", environ_overrides={"SCRIPT_NAME": "/inventory"})

    assert answer.json is not None
    assert answer.json["values"][0]["search"] == "/inventory/api/v1/search?q=status%3A200"


def test_what_no_target_shows_is_an_empty_answer(fleet: Fleet, ask: Ask) -> None:
    assert ask(q="header.server:nginx", show="header.server") == {
        "at": None, "targets": [], "total": 0, "total_is_exact": True, "indexed": "complete", "next_cursor": None
    }  # fmt: skip
    assert ask("/facets", field="header.server")["values"] == []
    assert ask(at="2026-01-01")["targets"] == [], "of an empty inventory nothing is known, whenever"


# Bad input


@pytest.mark.parametrize(
    ("query", "position", "words"),
    [
        ("heder.server:nginx OR status", 1, "Did you mean header.server or"),
        ("status:200 serve:nginx", 12, "'serve' is not a field."),
        ("header.server:[a TO b]", 15, "ranges are for numbers and instants"),
        ("status:abc", 8, "is not a whole number"),
        ("(status:200", 1, "not closed"),
        ("status:200)", 11, "No parenthesis is open"),
        ('title:"x', 7, "not closed"),
        ("a", 1, "needs 3 characters"),
        ("title:*a", 7, "needs 3 characters"),
        ("title:/a.*/", 7, "Regular expressions"),
        ("title:a~2", 8, "Fuzzy"),
        ("title:a^2", 8, "Boosts"),
        ("AND", 1, ""),
        ("title:", 7, "a value is missing"),
        ("tls.not_after:[* TO soon]", 21, "is not an instant"),
        ("tls.not_after:2026-02-30", 15, "is not a date that exists"),
        ("NOT", 4, "a condition is missing"),
        ("\\", 1, "backslash"),
        ("title:a OR " * 10_000 + "title:a", None, "characters, and 16,000 are taken"),
        ("t:a " * 4_000, None, "more than 256 terms"),
        ("status:1 " * 1_700, None, "more than 256 terms"),
        ("(" * 15_000, None, "within each other"),
        ("x" * 16_001, 16_001, "Ask several shorter ones"),
    ],
)
def test_a_query_that_cannot_be_answered_says_where_and_what_to_do(
    ask: Ask, query: str, position: int | None, words: str
) -> None:
    for path in ("", "/facets", "/export"):
        extra = {"field": "status"} if path == "/facets" else {}
        problem = ask(path, status=422, q=query, **extra)

        assert problem["code"] == "invalid_query"
        assert list(problem["errors"]) == ["q"]
        assert words in problem["detail"]
        assert problem["position"] == position or position is None
        assert len(problem["detail"]) < 500


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        ("q=%ff", "invalid_request"),
        ("q=%C3", "invalid_request"),
        ("q=%ED%A0%80abc", "invalid_request"),
        ("q=a&q=b", "invalid_request"),
        ("query=a", "invalid_request"),
        ("limit=0", "invalid_request"),
        ("limit=201", "invalid_request"),
        ("limit=1e9", "invalid_request"),
        ("cursor=x", "invalid_request"),
        ("cursor=%00", "invalid_request"),
        ("cursor=é", "invalid_request"),
        ("at=", "invalid_request"),
        ("at=yesterday", "invalid_request"),
        ("at=2026-02-30", "invalid_request"),
        ("at=2026-01-31T12:00:00%2B99:00", "invalid_request"),
        ("at=9999-12-31T23:59:59-23:59", "invalid_request"),
        ("at=0001-01-01T00:00:00%2B23:59", "invalid_request"),
        ("at=" + "1" * 101, "invalid_request"),
        ("at=999999999w", "invalid_request"),
        ("show=nonsense.field", "invalid_query"),
        ("show=,", "invalid_query"),
        ("show=status,,title", "invalid_query"),
        ("show=" + "status," * 60 + "status", "invalid_query"),
        ("show=" + "a" * 4_001, "invalid_request"),
        ("show=%00", "invalid_query"),
        ("show=status,body.size", "invalid_query"),
    ],
)
def test_parameters_that_mean_nothing_are_a_problem_that_names_them(client: FlaskClient, raw: str, code: str) -> None:
    answer = client.get(f"/api/v1/search?{raw}")

    assert answer.status_code == 422, answer.text
    assert answer.json is not None
    assert answer.json["code"] == code
    assert answer.json["errors"]


@pytest.mark.parametrize(
    "raw", ["q=%00", "q=abc%00", "q=%zz%", "q=title:%00", "q=%F0%9F%A6%86%F0%9F%A6%86", "q=a+b", "q=header.%5Cu0000:a"]
)
def test_characters_that_nobody_types_are_looked_for_like_others(client: FlaskClient, raw: str) -> None:
    answer = client.get(f"/api/v1/search?{raw}")

    assert answer.status_code in (200, 422), answer.text
    assert answer.json is not None
    assert answer.json.get("total", 0) == 0


def test_the_position_of_a_name_is_that_in_its_list(ask: Ask) -> None:
    problem = ask(status=422, show="status, header.*,\tcookies.x")

    assert problem["position"] == 19
    assert problem["detail"].startswith("At character 19 of `show`: 'cookies.x' is not a field. Did you mean cookie.x")


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("header.*", "means several fields"),
        ("statu", "Did you mean status?"),
        ("", "is not a field"),
        ("body.size", "for ranges only"),
        ("elapsed_ms", "for ranges only"),
        ("a" * 4_000, "is not a field"),
        ("\\", "backslash"),
        ("_exists_", "is not a field"),
    ],
)
def test_a_facet_of_no_single_field_is_a_problem(ask: Ask, field: str, words: str) -> None:
    problem = ask("/facets", status=422, field=field)

    assert (problem["code"], list(problem["errors"])) == ("invalid_query", ["field"])
    assert words in problem["detail"]


def test_a_facet_needs_a_field(ask: Ask) -> None:
    assert list(ask("/facets", status=422)["errors"]) == ["field"]


def test_an_instant_that_is_so_long_ago_is_the_same_on_all_pages(fleet: Fleet, ask: Ask, clock: FakeClock) -> None:
    for number in range(2):
        fleet.collect(f"http://a.test/{number}")
    clock.forward(60)
    fleet.collect("http://a.test/new")

    first = ask(at="30s", limit=1)
    clock.forward(3600)
    second = ask(at="30s", limit=1, cursor=first["next_cursor"])

    assert [len(first["targets"]), len(second["targets"]), second["next_cursor"]] == [1, 1, None]
    assert second["at"] == first["at"]


def test_a_cursor_of_another_query_is_a_problem(fleet: Fleet, ask: Ask) -> None:
    for number in range(3):
        fleet.collect(f"http://h.test/{number}", NGINX)
    cursor = ask(q="header.server:nginx", limit=1)["next_cursor"]

    assert len(ask(q="header.server:nginx", limit=2, cursor=cursor)["targets"]) == 2, "another limit is no other query"
    for other in ({"q": "status:200"}, {}, {"q": "header.server:nginx", "at": "2026-01-31T12:00:02Z"}):
        problem = ask(status=422, cursor=cursor, **other)
        assert (problem["code"], list(problem["errors"])) == ("invalid_request", ["cursor"])
        assert "of another query" in problem["detail"]


def test_an_instant_of_which_nothing_is_known_is_a_problem_that_names_the_bound(
    fleet: Fleet, ask: Ask, clock: FakeClock, services: Services
) -> None:
    fleet.collect("http://a.test/", NGINX)

    for path in ("", "/facets", "/export"):
        extra = {"field": "status"} if path == "/facets" else {}
        early = ask(path, status=422, at="2026-01-31T11:00:00Z", **extra)
        late = ask(path, status=422, at="2026-01-31T12:06:00Z", **extra)
        assert list(early["errors"]) == list(late["errors"]) == ["at"]
        assert "2026-01-31T12:00:01.123Z" in early["detail"]
        assert "is in the future" in late["detail"]
    assert ask(at="2026-01-31T12:04:00Z")["total"] == 1, "clocks differ"


def test_what_is_known_of_the_latest_snapshot_alone_is_not_asked_of_the_past(
    fleet: Fleet, ask: Ask, clock: FakeClock
) -> None:
    fleet.collect("http://a.test/", NGINX)

    assert ask(q="body.size:>0")["total"] == 1
    problem = ask(status=422, q="status:200 body.size:>0", at=rfc3339(clock()))
    assert (problem["code"], problem["position"]) == ("invalid_query", 12)


def _broad(*_: object, **__: object) -> object:
    raise QueryTooBroad


@pytest.mark.parametrize("path", ["", "/facets", "/export"])
def test_what_is_too_broad_is_a_problem_with_a_way_out(make_services: Build, path: str) -> None:
    services = make_services()
    observations = Replacing(services.store.observations, search=_broad, facet=_broad)
    client = create_app(services=make_services(store=Replacing(services.store, observations=observations))).test_client()

    answer = client.get(f"/api/v1/search{path}?q=url:*abc*{'&field=url' * (path == '/facets')}")

    assert answer.status_code == 422
    assert answer.json is not None
    assert (answer.json["code"], list(answer.json["errors"])) == ("query_too_broad", ["q"])
    assert "Add a condition" in answer.json["detail"]


@pytest.mark.parametrize(
    ("counted", "total", "is_exact"), [(None, None, False), (10_001, 10_000, False), (10_000, 10_000, True)]
)
def test_a_total_says_whether_it_is_exact(
    make_services: Build, fleet: Fleet, services: Services, counted: int | None, total: int | None, is_exact: bool
) -> None:
    for number in range(3):
        fleet.collect(f"http://h.test/{number}")
    observations = Replacing(services.store.observations, count=lambda *_, **__: counted)
    client = create_app(services=make_services(store=Replacing(services.store, observations=observations))).test_client()

    page = client.get("/api/v1/search?limit=2").json
    assert page is not None
    assert (page["total"], page["total_is_exact"]) == (total, is_exact)
    whole = client.get("/api/v1/search?limit=3").json
    assert whole is not None
    assert (whole["total"], whole["total_is_exact"]) == (3, True), "a page with all of them needs no counting"


def test_a_process_searches_for_so_many_at_once_and_then_for_others(services: Services) -> None:
    slots = Slots(1, admitted=2, max_wait=0.01)
    store = services.store
    verdicts = Verdicts(store.policies, store.observations, ())
    search = SearchService(store.observations, services.records, verdicts, clock=services.records.clock, slots=slots)
    client = create_app(services=replace(services, search=search)).test_client()
    paths = ("search", "search/facets?field=status", "search/export", "changes", "changes/groups")

    with slots.one("Busy."):
        for path in paths:
            answer = client.get(f"/api/v1/{path}")
            assert answer.status_code == 429
            assert answer.headers["Retry-After"]
    for _ in range(3):
        assert client.get("/api/v1/search?q=statu:1").status_code == 422
    assert [client.get(f"/api/v1/{path}").status_code for path in paths] == [200] * 5, "an error frees its slot"

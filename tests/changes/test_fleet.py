"""What changed in the fleet, asked of real observations through the API."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask.testing import FlaskClient

from inventory import create_app
from inventory.changes import fleet_schemas
from inventory.changes.fleet import LARGEST_PORTION, LOOKED_AT, PORTIONS, FleetChanges, Groups
from inventory.changes.parameters import ChangeParameters
from inventory.errors import TooManyChanges
from inventory.observations.model import Change, Condition, SameChange
from inventory.services import Services
from inventory.store.sqlite import SqliteStore
from inventory.store.sqlite.query_bounds import Bounds
from inventory.web_api.blueprint import example
from tests.changes.fleet_of_pages import DAY, HSTS, Fleet, Page
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb

CHANGES = "/api/v1/changes"
GROUPS = "/api/v1/changes/groups"
LOST = "header.strict-transport-security"


@dataclass
class Listed:
    """A log of volatile changes of one record, a second apart, and of one change before all of them."""

    now: datetime
    volatile: int
    portions: list[int] = field(default_factory=list)

    def changes(
        self, condition: Condition, *, limit: int, after: tuple[datetime, str, str] | None, **_: object
    ) -> Sequence[Change]:
        start = 0 if after is None else int((self.now - after[0]).total_seconds()) + 1
        self.portions.append(limit)
        return [self._change(n) for n in range(start, min(start + limit, self.volatile + 1))]

    def _change(self, n: int) -> Change:
        return Change(
            record_id="gone", field="header.x", at=self.now - timedelta(seconds=n), before=None, old=[], new=["1"],
            volatile=n < self.volatile,
        )  # fmt: skip

    def same_changes(self, *_: object, **__: object) -> Sequence[SameChange]:
        return []

    def values(self, *_: object) -> Mapping[str, Sequence[tuple[str, str]]]:
        return {}

    def counts(self, *_: object) -> Mapping[tuple[str, str], int]:
        return {}


@dataclass
class Sharing:
    """A log of three deploys: three of five targets of two show the same, and a fifth of those of the other."""

    now: datetime
    targets: int
    looked_at: int = 0
    counted: list[list[list[tuple[str, str]]]] = field(default_factory=list)

    def changes(self, *_: object, **__: object) -> Sequence[Change]:
        return []

    def same_changes(self, *_: object, **__: object) -> Sequence[SameChange]:
        names = [sha256(b"%d" % n).hexdigest() for n in range(self.targets)]
        return [
            SameChange(
                field=f"header.{of}", old=[], new=["1"], volatile=False, occurrences=[(f"{n} {of}", self.now) for n in names]
            )
            for of in "abc"
        ]

    def values(self, record_ids: Collection[str], _fields: object) -> Mapping[str, Sequence[tuple[str, str]]]:
        self.looked_at += len(record_ids)
        numbers = {sha256(b"%d" % n).hexdigest(): n % 5 for n in range(self.targets)}
        shown = {each: numbers[each[:-2]] for each in record_ids}
        return {
            each: [("header.server", "nginx" if n < (1 if each.endswith("b") else 3) else f"other {n}")]
            for each, n in shown.items()
        }

    def counts(
        self, groups: Sequence[tuple[Collection[str], Collection[tuple[str, str]]]]
    ) -> Sequence[Mapping[tuple[str, str], int]]:
        self.counted.append([[*values] for _, values in groups])
        looked_at = self.looked_at
        found = [Counter(pair for [pair] in self.values(record_ids, ()).values()) for record_ids, _ in groups]
        self.looked_at = looked_at
        return [{each: of_group[each] for each in values} for of_group, (_, values) in zip(found, groups, strict=True)]


@pytest.fixture
def fleet(client: FlaskClient, web: FakeWeb, clock: FakeClock) -> Fleet:
    return Fleet(client, web, clock)


def ask(client: FlaskClient, path: str = CHANGES, **query: Any) -> Mapping[str, Any]:
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200, answer.text
    schema = fleet_schemas.ChangeGroupsSchema if path == GROUPS else fleet_schemas.ChangesPage
    assert schema().validate(answer.json) == {}
    return answer.json


def problem(client: FlaskClient, path: str = CHANGES, **query: Any) -> tuple[int, str, Mapping[str, Any]]:
    answer = client.get(path, query_string=query)
    assert answer.mimetype == "application/problem+json"
    return answer.status_code, answer.json["code"], answer.json


def rows(client: FlaskClient, **query: Any) -> list[tuple[str, list[str], int]]:
    return [(each["field"], each["also"], each["count"]) for each in ask(client, GROUPS, **query)["groups"]]


def all_pages(client: FlaskClient, **query: Any) -> list[Mapping[str, Any]]:
    listed: list[Mapping[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        page = ask(client, **query, **cursor)
        listed += page["changes"]
        if page["next_cursor"] is None:
            return listed
        cursor = {"cursor": page["next_cursor"]}


# One by one


def test_a_change_has_its_target_its_values_and_the_two_collections_it_lies_between(
    client: FlaskClient, fleet: Fleet
) -> None:
    [url] = fleet.add(1)
    fleet.collect(step=DAY)
    fleet.collect(step=DAY)
    fleet.pages[url].headers = {"Server": "Apache"}
    fleet.collect(step=DAY)

    lost, moved = ask(client, field=f"{LOST}")["changes"], ask(client, field="header.server")["changes"]

    assert [(each["url"], each["old"], each["new"]) for each in lost] == [(url, [HSTS[1]], [])]
    assert [(each["old"], each["new"], each["volatile"]) for each in moved] == [(["nginx"], ["Apache"], False)]
    assert (moved[0]["before"], moved[0]["at"]) == ("2026-02-01T12:00:00.123Z", "2026-02-02T12:00:00.123Z")
    assert client.get("/api/v1/metadata", query_string={"url": url}).json["id"] == moved[0]["id"]


def test_values_that_only_came_did_so_after_the_snapshot_before(client: FlaskClient, fleet: Fleet) -> None:
    [url] = fleet.add(1)
    fleet.collect(step=DAY)
    fleet.collect(step=DAY)
    fleet.pages[url].headers["X-New"] = "1"
    fleet.collect(step=DAY)

    [change] = ask(client)["changes"]

    assert (change["field"], change["old"], change["new"]) == ("header.x-new", [], ["1"])
    assert (change["before"], change["at"]) == ("2026-02-01T12:00:00.123Z", "2026-02-02T12:00:00.123Z")


def test_the_newest_come_first(client: FlaskClient, fleet: Fleet) -> None:
    [url] = fleet.add(1)
    for status in (200, 404, 200, 500):
        fleet.pages[url].status = status
        fleet.collect(step=DAY)

    assert [(each["old"], each["new"]) for each in ask(client, field="status")["changes"]] == [
        (["200"], ["500"]), (["404"], ["200"]), (["200"], ["404"])
    ]  # fmt: skip


def test_a_first_collection_is_no_change_and_neither_is_a_refresh_that_shows_the_same(
    client: FlaskClient, fleet: Fleet
) -> None:
    fleet.add(3)
    for _ in range(3):
        fleet.collect()

    assert ask(client, volatile="true")["changes"] == []
    assert ask(client, GROUPS, volatile="true")["groups"] == []


def test_a_failure_and_a_recovery_are_changes_of_failure(client: FlaskClient, fleet: Fleet) -> None:
    [url] = fleet.add(1)
    fleet.collect()
    for failure in ("dns_failure", None):
        fleet.pages[url].failure = failure
        fleet.collect()

    listed = ask(client)["changes"]

    assert [(each["field"], each["old"], each["new"]) for each in listed] == [
        ("failure", ["dns_failure"], []), ("failure", [], ["dns_failure"])
    ]  # fmt: skip
    assert [each["before"] for each in listed] == ["2026-01-31T12:00:01.123Z", "2026-01-31T12:00:00.123Z"]


def test_tags_that_are_given_are_changes_of_tag(client: FlaskClient, fleet: Fleet) -> None:
    urls = fleet.add(3)
    fleet.collect()
    store, records = (getattr(client.application.extensions["inventory"], name) for name in ("store", "records"))
    for url in urls:
        store.observations.tag(records.target("webpage", url).id, ["prod"], now=fleet.clock())

    assert rows(client) == [("tag", [], 3)]
    assert ask(client, GROUPS)["groups"][0]["new"] == ["prod"]
    store.observations.tag(records.target("webpage", urls[0]).id, ["old"], now=fleet.clock() + timedelta(seconds=1))
    fleet.clock.forward(2)
    replaced, *given = ask(client)["changes"]
    assert (replaced["old"], replaced["new"]) == (["prod"], ["old"])
    assert {each["before"] for each in (replaced, *given)} == {None}, "no collection finds labels"


def test_deleted_targets_vanish(client: FlaskClient, fleet: Fleet) -> None:
    urls = fleet.add(3)
    fleet.collect()
    for url in urls:
        fleet.pages[url].headers = {}
    fleet.collect()
    client.delete("/api/v1/metadata", query_string={"url": urls[0]})

    assert {each["url"] for each in ask(client)["changes"]} == set(urls[1:])
    assert {each["count"] for each in ask(client, GROUPS)["groups"]} == {2}


# What is asked for


def test_a_query_holds_for_targets_as_they_are_now(client: FlaskClient, fleet: Fleet) -> None:
    one, other = fleet.add(2)
    fleet.collect()
    fleet.pages[one].headers = fleet.pages[other].headers = {"Server": "nginx"}
    fleet.collect()
    fleet.pages[one].headers = {"Server": "Apache"}
    fleet.collect()

    def lost(query: str) -> set[str]:
        return {each["url"] for each in ask(client, q=query, field=LOST)["changes"]}

    assert lost("header.server:nginx") == {other}
    assert lost("header.server:Apache") == {one}
    assert lost(f"NOT _exists_:{LOST}") == {one, other}
    assert rows(client, q="header.server:Apache", field="header.server") == [("header.server", [], 1)]


def test_fields_are_named_one_by_one_or_by_patterns(client: FlaskClient, fleet: Fleet) -> None:
    [url] = fleet.add(1)
    fleet.collect()
    fleet.pages[url] = Page(headers={"Server": "Apache"}, status=404, scripts=["evil.example"])
    fleet.collect()

    def found(*names: str) -> list[str]:
        return sorted({each["field"] for each in ask(client, field=list(names))["changes"]})

    assert found("header.*") == ["header.server", LOST]
    assert found("status", "script.*") == ["script.host", "status"]
    assert found("*.sha256", "STATUS") == ["body.sha256", "status"]
    assert found("title") == []
    assert {"grade", "policy.baseline.hsts"} <= set(found("*")) - set(found()), "of verdicts, only what is named"
    assert found() == ["body.sha256", "header.server", LOST, "script.host", "status"]


def test_only_changes_from_since_to_before_until_are_meant(client: FlaskClient, fleet: Fleet) -> None:
    [url] = fleet.add(1)
    for status in (200, 201, 202, 203):
        fleet.pages[url].status = status
        fleet.collect(step=DAY)

    def found(**query: str) -> list[str]:
        return [each["new"][0] for each in ask(client, field="status", **query)["changes"]]

    first = "2026-02-01T12:00:00.123Z"
    assert found() == ["203", "202", "201"]
    assert found(since=first, until="2026-02-03") == ["202", "201"]
    assert found(since="2026-02-01T12:00:00.124Z", until="2026-02-03T12:00:00.123Z") == ["202"]
    assert found(until=first) == []
    assert found(since="30h") == ["203"]
    assert found(since="49H", until="25h") == ["202"]
    fleet.clock.forward(5 * DAY)
    assert found() == ["203", "202"]


def test_all_is_listed_once_in_pages_of_any_size_also_where_all_changed_at_one_instant(
    client: FlaskClient, fleet: Fleet
) -> None:
    urls = fleet.add(12)
    fleet.collect(step=0)
    for url in urls:
        fleet.pages[url] = Page(headers={}, status=404, certificate=2)
    fleet.collect(urls[:9], step=0)
    fleet.clock.forward(1)
    fleet.collect(urls[9:], step=0.5)

    whole = ask(client, limit=200)["changes"]

    assert len({(each["id"], each["field"]) for each in whole}) == len(whole) == 12 * 5
    assert len({each["at"] for each in whole}) == 4
    for limit in (1, 7, 9, 59, 60):
        assert all_pages(client, limit=limit) == whole


def test_pages_go_back_as_far_as_the_first_one_however_late_they_are_asked_for(client: FlaskClient, fleet: Fleet) -> None:
    [url] = fleet.add(1)
    for status in (200, 201, 202):
        fleet.pages[url].status = status
        fleet.collect(step=DAY)
    first = ask(client, field="status", since="2d", limit=1)
    fleet.clock.forward(DAY)
    fleet.pages[url].status = 203
    fleet.collect()

    second = ask(client, field="status", since="2d", limit=1, cursor=first["next_cursor"])

    assert [each["new"] for each in (*first["changes"], *second["changes"])] == [["202"], ["201"]]
    assert second["next_cursor"] is None
    assert second["since"] == first["since"]


# Groups


def test_a_deploy_that_removes_a_header_of_120_targets_is_one_row(client: FlaskClient, fleet: Fleet) -> None:
    urls = fleet.add(150)
    fleet.collect()
    for url in urls[:120]:
        del fleet.pages[url].headers[HSTS[0]]
    fleet.collect()

    document = ask(client, GROUPS)

    [group] = document["groups"]
    assert (group["field"], group["also"], group["old"], group["new"]) == (LOST, [], [HSTS[1]], [])
    assert (group["count"], group["targets"], document["changes"], document["omitted"]) == (120, 120, 120, 0)
    assert (group["first_seen"], group["last_seen"]) == ("2026-01-31T12:02:30.123Z", "2026-01-31T12:04:29.123Z")
    shared = {each["field"]: (each["value"], each["targets"]) for each in group["shared"]}
    assert shared == {
        "domain": ("example.com", 120), "ip": ("127.0.0.1", 120), "header.server": ("nginx", 120),
        "tls.issuer": ("CN=R11,O=Let's Encrypt,C=US", 120),
    }  # fmt: skip
    assert [each["url"] for each in group["samples"]] == urls[119:109:-1]
    assert group["samples"][0]["old"] == [HSTS[1]]

    assert group["changes"].startswith(
        "/api/v1/changes?field=header.strict-transport-security&since=2026-01-31T12:02:30.123Z"
    )
    listed = client.get(f"{group['changes']}&limit=200").json["changes"]
    assert ({each["field"] for each in listed}, {each["url"] for each in listed}) == ({LOST}, set(urls[:120]))


def test_links_keep_the_query_and_lead_through_a_proxy_that_serves_a_prefix(client: FlaskClient, fleet: Fleet) -> None:
    [url] = fleet.add(1)
    fleet.collect()
    fleet.pages[url].status = 404
    fleet.collect()

    answer = client.get(
        GROUPS, query_string={"q": 'url:"é&+ "OR status:404'}, environ_overrides={"SCRIPT_NAME": "/inventory"}
    )

    [group] = answer.json["groups"]
    assert group["changes"].startswith("/inventory/api/v1/changes?q=url:%22%C3%A9%26%2B%20%22OR%20status:404&field=status&")
    assert len(client.get(group["changes"].removeprefix("/inventory")).json["changes"]) == 1


def test_renewed_certificates_are_one_row(client: FlaskClient, fleet: Fleet) -> None:
    urls = fleet.add(5)
    fleet.collect()
    for url in urls[:3]:
        fleet.pages[url].certificate = 2
    fleet.collect()

    [group] = ask(client, GROUPS)["groups"]

    assert (group["field"], group["also"], group["count"]) == ("tls.sha256", ["tls.not_after"], 3)
    assert (group["old"], group["new"]) == (["{hex:64}"], ["{hex:64}"])
    assert len(group["samples"][0]["old"][0]) == 64


def test_a_new_script_host_is_one_row_with_what_follows_from_it(client: FlaskClient, fleet: Fleet) -> None:
    urls = fleet.add(60)
    fleet.collect()
    for url in urls[:40]:
        fleet.pages[url].scripts.append("evil.example.org")
    fleet.collect()

    [group] = ask(client, GROUPS)["groups"]

    assert (group["field"], group["also"]) == ("script.host", ["script.inline", "body.sha256"])
    assert (group["old"], group["new"], group["count"]) == ([], ["evil.example.org"], 40)


def test_three_things_that_happened_are_three_rows_although_headers_differ_each_time(
    client: FlaskClient, fleet: Fleet
) -> None:
    urls = fleet.add(30)
    for _ in range(5):
        fleet.collect()
    for url in urls[:12]:
        del fleet.pages[url].headers[HSTS[0]]
    for url in urls[10:14]:
        fleet.pages[url].scripts.append("evil.example.org")
    for url in urls[20:23]:
        fleet.pages[url].certificate = 2
    fleet.collect()

    assert rows(client) == [
        (LOST, [], 12), ("script.host", ["script.inline", "body.sha256"], 4), ("tls.sha256", ["tls.not_after"], 3)
    ]  # fmt: skip
    assert rows(client, field=["tls.*", "status"]) == [("tls.sha256", ["tls.not_after"], 3)]
    assert rows(client, limit=1) == [(LOST, [], 12)]
    assert ask(client, GROUPS, limit=1)["omitted"] == 2


def test_what_differs_all_the_time_is_left_out_unless_it_is_asked_for(client: FlaskClient, fleet: Fleet) -> None:
    [url] = fleet.add(1)
    for n in range(5):
        fleet.pages[url].headers = {"X-Build": f"build {n}00"}
        fleet.collect()

    field = "header.x-build"
    assert [each["new"] for each in ask(client, field=field)["changes"]] == [["build 200"], ["build 100"]]
    whole = ask(client, field=field, volatile="true")["changes"]
    assert (whole[0]["new"], whole[0]["volatile"]) == (["build {number}"], True)
    assert all_pages(client, field=field, volatile="true", limit=1) == whole
    assert all_pages(client, field=field, limit=1) == whole[1:]
    assert rows(client, field=field) == [(field, [], 2)]
    [_, volatile] = ask(client, GROUPS, field=field, volatile="true")["groups"]
    assert volatile["volatile"]
    assert [each["volatile"] for each in client.get(volatile["changes"]).json["changes"]] == [True]


# What cannot be answered


@pytest.mark.parametrize("path", [CHANGES, GROUPS])
@pytest.mark.parametrize(
    ("query", "name", "said"),
    [
        ({"since": "yesterday"}, "since", "is not an instant"),
        ({"since": ""}, "since", "Send an instant"),
        ({"since": "2026-01-31T13:00:00Z"}, "since", "is in the future"),
        ({"until": "9999-12-31"}, "until", "is in the future"),
        ({"since": "1d", "until": "2d"}, "since", "It is later than `until`"),
        ({"until": "2025-01-01"}, "since", "by default it is seven days ago"),
        ({"field": ""}, "field", "Send the name of a field"),
        ({"field": ["status"] * 21}, "field", "at most 20 fields"),
        ({"field": ",".join(["status"] * 21)}, "field", "at most 20 fields"),
        ({"field": "status,"}, "field", "Send the name of a field"),
        ({"limit": "0"}, "limit", "1 to 200"),
        ({"volatile": "perhaps"}, "volatile", ""),
        ({"at": "2026-01-01"}, "at", "Unknown field"),
    ],
)
def test_what_is_not_valid_is_said_with_its_name(
    client: FlaskClient, path: str, query: dict[str, Any], name: str, said: str
) -> None:
    status, code, document = problem(client, path, **query)

    assert (status, code) == (422, "invalid_request")
    assert said in " ".join(document["errors"][name])


@pytest.mark.parametrize("path", [CHANGES, GROUPS])
def test_what_takes_too_long_is_refused_with_the_way_out(
    make_services: Build, tmp_path: Path, web: FakeWeb, clock: FakeClock, path: str
) -> None:
    bounds = Bounds(total_seconds=0, changes_seconds=0)
    client = create_app(services=make_services(store=SqliteStore(tmp_path / "store", bounds=bounds))).test_client()
    fleet = Fleet(client, web, clock)
    urls = fleet.add(25)
    for n in range(3):
        for url in urls:
            fleet.pages[url].headers = {f"x-{m}": str(n) for m in range(150)}
        fleet.collect(step=0)
        clock.forward(1)

    status, code, document = problem(client, path, limit=200)

    assert (status, code) == (422, "query_too_broad")
    assert "Send a later `since`, an earlier `until`, a `field`, or a `q`" in document["errors"]["since"][0]


def test_more_changes_than_can_be_grouped_are_refused(services: Services, fleet: Fleet) -> None:
    urls = fleet.add(3)
    fleet.collect()
    for url in urls:
        fleet.pages[url].headers = {}
    fleet.collect()

    def grouped(max_grouped: int) -> Groups:
        parts = services.store.observations, services.records, services.snapshots
        return FleetChanges(*parts, clock=fleet.clock, max_grouped=max_grouped).groups(ChangeParameters(), limit=1)

    assert grouped(6).changes == 6
    with pytest.raises(TooManyChanges):
        grouped(5)


def test_a_page_ends_where_it_has_looked_at_enough_and_the_next_one_goes_on_there(
    services: Services, clock: FakeClock
) -> None:
    """Of volatile changes there may be many before one that tells something."""
    log = Listed(clock(), volatile=32_000)
    fleet = FleetChanges(log, services.records, services.snapshots, clock=clock, ticks=lambda: 0.0)
    first = fleet.page(ChangeParameters(), limit=200, cursor=None)

    assert (first.changes, len(log.portions), max(log.portions)) == ([], PORTIONS, LARGEST_PORTION)
    cursor, pages = first.next_cursor, 1
    while cursor is not None:
        cursor, pages = fleet.page(ChangeParameters(), limit=200, cursor=cursor).next_cursor, pages + 1
    assert pages == 3
    assert sum(log.portions) < 32_001 + LARGEST_PORTION


def test_what_targets_share_is_counted_of_all_of_them_and_what_they_cannot_share_is_not(
    services: Services, clock: FakeClock
) -> None:
    log = Sharing(clock(), 3_000)
    groups = FleetChanges(log, services.records, services.snapshots, clock=clock).groups(ChangeParameters(), limit=10).groups

    shared = {shown.group.field: [(each.value, each.targets) for each in shown.shared] for shown in groups}
    assert shared == {"header.a": [("nginx", 1_800)], "header.b": [], "header.c": [("nginx", 1_800)]}
    assert log.looked_at == 3 * LOOKED_AT
    assert log.counted == [[[("header.server", "nginx")]] * 2], "all groups are asked for together"


def test_a_target_that_is_deleted_meanwhile_is_left_out(services: Services, clock: FakeClock) -> None:
    fleet = FleetChanges(Listed(clock(), volatile=0), services.records, services.snapshots, clock=clock)

    assert fleet.page(ChangeParameters(), limit=1, cursor=None).changes == []


@pytest.mark.parametrize("path", [CHANGES, GROUPS])
def test_a_query_that_cannot_be_read_is_answered_with_the_position(client: FlaskClient, path: str) -> None:
    status, code, document = problem(client, path, q="status:200 AND sttus:404")

    assert (status, code, document["position"]) == (422, "invalid_query", 16)
    assert "Did you mean status?" in document["errors"]["q"][0]


@pytest.mark.parametrize("path", [CHANGES, GROUPS])
@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("sttus", "Did you mean status?"),
        ("elapsed_ms", "of the latest snapshot only"),
        ("body.s?ze", "of the latest snapshot only"),
        ("title\\", "After a backslash"),
    ],
)
def test_a_name_that_means_no_field_is_answered_with_what_does(client: FlaskClient, path: str, name: str, said: str) -> None:
    status, code, document = problem(client, path, field=["status", name])

    assert (status, code, "position" in document) == (422, "invalid_query", True)
    assert said in document["errors"]["field"][0]


def test_a_cursor_is_good_for_its_own_query_only(client: FlaskClient, fleet: Fleet) -> None:
    fleet.add(2)
    fleet.collect()
    for page in fleet.pages.values():
        page.headers = {}
    fleet.collect()
    query: dict[str, Any] = {"q": "status:200", "field": ["header.*", "status"], "since": "7d", "limit": 1}
    cursor = ask(client, **query)["next_cursor"]

    assert ask(client, **query | {"field": ["status", "header.*"], "limit": 3}, cursor=cursor)["changes"]
    for other in ({"q": ""}, {"field": "header.*"}, {"since": "6d"}, {"until": "0s"}, {"volatile": "true"}):
        status, code, document = problem(client, **query | other, cursor=cursor)
        assert (status, code) == (422, "invalid_request")
        assert "the cursor of another query" in document["errors"]["cursor"][0]


def test_a_cursor_that_was_tampered_with_is_refused_or_leads_somewhere(client: FlaskClient, fleet: Fleet) -> None:
    [url] = fleet.add(1)
    for status in (200, 201, 202):
        fleet.pages[url].status = status
        fleet.collect()
    digest, at, since, record_id, name = urlsafe_b64decode(ask(client, limit=1)["next_cursor"]).decode().split(" ")

    def answered(*parts: object) -> int:
        cursor = urlsafe_b64encode(" ".join(map(str, parts)).encode("utf-8", "surrogatepass")).decode()
        answer = client.get(CHANGES, query_string={"cursor": cursor})
        assert answer.status_code == 200 or answer.json["errors"]["cursor"]
        return answer.status_code

    assert answered(digest, at, since, record_id, name) == 200
    for parts in (
        (digest, at, since, record_id, "\ud800"), (digest, at, since), (digest, at, "x", record_id, name),
        (digest, at, 10**30, record_id, name), (digest, at, since, record_id), (digest, 1e3, since, record_id, name),
    ):  # fmt: skip
        assert answered(*parts) == 422
    for parts in (
        (digest, at, -(10**13), record_id, name), (digest, 10**14, since, record_id, name), (digest, since, at, "\0", "\0"),
    ):  # fmt: skip
        assert answered(*parts) == 200


@pytest.mark.parametrize("cursor", ["x", "ä", "W10=", "WzFd", "bnVsbA==", "WyJ4IixudWxsLG51bGwsMSwyXQ==", "W1tb" * 3_000])
def test_a_text_that_is_no_cursor_is_refused(client: FlaskClient, cursor: str) -> None:
    status, code, document = problem(client, cursor=cursor)

    assert (status, code) == (422, "invalid_request")
    assert "Not a cursor" in document["errors"]["cursor"][0]


def test_fields_with_any_characters_are_linked_to(client: FlaskClient, fleet: Fleet) -> None:
    names = ["x-*", 'x-"quoted"', "x-é&=%+ #", "x-\\u", "x-:[a to b]", "x.exact", "x-\0", "x-plain"]
    for url, name in zip(fleet.add(len(names)), names, strict=True):
        fleet.pages[url].headers = {name: "1"}
    fleet.collect()
    for page in fleet.pages.values():
        page.headers = {}
    fleet.collect()

    groups = ask(client, GROUPS)["groups"]

    assert {group["field"] for group in groups} == {f"header.{name}" for name in names}
    for group in groups:
        name = parse_qs(urlsplit(group["changes"]).query)["field"][0]
        assert {each["field"] for each in ask(client, field=name)["changes"]} == {group["field"]}
        assert len(client.get(group["changes"]).json["changes"]) == 1


def test_the_examples_of_the_documentation_are_documents_of_the_schemas() -> None:
    assert fleet_schemas.ChangesPage().validate(example("changes/changes")) == {}
    assert fleet_schemas.ChangeGroupsSchema().validate(example("changes/groups")) == {}

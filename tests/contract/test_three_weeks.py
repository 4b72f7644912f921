"""The story of 300 sites in three weeks, and what the inventory answers who asks about all of them; on both stores."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import pytest

from inventory.store import Store
from tests.conftest import Build
from tests.contract.backends import Backend
from tests.fleet.fleet import TODAY, WEEKS, fleet_on
from tests.fleet.sites import (
    CARELESS,
    DEVICES,
    EDITIONS,
    EXPIRING,
    FIRST,
    HSTS,
    MAGAZINES,
    OLD,
    RENEWED,
    SECOND,
    SHOPS,
    SITES,
    THIRD,
    TRACKED,
    TRACKER,
    UNMOVED,
    Site,
)

STRICT = "header.strict-transport-security"
ISSUER = "organizationName=Example Trust, commonName=R1"


@pytest.fixture(params=["sqlite", "mongomock"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Both stores, but no real server: FerretDB reads all documents for most queries, so that 300 sites take it minutes."""
    return request.getfixturevalue(request.param)


def urls(some: Iterable[Site]) -> list[str]:
    return sorted(site.url for site in some)


def told(group: Any) -> tuple[str, list[str], list[str], list[str], int]:
    """What changed, what changed with it, from what to what, and on how many sites, each once."""
    assert group["count"] == group["targets"]
    return group["field"], group["also"], group["old"], group["new"], group["targets"]


@pytest.mark.timeout(400)
def test_300_sites_are_asked_about_in_the_present_and_in_the_past(store: Store, make_services: Build) -> None:
    with fleet_on(store, make_services) as fleet:
        # In the first week there is an inventory of 300 sites, and nothing that could have changed.
        fleet.collect(FIRST)

        assert fleet.found() == urls(SITES)
        assert fleet.values("header.server") == {"nginx": 120, "Apache": 80, "Microsoft-IIS/10.0": 60, "lighttpd/1.4": 40}
        assert fleet.groups(since="7d") == []

        # Before the second week, the magazines move to another server: all but four.
        fleet.collect(SECOND)

        [move] = fleet.groups(since="7d")
        assert told(move) == ("header.server", [], ["Apache"], ["Caddy"], 76)
        assert fleet.found("tag:magazine AND NOT header.server:Caddy") == urls(UNMOVED)
        assert fleet.found("tls.not_after:[now TO now+30d]") == urls(EXPIRING)

        # In the third week, a deploy removes a header, three certificates are renewed, and a new script is loaded.
        fleet.renew(RENEWED)
        fleet.collect(THIRD)
        fleet.clock.now = TODAY + timedelta(hours=9)
        incident, eve = WEEKS[THIRD], f"{WEEKS[THIRD] - timedelta(days=1):%Y-%m-%d}"

        # What changed during the incident? Three things, whatever else differs in each response.
        deploy, script, renewal = fleet.groups(since=f"{incident:%Y-%m-%d}")
        assert told(deploy) == (STRICT, [], [HSTS], [], 120)
        assert told(script) == ("script.host", ["body.sha256"], [], [TRACKER], 40)
        assert told(renewal) == ("tls.sha256", ["tls.not_after"], ["{hex:64}"], ["{hex:64}"], 3)

        # The devices answered 304, which confirms all that they showed.
        confirmed = fleet.get("/api/v1/metadata/snapshots", url=DEVICES[-1].url)["snapshots"]
        assert [each["response"]["not_modified"] for each in confirmed] == [True, True, False]

        # What do they have in common, and when were they seen?
        assert fleet.shared(deploy) == {
            "domain": "example.com", "ip": "127.0.0.2", "header.server": "nginx", "tls.issuer": ISSUER
        }  # fmt: skip
        assert fleet.shared(script)["domain"] == "example.org"
        assert fleet.shared(renewal)["domain"] == "example.net"
        assert fleet.week(deploy["first_seen"]) == fleet.week(deploy["last_seen"]) == THIRD
        assert deploy["first_seen"] < deploy["last_seen"] < script["first_seen"] < renewal["first_seen"]

        # Which sites lost HSTS this week? Each of them did between the same two collections.
        lost = fleet.all("/api/v1/changes", "changes", field=STRICT, since="7d", limit=50)
        assert sorted(each["url"] for each in lost) == urls(SHOPS)
        assert {(*each["old"], *each["new"]) for each in lost} == {(HSTS,)}
        assert {(fleet.week(each["before"]), fleet.week(each["at"])) for each in lost} == {(SECOND, THIRD)}
        assert fleet.followed(deploy["changes"], "changes") == lost

        # Where is this script loaded, and since when?
        loading = fleet.all("/api/v1/search", "targets", q=f"script.host:{TRACKER}", show="script.host", limit=7)
        assert sorted(each["url"] for each in loading) == urls(TRACKED)
        assert {(one["value"], fleet.week(one["first_seen"])) for each in loading for one in each["observations"]} == {
            ("static.example.org", FIRST), (TRACKER, THIRD)
        }  # fmt: skip
        assert sorted(each["url"] for each in fleet.followed(script["changes"], "changes")) == urls(TRACKED)

        # Which cookies may travel without encryption, and which may be sent from other sites?
        assert fleet.found("cookie.*.secure:false") == urls(CARELESS)
        assert fleet.values("cookie.basket", q="cookie.*.secure:false") == {"httponly; samesite=lax; path=/; persistent": 12}
        assert fleet.found("cookie.*.samesite:unset") == urls(MAGAZINES)

        # Which certificates expire within 30 days? And which of those that did are new?
        assert fleet.found("tls.not_after:[now TO now+30d]") == urls(EXPIRING[3:])
        assert sorted(each["url"] for each in fleet.followed(renewal["changes"], "changes")) == urls(RENEWED)

        # Who serves what, and what is left of the old server? Each value leads to its sites.
        servers = fleet.get("/api/v1/search/facets", field="header.server")["values"]
        assert [(each["value"], each["count"]) for each in servers] == [
            ("nginx", 120), ("Caddy", 76), ("Microsoft-IIS/10.0", 60), ("lighttpd/1.4", 40), ("Apache", 4)
        ]  # fmt: skip
        assert sorted(each["url"] for each in fleet.followed(servers[-1]["search"], "targets")) == urls(UNMOVED)
        assert fleet.values("tag") == {"shop": 120, "magazine": 80, "office": 60, "device": 40}
        assert fleet.values("title", q="tag:office") == {f"Office, edition {number}": 6 for number in range(EDITIONS)}
        assert fleet.found("http_version:1.0") == urls(OLD)
        assert fleet.found("scheme:http") == urls(DEVICES)

        # What did the fleet look like on the eve of the incident? And what in the first week?
        assert fleet.found(f"_exists_:{STRICT}") == urls(MAGAZINES)
        assert fleet.found(f"_exists_:{STRICT}", at=eve) == urls([*SHOPS, *MAGAZINES])
        assert fleet.found(f"script.host:{TRACKER}", at=eve) == []
        assert fleet.found("tls.not_after:[now TO now+30d]", at=eve) == urls(EXPIRING)
        assert fleet.values("header.server", at="14d") == {
            "nginx": 120, "Apache": 80, "Microsoft-IIS/10.0": 60, "lighttpd/1.4": 40
        }  # fmt: skip

        # What differs on one site?
        diff = fleet.get("/api/v1/metadata/diff", url=TRACKED[0].url)
        changes = {each["field"]: each for each in diff["changes"]}
        assert (changes["script.host"]["kind"], changes["script.host"]["new"]) == ("added", TRACKER)
        assert {name for name, each in changes.items() if not each["volatile"]} == {
            "script.host",
            "body.sha256",
            "body.size",
        }
        assert all(changes[f"header.{name}"]["volatile"] for name in ("date", "etag", "x-request-id", "set-cookie"))
        assert (diff["text"]["added"], diff["text"]["removed"]) == (1, 0)
        assert f"+<script async src=https://{TRACKER}/t.js></script>\n" in diff["text"]["unified"]

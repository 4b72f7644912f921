"""Keys that are limited to hosts and tags: each route finds, shows, collects and changes nothing but what is within."""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode
from hashlib import sha256
from io import BytesIO
from typing import Any
from urllib.parse import urlencode

import pytest
from warcio.archiveiterator import ArchiveIterator

from inventory.jobs.model import RowOutcome
from inventory.listing import PORTION
from inventory.records.model import Attachment
from inventory.watches.model import GATHER
from tests.access.guarded import Guarded, Headers, upload
from tests.fakes import FakeClock
from tests.jobs.actions import rows_of, work_to_the_end

A1, A2, B1 = "http://a.shop.test/1", "http://a.shop.test/2", "http://b.shop.test/1"
TAGGED, OTHER, APEX = "http://tagged.test/", "http://other.test/", "http://shop.test/"
ALL = {A1, A2, B1, TAGGED, OTHER, APEX}
LIMITED = [
    pytest.param(["*.shop.test"], "host:*.shop.test", {A1, A2, B1}, id="names below a host"),
    pytest.param(["a.shop.test"], "host:a.shop.test", {A1, A2}, id="a host"),
    pytest.param(["tag=shop"], "tag:shop", {TAGGED, B1}, id="a tag"),
    pytest.param(["shop.test", "tag=shop"], "host:shop.test OR tag:shop", {APEX, TAGGED, B1}, id="a host and a tag"),
    pytest.param(["nowhere.test"], "host:nowhere.test", set(), id="a host without targets"),
]


@pytest.fixture
def fleet(guarded: Guarded) -> Guarded:
    """The app with these targets, each collected twice."""
    for server in ("nginx", "caddy"):
        for url in (A1, A2, B1, TAGGED, OTHER, APEX):
            guarded.collect(url, server=server, tags=("Shop",) if url in (TAGGED, B1) else ())
    return guarded


def limited(guarded: Guarded, verb: str, limits: list[str], *others: str) -> Headers:
    return guarded.key(*(f"{verb}:{limit}" for limit in limits), *others)


@pytest.mark.parametrize(("limits", "query", "within"), LIMITED)
def test_a_search_finds_what_is_within(fleet: Guarded, limits: list[str], query: str, within: set[str]) -> None:
    key = limited(fleet, "read", limits)
    for q, both in (("", query), ("header.server:caddy", f"header.server:caddy ({query})"), ("NOT tag:shop", None)):
        found = fleet.ask(key, "/search", query_string={"q": q, "show": "host"})
        assert {each["url"] for each in found["targets"]} <= within
        if both is not None:
            expected = fleet.ask(fleet.admin, "/search", query_string={"q": both, "show": "host"})
            assert found["targets"] == expected["targets"]
            assert found["total"] == expected["total"]
    assert {each["url"] for each in fleet.ask(key, "/search", query_string={"q": ""})["targets"]} == within


@pytest.mark.parametrize("q", ["*:*", "NOT host:a.shop.test", "host:* OR tag:*", "a OR NOT shop", ") OR *:*"])
def test_no_query_leads_out_of_limits(fleet: Guarded, q: str) -> None:
    response = fleet.send(fleet.key("read:a.shop.test"), "/search", query_string={"q": q})

    assert response.status_code in (200, 422)
    assert {each["url"] for each in response.json.get("targets", ())} <= {A1, A2}


@pytest.mark.parametrize(("limits", "query", "within"), LIMITED)
def test_facets_changes_and_groups_count_what_is_within(
    fleet: Guarded, limits: list[str], query: str, within: set[str]
) -> None:
    key = limited(fleet, "read", limits)

    ours = fleet.ask(key, "/search/facets", query_string={"field": "host"})
    theirs = fleet.ask(fleet.admin, "/search/facets", query_string={"field": "host", "q": query})
    assert [(each["value"], each["count"]) for each in ours["values"]] == [
        (each["value"], each["count"]) for each in theirs["values"]
    ]
    assert sum(each["count"] for each in ours["values"]) == len(within)
    for path, member in (("/changes", "changes"), ("/changes/groups", "groups")):
        found = fleet.ask(key, path, query_string={"field": "header.server"})[member]
        expected = fleet.ask(fleet.admin, path, query_string={"field": "header.server", "q": query})[member]
        assert without_links(found) == without_links(expected)
    assert {each["url"] for each in fleet.ask(key, "/changes")["changes"]} == within


def without_links(documents: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Groups without the link to their changes, which repeats the query."""
    return [{name: value for name, value in each.items() if name != "changes"} for each in documents]


@pytest.mark.parametrize(("limits", "query", "within"), LIMITED)
def test_an_export_has_what_is_within_the_limits_of_its_own_verb(
    fleet: Guarded, limits: list[str], query: str, within: set[str]
) -> None:
    key = limited(fleet, "export", limits, "read:other.test")

    lines = fleet.send(key, "/search/export", query_string={"format": "csv"}).text.splitlines()[1:]

    assert {line.split(",")[2] for line in lines} == within


@pytest.mark.parametrize(("limits", "query", "within"), LIMITED)
def test_an_archive_has_what_is_within_the_limits_of_exports(
    fleet: Guarded, limits: list[str], query: str, within: set[str]
) -> None:
    key = limited(fleet, "export", limits, "read:other.test")

    found = fleet.send(key, "/archive.warc.gz", query_string={"q": ""})
    histories = {url: fleet.send(key, "/archive.warc.gz", query_string={"url": url}).status_code for url in ALL}

    records = ArchiveIterator(BytesIO(found.data))
    assert {each.rec_headers["WARC-Target-URI"] for each in records if each.rec_type == "response"} == within
    assert histories == {url: 200 if url in within else 403 for url in ALL}


def test_no_memento_is_beyond_limits(fleet: Guarded) -> None:
    [snapshot, *_] = fleet.ask(fleet.admin, "/metadata/snapshots", query_string={"url": B1})["snapshots"]
    stamp = re.sub(r"\D", "", snapshot["collected_at"])

    def status(key: Headers, path: str) -> int:
        return fleet.client.get(f"/memento/{path}/{B1}", headers=key).status_code

    paths = (stamp, f"{stamp}~{snapshot['id']}.0", "timegate", "timemap/link")
    assert [status(fleet.key("read:b.shop.test"), each) for each in paths] == [200, 200, 302, 200]
    assert [status(fleet.key("read:a.shop.test"), each) for each in paths] == [403, 404, 403, 403]


@pytest.mark.parametrize(("limits", "query", "within"), LIMITED)
def test_the_index_of_captures_lists_what_is_within_and_its_keys_tell_no_other_url(
    fleet: Guarded, limits: list[str], query: str, within: set[str]
) -> None:
    key, asked = limited(fleet, "read", limits), {"url": "*.test", "fl": "original", "limit": "1"}
    found, path, said = set[str](), "/cdx", b""
    while path:
        answer = fleet.client.get(path, headers=key, query_string=asked if path == "/cdx" else None)
        found |= set(answer.text.splitlines())
        resume_key = answer.headers.get("Link", "").partition("resumeKey=")[2].partition(">")[0]
        said += urlsafe_b64decode(resume_key)
        path = f"/cdx?{urlencode(asked)}&resumeKey={resume_key}" if resume_key else ""

    assert found == within
    assert b"test," not in said
    assert said or not within


@pytest.mark.parametrize(("limits", "query", "within"), LIMITED)
@pytest.mark.parametrize("limit", [1, 200])
def test_records_list_what_is_within(fleet: Guarded, limits: list[str], query: str, within: set[str], limit: int) -> None:
    listed = fleet.ask(fleet.admin, "/records", query_string={"limit": 200})["records"]

    assert all_records(fleet, limited(fleet, "read", limits), limit=limit) == [
        each["key"] for each in listed if each["key"] in within
    ]


def test_records_of_a_host_are_those_that_are_within(fleet: Guarded) -> None:
    key = fleet.key("read:a.shop.test", "read:tag=shop")

    assert all_records(fleet, key, host="a.shop.test") == [A2, A1]
    assert all_records(fleet, key, host="b.shop.test") == [B1]
    assert all_records(fleet, key, host="other.test") == []
    assert all_records(fleet, fleet.key("read:a.shop.test"), host="b.shop.test") == []


def all_records(guarded: Guarded, key: Headers, **query: Any) -> list[str]:
    """The keys of all pages; none of them may have more than it was asked for."""
    keys: list[str] = []
    cursor = None
    while True:
        page = guarded.ask(key, "/records", query_string=query | ({"cursor": cursor} if cursor else {}))
        assert len(page["records"]) <= query.get("limit", 50)
        keys += [each["key"] for each in page["records"]]
        cursor = page["next_cursor"]
        if cursor is None:
            return keys


def test_few_records_among_many_are_listed_in_the_end(guarded: Guarded) -> None:
    now = guarded.services.records.clock()
    targets = [guarded.services.records.collectable("webpage", f"http://many{n}.test/") for n in range(2 * PORTION + 7)]
    wanted = [guarded.services.records.collectable("webpage", f"http://x{n}.few.test/") for n in range(3)]
    for some in (wanted[:2], targets[:1_000], targets[1_000:], wanted[2:]):
        guarded.services.store.records.accept_all([(each, None) for each in some], now=now)

    assert sorted(all_records(guarded, guarded.key("read:*.few.test"), limit=2)) == sorted(each.key for each in wanted)


@pytest.mark.parametrize(("limits", "query", "within"), LIMITED)
def test_what_is_known_of_a_url_is_read_within(fleet: Guarded, limits: list[str], query: str, within: set[str]) -> None:
    key = limited(fleet, "read", limits)
    for path in ("/metadata", "/metadata/snapshots", "/metadata/diff"):
        for url in ALL:
            if url in within:
                fleet.ask(key, path, query_string={"url": url})
            else:
                host = url.split("/")[2]
                fleet.refused(key, path, query_string={"url": url}, needed=f"read:{host}")


@pytest.mark.parametrize(
    ("method", "path", "verb"),
    [("POST", "/metadata", "collect"), ("DELETE", "/metadata", "delete"), ("PUT", "/metadata/tags", "import")],
)
def test_urls_are_collected_deleted_and_labelled_within(fleet: Guarded, method: str, path: str, verb: str) -> None:
    def send(key: Headers, url: str) -> int:
        response = fleet.send(key, path, method=method, **request(method, url))
        assert response.status_code < 300 or f"`{verb}" in response.json["detail"]
        return response.status_code

    by_host, by_tag = fleet.key(f"{verb}:a.shop.test", "read"), fleet.key(f"{verb}:tag=SHOP", "read")
    fleet.refused(by_host, path, method=method, needed=f"{verb}:b.shop.test", **request(method, B1))
    assert send(by_host, B1) == send(by_host, APEX) == send(by_tag, A1) == 403
    assert send(by_host, A1) in (200, 204)
    assert send(by_tag, TAGGED) in (200, 204)
    assert send(fleet.key(f"{verb}:*.shop.test"), A2) in (200, 204)
    assert send(fleet.key("read", "watch", "export"), A2) == 403


def request(method: str, url: str) -> dict[str, Any]:
    """The arguments of a request that changes what is known of a URL."""
    if method == "DELETE":
        return {"query_string": {"url": url}}
    return {"json": {"url": url} | ({"tags": ["x"]} if method == "PUT" else {})}


def test_a_tag_does_not_match_what_is_unknown(fleet: Guarded) -> None:
    new = "http://new.test/"

    fleet.refused(fleet.key("collect:tag=shop"), "/metadata", method="POST", json={"url": new}, needed="collect:new.test")
    fleet.refused(fleet.key("read:tag=shop", "collect"), "/metadata", query_string={"url": new}, needed="read:new.test")
    assert all_records(fleet, fleet.admin, host="new.test") == []


def test_a_tag_that_is_taken_away_ends_what_it_allowed(fleet: Guarded) -> None:
    key = fleet.key("read:tag=shop")
    fleet.ask(key, "/metadata", query_string={"url": TAGGED})

    fleet.ask(fleet.admin, "/metadata/tags", method="PUT", json={"url": TAGGED, "tags": []})

    fleet.refused(key, "/metadata", query_string={"url": TAGGED})
    assert [each["url"] for each in fleet.ask(key, "/search")["targets"]] == [B1]


def test_of_an_earlier_instant_tags_say_nothing(fleet: Guarded, clock: FakeClock) -> None:
    at = clock().isoformat()
    clock.forward(10)
    fleet.ask(fleet.admin, "/metadata/tags", method="PUT", json={"url": TAGGED, "tags": []})

    def found(key: Headers) -> set[str]:
        return {each["url"] for each in fleet.ask(key, "/search", query_string={"q": "", "at": at})["targets"]}

    assert found(fleet.admin) == ALL
    assert found(fleet.key("read:tag=shop")) == set()
    assert found(fleet.key("read:tag=shop", "read:*.shop.test")) == {A1, A2, B1}


@pytest.mark.parametrize("collect", ["collect:a.shop.test", "collect:tag=shop", None])
def test_a_miss_beyond_the_limits_of_collecting_is_answered_without_effect(fleet: Guarded, collect: str | None) -> None:
    key = fleet.key("read", *filter(None, [collect]))

    problem = fleet.ask(
        key, "/metadata", query_string={"url": "http://new.test/"}, status=404, headers={"Prefer": "wait=20"}
    )

    assert problem["code"] == "not_in_inventory"
    assert "collect" in problem["detail"]
    assert all_records(fleet, fleet.admin, host="new.test") == []


def test_a_miss_within_the_limits_of_collecting_is_accepted(fleet: Guarded) -> None:
    new = "http://a.shop.test/new"

    fleet.ask(fleet.key("read", "collect:a.shop.test"), "/metadata", query_string={"url": new}, status=202)

    assert new in all_records(fleet, fleet.admin, host="a.shop.test")


def test_a_snapshot_beyond_limits_is_unknown(fleet: Guarded) -> None:
    snapshots = {url: newest(fleet, url) for url in (A1, OTHER)}
    key = fleet.key("read:a.shop.test")

    assert fleet.ask(key, f"/metadata/snapshots/{snapshots[A1]}")["id"] == snapshots[A1]
    unknown = fleet.ask(key, f"/metadata/snapshots/{'0' * 32}", status=404)
    beyond = fleet.ask(key, f"/metadata/snapshots/{snapshots[OTHER]}", status=404)
    assert unknown["code"] == beyond["code"] == "not_found"
    assert OTHER not in str(beyond)


def newest(guarded: Guarded, url: str) -> str:
    return str(guarded.ask(guarded.admin, "/metadata/snapshots", query_string={"url": url})["snapshots"][0]["id"])


def test_to_name_a_certificate_is_not_to_have_it(guarded: Guarded) -> None:
    der = bytes((0x30, 14, 0x30, 12)) + bytes((5, 0)) * 6
    tls = {"version": "TLSv1.3", "cipher": "", "subject": "", "issuer": "", "names": [], "sha256": sha256(der).hexdigest(),
           "not_before": None, "not_after": None}  # fmt: skip
    guarded.collect(OTHER, tls=tls | {"size": len(der)}, attachments=(Attachment(sha256(der).hexdigest(), der),))
    guarded.collect(A1, tls=tls)
    path = f"/certificates/{sha256(der).hexdigest()}"

    statuses = [guarded.send(key, path).status_code for key in (guarded.admin, guarded.key("read:other.test"))]

    assert statuses == [200, 200]
    assert guarded.send(guarded.key("read:a.shop.test"), path).status_code == 404


def test_a_body_is_found_through_a_snapshot_that_may_be_read(guarded: Guarded) -> None:
    def body(key: Headers, source: bytes) -> int:
        return guarded.send(key, f"/bodies/{sha256(source).hexdigest()}").status_code

    old, new, shared, foreign = b"<p>old</p>", b"<p>new</p>", b"<p>shared</p>", b"<p>foreign</p>"
    for url, source in ((A1, old), (A1, new), (B1, shared), (OTHER, shared), (OTHER, foreign), (TAGGED, foreign)):
        guarded.collect(url, body=source, tags=["shop"] if url == TAGGED else [])

    assert [body(guarded.key("read:a.shop.test"), each) for each in (old, new, shared, foreign)] == [200, 200, 404, 404]
    assert [body(guarded.key("read:*.shop.test"), each) for each in (old, new, shared, foreign)] == [200, 200, 200, 404]
    assert [body(guarded.key("read:tag=shop"), each) for each in (old, new, shared, foreign)] == [404, 404, 404, 200]
    assert [body(guarded.admin, each) for each in (old, b"none")] == [200, 404]


@pytest.mark.parametrize(
    ("limits", "within"),
    [(["import:*.shop.test"], [1, 2]), (["import:tag=shop"], [2, 3]), (["import:other.test", "import:tag=shop"], [2, 3, 4])],
)
def test_rows_beyond_the_limits_of_an_import_are_rejected(
    fleet: Guarded, clock: FakeClock, limits: list[str], within: list[int]
) -> None:
    new = "http://new.test/"
    job = upload(fleet, fleet.key(*limits, "read"), A1, B1, TAGGED, OTHER, new, "nonsense")

    ended = work_to_the_end(fleet.services, clock, job["job_id"])

    rows = rows_of(fleet.services, ended.id)
    rejected = [row for row in rows if row.code == "out_of_scope"]
    assert job["limits"] == sorted(limit.removeprefix("import:") for limit in limits)
    assert [row.row for row in rows if row.outcome is RowOutcome.SUCCEEDED] == within
    assert {row.row for row in rejected} == {1, 2, 3, 4, 5} - set(within)
    assert {row.code for row in rows if row.row == 6} == {"invalid_url"}
    assert all(row.outcome is RowOutcome.REJECTED and row.record_id is None for row in rejected)
    assert all_records(fleet, fleet.admin, host="new.test") == []


def test_a_job_is_seen_within_limits(fleet: Guarded, clock: FakeClock) -> None:
    scopes = ["read:*.shop.test", "import:*.shop.test"]
    ours = upload(fleet, fleet.key(*scopes), A1, OTHER)["job_id"]
    theirs = upload(fleet, fleet.admin, A1, OTHER)["job_id"]
    assert ours != theirs
    work_to_the_end(fleet.services, clock, ours)

    def listed(key: Headers) -> set[str]:
        return {each["job_id"] for each in fleet.ask(key, "/jobs")["jobs"]}

    wide, narrow, elsewhere = (fleet.key(f"read:{limit}") for limit in ("*.shop.test", "a.shop.test", "other.test"))
    assert listed(fleet.admin) == {ours, theirs}
    assert listed(wide) == {ours}
    assert listed(narrow) == listed(elsewhere) == set()
    for path in ("", "/rows", "/events"):
        assert fleet.send(wide, f"/jobs/{ours}{path}").status_code == 200
        for key, job in ((wide, theirs), (narrow, ours), (elsewhere, ours)):
            assert fleet.ask(key, f"/jobs/{job}{path}", status=404)["code"] == "unknown_job"
    assert fleet.send(wide, f"/jobs/{theirs}/rows", headers={"Accept": "text/csv"}).status_code == 404
    for path in ("/jobs", f"/jobs/{ours}"):
        assert fleet.client.get(path, headers=wide).status_code == 200
    assert fleet.client.get(f"/jobs/{theirs}", headers=wide).status_code == 404
    assert fleet.client.get(f"/jobs/{theirs}/rows.csv", headers=wide).status_code == 404
    assert theirs not in fleet.client.get("/jobs", headers=wide).text


@pytest.mark.parametrize("limit", ["", ":*.shop.test"])
def test_a_key_that_only_imports_sees_cancels_and_retries_the_jobs_within_its_limits(
    fleet: Guarded, clock: FakeClock, limit: str
) -> None:
    key = fleet.key(f"import{limit}")
    job = upload(fleet, key, A1)["job_id"]
    theirs = upload(fleet, fleet.key("import:tag=shop"), A1)["job_id"]

    for path in ("", "/rows"):
        fleet.ask(key, f"/jobs/{job}{path}")
    assert fleet.client.get(f"/jobs/{job}", headers=key).status_code == 200
    listed = {each["job_id"] for each in fleet.ask(key, "/jobs")["jobs"]}
    assert listed == ({job} if limit else {job, theirs})
    fleet.ask(key, f"/jobs/{theirs}", status=404 if limit else 200)
    assert fleet.ask(key, f"/jobs/{job}/cancel", method="POST")["status"] == "cancelled"
    assert fleet.send(key, f"/jobs/{job}/events").status_code == 200
    assert fleet.ask(key, f"/jobs/{job}/retry", method="POST", status=409)["code"] == "not_retryable"
    for path in (f"/metadata?url={A1}", "/search?q=", "/records"):
        fleet.ask(key, path, status=403)


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_a_job_is_changed_by_who_may_import_all_that_it_may(fleet: Guarded, action: str) -> None:
    ours = upload(fleet, fleet.key("import:*.shop.test", "read"), A1)["job_id"]

    for scopes, status in (
        (["read"], 403),
        (["read", "import:a.shop.test"], 403),
        (["read:other.test", "import:other.test"], 404),
        (["read", "import:*.shop.test"], 200 if action == "cancel" else 409),
    ):
        fleet.ask(fleet.key(*scopes), f"/jobs/{ours}/{action}", method="POST", status=status)


def test_an_idempotency_key_is_that_of_the_key_that_used_it(fleet: Guarded) -> None:
    ours, theirs = fleet.key("import"), fleet.key("import:*.shop.test")
    named = {"Idempotency-Key": "nightly"}

    first = upload(fleet, ours, A1, headers=named)["job_id"]
    assert upload(fleet, ours, A1, headers=named)["job_id"] == first
    assert upload(fleet, ours, A2, headers=named, status=422)["code"] == "invalid_request"
    assert upload(fleet, theirs, A2, headers=named)["job_id"] != first


def test_what_has_no_hosts_of_its_own_is_imported_without_limits_alone(fleet: Guarded) -> None:
    key = fleet.key("import:*.shop.test", "import:tag=shop")

    for kind in ("cities", "events"):
        problem = upload(fleet, key, "Zürich", kind=kind, status=403)
        assert problem["code"] == "out_of_scope"
    assert upload(fleet, fleet.key("import"), "Zürich", kind="cities")["kind"] == "cities"


WATCHED = {"name": "w", "query": "header.server:*", "on": ["changes"], "file": "told"}


@pytest.mark.parametrize(("limits", "query", "within"), LIMITED)
def test_a_watch_tells_what_is_within(
    fleet: Guarded, clock: FakeClock, limits: list[str], query: str, within: set[str]
) -> None:
    key = limited(fleet, "watch", limits)
    watch = fleet.ask(key, "/watches", method="POST", status=201, json=WATCHED | {"every": 3600})
    for url in sorted(ALL):
        fleet.collect(url, server="apache")
    tell(fleet, clock)

    messages = fleet.ask(key, f"/watches/{watch['id']}/messages")["messages"]
    findings = [
        found["url"]
        for each in messages
        for found in fleet.ask(key, f"/watches/{watch['id']}/messages/{each['number']}/findings")["findings"]
        if found["field"] == "header.server"
    ]
    assert sorted(findings) == sorted(within)
    assert watch["limits"] == sorted(limits)
    assert fleet.ask(key, f"/watches/{watch['id']}")["scheduled"] == len(within)


def tell(guarded: Guarded, clock: FakeClock) -> None:
    work = guarded.services.watch_work
    for _ in range(3):
        work.looker.look()
        work.enroller.enrol_some()
        clock.forward(GATHER.total_seconds() + 1)
        work.composer.compose_next()


@pytest.mark.parametrize(("limits", "query", "within"), LIMITED)
def test_a_rehearsal_looks_at_what_is_within(fleet: Guarded, limits: list[str], query: str, within: set[str]) -> None:
    key = limited(fleet, "watch", limits)
    watch = fleet.ask(key, "/watches", method="POST", status=201, json=WATCHED)

    told = fleet.ask(key, f"/watches/{watch['id']}/test", method="POST", json={"days": 1})

    assert {sample["url"] for group in told["groups"] for sample in group["samples"]} == within


def test_a_rehearsal_leaves_out_what_has_lost_its_tag(fleet: Guarded, clock: FakeClock) -> None:
    clock.forward(86_400)
    fleet.collect(TAGGED, server="apache")
    fleet.ask(fleet.admin, "/metadata/tags", method="PUT", json={"url": TAGGED, "tags": []})
    key = fleet.key("watch:tag=shop")
    watch = fleet.ask(key, "/watches", method="POST", status=201, json=WATCHED)

    told = fleet.ask(key, f"/watches/{watch['id']}/test", method="POST", json={"days": 1})

    assert TAGGED not in {sample["url"] for group in told["groups"] for sample in group["samples"]}


def test_a_watch_is_seen_and_changed_within_limits(fleet: Guarded) -> None:
    key = fleet.key("watch:*.shop.test")
    ours = fleet.ask(key, "/watches", method="POST", status=201, json=WATCHED)["id"]
    theirs = fleet.ask(fleet.admin, "/watches", method="POST", status=201, json=WATCHED | {"name": "theirs"})["id"]

    def listed(key: Headers) -> set[str]:
        return {each["id"] for each in fleet.ask(key, "/watches")["watches"]}

    assert listed(key) == listed(fleet.key("watch:*.test")) == {ours}
    assert listed(fleet.key("watch:a.shop.test")) == set()
    assert listed(fleet.key("watch")) == {ours, theirs}
    for method, path, how in (
        ("GET", "", {}),
        ("PATCH", "", {"json": {"cooldown": 5}}),
        ("DELETE", "", {}),
        ("POST", "/pause", {}),
        ("POST", "/resume", {}),
        ("POST", "/test", {"json": {}}),
        ("GET", "/messages", {}),
        ("GET", "/messages/1", {}),
        ("GET", "/messages/1/findings", {}),
    ):
        for of in (key, fleet.key("watch:other.test")):
            problem = fleet.ask(of, f"/watches/{theirs}{path}", method=method, status=404, **how)
            assert problem["code"] == "unknown_watch"
    changed = fleet.ask(fleet.admin, f"/watches/{ours}", method="PATCH", json={"query": "host:*", "cooldown": 5})
    assert changed["limits"] == ["*.shop.test"]
    assert fleet.send(key, f"/watches/{ours}", method="DELETE").status_code == 204


@pytest.mark.parametrize(
    ("method", "path", "verb"),
    [
        ("GET", "/events", "read"),
        ("GET", "/events/stats", "read"),
        ("GET", "/history", "read"),
        ("DELETE", "/history", "delete"),
        ("GET", "/upstreams", "read"),
        ("GET", "/upstreams/a.shop.test", "read"),
        ("GET", "/weather?city=Bern", "read"),
        ("GET", "/weather/summary", "read"),
        ("GET", "/products", "read"),
        ("GET", "/products/summary", "read"),
        ("POST", "/products/runs", "collect"),
        ("GET", "/webhooks", "watch"),
    ],
)
def test_what_has_no_host_needs_its_verb_without_a_limit(fleet: Guarded, method: str, path: str, verb: str) -> None:
    fleet.refused(fleet.key(f"{verb}:*.shop.test", f"{verb}:tag=shop"), path, method=method, needed=verb)

    assert fleet.send(fleet.key(verb), path, method=method).status_code not in (401, 403)


def test_the_weather_is_not_collected_by_a_key_that_may_collect_some_hosts(fleet: Guarded) -> None:
    key = fleet.key("read", "collect:*.shop.test")

    assert fleet.ask(key, "/weather", query_string={"city": "Bern"}, status=404)["code"] == "not_in_inventory"


HOOK = "https://hooks.test/"


def test_a_limited_key_sends_to_its_own_webhooks_and_to_no_others(fleet: Guarded) -> None:
    theirs = fleet.ask(fleet.admin, "/webhooks", method="POST", status=201, json={"url": f"{HOOK}theirs"})["id"]
    key, others = fleet.key("watch:*.shop.test"), fleet.key("watch:other.test")

    def made(key: Headers, name: str, *webhooks: str, status: int = 201) -> Any:
        return fleet.ask(key, "/watches", method="POST", status=status, json=WATCHED | {"name": name, "webhook": webhooks})

    for known in (theirs, f"{HOOK}theirs"):
        assert made(key, "a", f"{HOOK}new", known, status=403)["code"] == "out_of_scope"
    assert [each["id"] for each in fleet.ask(fleet.admin, "/webhooks")["webhooks"]] == [theirs]

    watch = made(key, "a", f"{HOOK}ours", "https://HOOKS.test/ours")
    [ours] = watch["webhook"]
    assert made(key, "b", f"{HOOK}ours")["webhook"] == made(key, "c", ours)["webhook"] == [ours]
    made(others, "d", ours, status=403)

    def change(key: Headers, *webhooks: str, status: int = 200) -> Any:
        json = {"webhook": webhooks}
        return fleet.ask(key, f"/watches/{watch['id']}", method="PATCH", status=status, json=json)

    change(key, ours, theirs, status=403)
    assert change(fleet.admin, ours, theirs)["webhook"] == [ours, theirs]
    assert change(key, theirs)["webhook"] == [theirs]


def test_who_may_read_some_hosts_learns_no_names_that_others_show(fleet: Guarded) -> None:
    prefix = {"prefix": "header."}

    assert len(fleet.ask(fleet.admin, "/search/fields", query_string=prefix)["fields"]) > 2
    listed = fleet.ask(fleet.key("read:a.shop.test"), "/search/fields", query_string=prefix)["fields"]
    assert [each["name"] for each in listed] == ["header.NAME", "redirect.header.NAME"]

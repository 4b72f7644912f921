"""GET /api/v1/metadata, by every way in which a lookup can be answered."""

from __future__ import annotations

from datetime import timedelta

from flask.testing import FlaskClient

from inventory.errors import SourceFailure
from inventory.records.source import Collected
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeb, content
from tests.webpages.actions import PAGE, URL, look_up, work


def test_a_lookup_brings_forward_what_only_a_job_was_waiting_for(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    targets = [services.records.target("webpage", f"http://example.test/{n}") for n in range(3)]
    services.store.records.accept_all([(target, None) for target in targets], now=clock())
    clock.forward(1)

    assert look_up(client, targets[2].key).status_code == 202
    assert look_up(client, targets[1].key, collect="false").status_code == 202

    [first] = services.store.records.claim_due(now=clock(), lease_for=timedelta(seconds=9), limit=1)
    assert first.target == targets[2]


def test_a_miss_is_accepted_and_says_where_and_when_to_ask_again(client: FlaskClient, web: FakeWeb) -> None:
    answer = look_up(client)

    assert answer.status_code == 202
    assert answer.json is not None
    assert answer.json["status"] == "pending"
    assert answer.json["url"] == URL
    assert answer.json["attempt"] == 0
    assert answer.json["requested_at"] == "2026-01-31T12:00:00.123Z"
    assert answer.headers["Retry-After"] == str(answer.json["poll_after"])
    assert client.get(answer.headers["Location"]).json["id"] == answer.json["id"]
    assert not web.asked, "a lookup never calls the outside"


def test_further_misses_while_it_is_pending_start_nothing(client: FlaskClient, services: Services, web: FakeWeb) -> None:
    answers = [look_up(client) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {202}
    assert work(services) == 1
    assert web.asked[URL] == 1


def test_what_was_collected_is_answered_with_everything_that_was_sent(
    client: FlaskClient, services: Services, web: FakeWeb
) -> None:
    look_up(client)
    work(services)

    answer = look_up(client)

    assert answer.status_code == 200
    assert answer.json is not None
    assert list(answer.json) == [
        "id", "url", "status", "stale", "first_collected_at", "collected_at", "snapshots", "response", "redirects",
        "headers", "cookies", "page_source", "body", "page", "failure",
    ]  # fmt: skip
    assert answer.json["headers"] == [{"name": "X-One", "value": "1"}, {"name": "X-One", "value": "2"}]
    assert answer.json["page_source"] == f"<p>{URL}</p>"
    assert (answer.json["status"], answer.json["stale"], answer.json["snapshots"]) == ("stored", False, 1)
    assert answer.json["failure"] is None


def test_two_spellings_of_one_url_are_one_record(client: FlaskClient, services: Services) -> None:
    first = look_up(client, "HTTP://EXAMPLE.test:80/a/../page#x")

    assert first.json is not None
    assert first.json["url"] == URL
    assert first.json["id"] == look_up(client, URL).json["id"]


def test_a_hit_carries_its_age_and_when_it_was_collected(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    look_up(client)
    work(services)
    clock.forward(61)

    answer = look_up(client)

    assert answer.headers["Age"] == "61"
    assert answer.headers["Last-Modified"] == "Sat, 31 Jan 2026 12:00:00 GMT"


def test_an_unchanged_record_is_not_sent_again(client: FlaskClient, services: Services) -> None:
    look_up(client)
    work(services)
    etag = look_up(client).headers["ETag"]

    answer = look_up(client, if_none_match=etag)

    assert (answer.status_code, answer.data) == (304, b"")
    assert answer.headers["ETag"] == etag
    assert look_up(client, if_none_match=etag, fields="headers").status_code == 200, "other members are another document"


def test_a_new_snapshot_has_a_new_etag(client: FlaskClient, services: Services) -> None:
    look_up(client)
    work(services)
    etag = look_up(client).headers["ETag"]

    client.post("/api/v1/metadata", json={"url": URL})

    assert look_up(client, if_none_match=etag).status_code == 200


def test_a_stale_hit_is_answered_at_once_and_refreshed_in_the_background(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    look_up(client)
    work(services)
    clock.forward(services.settings.fresh_for + 1)

    stale = look_up(client)
    assert (stale.status_code, stale.json["stale"], stale.json["status"]) == (200, True, "stored")
    assert work(services) == 1

    fresh = look_up(client)
    assert (fresh.json["stale"], fresh.json["snapshots"]) == (False, 2)
    assert web.asked[URL] == 2


def test_max_age_decides_what_is_stale(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    look_up(client)
    work(services)
    clock.forward(10)

    assert look_up(client, max_age=11).json["stale"] is False
    assert look_up(client, max_age=9).json["stale"] is True


def test_without_collect_a_miss_is_404_and_accepts_nothing(client: FlaskClient, services: Services) -> None:
    answer = look_up(client, collect="false")

    assert (answer.status_code, answer.json["code"]) == (404, "not_in_inventory")
    assert work(services) == 0


def test_without_collect_a_stale_hit_is_not_refreshed(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    look_up(client)
    work(services)
    clock.forward(services.settings.fresh_for + 1)

    assert look_up(client, collect="false").json["stale"] is True
    assert work(services) == 0


def test_fields_choose_members_beside_id_url_and_status(client: FlaskClient, services: Services) -> None:
    look_up(client)
    work(services)

    assert set(look_up(client, fields="headers,cookies").json) == {"id", "url", "status", "headers", "cookies"}


def test_what_a_page_says_is_a_member_and_old_snapshots_lack_it(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    new = content(URL, page={"title": "A", "generators": [], "hosts": {}, "inline_scripts": 0, "defects": []})
    old = {name: member for name, member in new.items() if name != "page"}

    for seen, members in ((old, set()), (new, {"page"})):
        web.pages[URL] = Collected(seen, PAGE)
        clock.forward(1)
        client.post("/api/v1/metadata", json={"url": URL})
        fast, flask = look_up(client), look_up(client, collect="true")
        assert fast.json == flask.json
        assert ("page" in fast.json) == ("page" in members)
        assert fast.json.get("page") == seen.get("page")
        assert set(look_up(client, fields="page").json) == {"id", "url", "status", *members}
        newest = client.get("/api/v1/metadata/snapshots", query_string={"url": URL}).json["snapshots"][0]
        assert ("page" in newest) == ("page" in members)


def test_a_permanent_failure_is_answered_until_it_may_be_retried(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    failure = web.pages[URL] = SourceFailure("too_many_redirects", "6 redirects.", permanent=True)
    failure.redirects = [{"url": URL, "status": 302, "headers": [{"name": "Location", "value": "/"}], "defects": []}]
    look_up(client)
    work(services)

    for _ in range(2):
        answer = look_up(client)
        assert (answer.status_code, answer.json["code"]) == (502, "collection_failed")
        assert answer.json["failure"] == {
            "code": "too_many_redirects",
            "detail": "6 redirects.",
            "permanent": True,
            "attempts": 1,
            "at": "2026-01-31T12:00:00.123Z",
            "retry_at": "2026-01-31T12:05:00.123Z",
            "redirects": failure.redirects,
        }
    assert web.asked[URL] == 1, "nothing is asked again before retry_at"

    clock.forward(301)
    assert look_up(client).status_code == 202
    del web.pages[URL]
    work(services)
    assert look_up(client).json["failure"] is None


def test_a_passing_failure_is_tried_again_after_a_pause_until_the_attempts_are_spent(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    web.pages[URL] = SourceFailure("timeout", "No answer within 20 s.")
    look_up(client)
    for attempt in range(1, services.settings.max_attempts):
        assert work(services) == 1
        pending = look_up(client)
        assert (pending.status_code, pending.json["attempt"]) == (202, attempt)
        assert work(services) == 0, "the pause is not over"
        clock.forward(services.settings.retry_base * 3**attempt)
    work(services)

    answer = look_up(client)

    assert (answer.status_code, answer.json["code"]) == (504, "collection_failed")
    assert answer.json["failure"]["attempts"] == services.settings.max_attempts == web.asked[URL]


def test_a_failed_refresh_leaves_the_snapshot_readable_and_says_so(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    look_up(client)
    work(services)
    web.pages[URL] = SourceFailure("dns_failure", "No such name.", permanent=True)
    clock.forward(services.settings.fresh_for + 1)
    look_up(client)
    work(services)

    answer = look_up(client)

    assert (answer.status_code, answer.json["status"], answer.json["stale"]) == (200, "stored", True)
    assert answer.json["failure"]["code"] == "dns_failure"
    assert work(services) == 0, "not refreshed again before retry_at"


def test_an_upstream_that_asks_for_a_pause_is_retried_after_it(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    busy = content(URL, response={**content(URL)["response"], "status": 503})
    web.pages[URL] = Collected(busy, b"busy", come_back_in=7)
    look_up(client)
    work(services)

    assert look_up(client).json["poll_after"] == 8
    clock.forward(6)
    assert work(services) == 0
    clock.forward(2)
    del web.pages[URL]
    assert work(services) == 1
    assert look_up(client).json["response"]["status"] == 200


def test_a_record_comes_back_within_forty_minutes_however_long_a_pause_its_upstream_asks_for(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    busy = content(URL, response={**content(URL)["response"], "status": 429})
    web.pages[URL] = Collected(busy, b"busy", come_back_in=3_600)
    look_up(client)
    work(services)

    clock.forward(2_390)
    assert work(services) == 0
    clock.forward(20)
    assert work(services) == 1


def test_an_upstream_that_stays_busy_ends_as_a_snapshot_of_that(
    client: FlaskClient, services: Services, clock: FakeClock, web: FakeWeb
) -> None:
    busy = content(URL, response={**content(URL)["response"], "status": 429})
    web.pages[URL] = Collected(busy, b"busy", come_back_in=1)
    look_up(client)
    for _ in range(services.settings.max_attempts):
        work(services)
        clock.forward(2)

    assert look_up(client).json["response"]["status"] == 429


def test_a_lookup_that_waits_is_told_when_it_is_pending_still(client: FlaskClient) -> None:
    answer = look_up(client, prefer="wait=0")

    assert answer.status_code == 202
    assert "Preference-Applied" not in answer.headers

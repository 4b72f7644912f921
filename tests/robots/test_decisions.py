"""What the record of a robots.txt means for the pages of its origin."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from inventory import urls
from inventory.records.model import Failure, Record, RecordWithSnapshot, Snapshot, State, Target
from inventory.robots import decisions
from inventory.robots.decisions import FRESH_FOR, UNKNOWN_FOR, Robots
from inventory.robots.known import KnownRobots
from tests.fakes import content

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
URL = "https://site.test/robots.txt"
PAGE = urls.parse("https://site.test/page")
LEASE = timedelta(seconds=35)
FORBIDS = b"User-agent: *\nDisallow: /\n"


def record(state: State = State.STORED, *, age: timedelta = timedelta(0), failure: Failure | None = None) -> Record:
    return Record(
        target=Target("webpage", URL, "site.test"),
        state=state,
        accepted_at=NOW - age,
        requested_at=NOW - age,
        due_at=None,
        attempt=1,
        fence=1,
        collected_at=NOW - age,
        snapshot_id="s",
        failure=failure,
    )


def failure(code: str, *, at: datetime = NOW, redirects: tuple[dict[str, object], ...] = ()) -> Failure:
    retry_at = at + timedelta(minutes=5)
    return Failure(code, "it broke", permanent=False, attempts=4, at=at, retry_at=retry_at, redirects=redirects)


def answered(status: int, body: bytes = FORBIDS, **of_body: object) -> Robots:
    seen = content(URL)
    seen["response"]["status"] = status
    seen["body"] |= of_body
    snapshot = Snapshot(id="s", record_id="r", collected_at=NOW, content=seen, body_sha256=None)
    return decisions.robots_of(RecordWithSnapshot(record(), snapshot, body))


@pytest.mark.parametrize(
    ("page", "robots"),
    [
        ("https://site.test/a/b?c", "https://site.test/robots.txt"),
        ("http://site.test:8080/", "http://site.test:8080/robots.txt"),
        ("http://[2001:db8::1]/", "http://[2001:db8::1]/robots.txt"),
    ],
)
def test_scheme_host_and_port_have_a_robots_txt_of_their_own(page: str, robots: str) -> None:
    assert decisions.robots_url(urls.parse(page)) == robots


@pytest.mark.parametrize("status", [200, 203, 206])
def test_the_rules_of_a_success_count(status: int) -> None:
    refusal = answered(status).refusal(PAGE)

    assert refusal is not None
    assert (refusal.code, refusal.permanent) == ("disallowed_by_robots", True)
    assert str(refusal).startswith("https://site.test/robots.txt disallows this URL")
    assert answered(status, b"").refusal(PAGE) is None


@pytest.mark.parametrize("status", [304, 400, 401, 403, 404, 410, 451])
def test_a_site_without_a_robots_txt_allows_everything(status: int) -> None:
    assert answered(status).refusal(PAGE) is None


@pytest.mark.parametrize("status", [429, 500, 503, 999])
def test_a_site_that_cannot_tell_allows_nothing_for_now(status: int) -> None:
    refusal = answered(status, b"").refusal(PAGE)

    assert refusal is not None
    assert (refusal.code, refusal.permanent) == ("disallowed_by_robots", False)
    assert f"answered {status}" in str(refusal)


def test_an_answer_that_cannot_be_decoded_allows_nothing_for_now() -> None:
    assert answered(200, b"\x1f\x8b", undecoded="gzip").refusal(PAGE) is not None


def test_the_last_line_of_a_truncated_answer_does_not_count() -> None:
    assert answered(200, b"User-agent: *\nDisallow: /", truncated=True).refusal(PAGE) is None


def test_an_answer_counts_for_a_day_and_an_unknown_one_for_minutes() -> None:
    known, unknown = answered(200), answered(503)

    assert decisions.counts(known, record(age=FRESH_FOR), NOW)
    assert not decisions.counts(known, record(age=FRESH_FOR + timedelta(seconds=1)), NOW)
    assert decisions.counts(unknown, record(age=UNKNOWN_FOR), NOW)
    assert not decisions.counts(unknown, record(age=UNKNOWN_FOR + timedelta(seconds=1)), NOW)


def test_an_old_answer_counts_while_no_new_one_can_be_had() -> None:
    failed = record(State.FAILED, age=timedelta(days=3), failure=failure("timeout"))

    assert decisions.counts(answered(200), failed, NOW)
    assert not decisions.counts(answered(200), failed, NOW + timedelta(minutes=6))


@pytest.mark.parametrize("code", ["timeout", "incomplete_response", "invalid_response", "breaker_open", "internal_fault"])
def test_without_any_answer_nothing_is_allowed_for_now(code: str) -> None:
    refusal = decisions.refusal_after(failure(code), PAGE)

    assert refusal is not None
    assert (refusal.code, refusal.permanent) == ("disallowed_by_robots", False)
    assert "it broke" in str(refusal)


def test_a_failure_of_the_host_is_that_of_its_pages() -> None:
    alone = decisions.refusal_after(failure("dns_failure"), PAGE)
    elsewhere = decisions.refusal_after(failure("dns_failure", redirects=({"url": URL},)), PAGE)

    assert alone is not None
    assert alone.code == "dns_failure"
    assert elsewhere is not None
    assert elsewhere.code == "disallowed_by_robots"


def test_endless_redirects_are_no_robots_txt() -> None:
    assert decisions.refusal_after(failure("too_many_redirects"), PAGE) is None


def test_each_wait_for_one_that_is_being_collected_is_longer_than_the_one_before() -> None:
    begun, waits, now = NOW, [], NOW
    running = replace(record(State.RUNNING), due_at=begun + LEASE)
    while now < begun + LEASE:
        waits.append(decisions.wait_for(running, now, lease_for=LEASE))
        now += timedelta(seconds=waits[-1])

    assert waits == [1, 1, 2, 4, 8, 16, 30]


def test_one_that_pauses_is_waited_for_until_it_is_due() -> None:
    pausing = replace(record(State.PENDING), due_at=NOW + timedelta(seconds=45))

    assert decisions.wait_for(pausing, NOW, lease_for=LEASE) == 46
    assert decisions.wait_for(replace(pausing, due_at=NOW), NOW, lease_for=LEASE) == 1


def test_what_was_used_longest_ago_is_forgotten_first() -> None:
    known = KnownRobots(max_size=1_600)
    for name in ("a", "b", "c"):
        known.keep(name, Robots(url=URL))
    assert known.find("a") is not None
    known.keep("d", Robots(url=URL))

    assert [known.find(name) is not None for name in ("a", "b", "c", "d")] == [True, False, True, True]

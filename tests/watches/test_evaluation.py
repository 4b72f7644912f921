"""What watches find in the collections of a target."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inventory.limits import limits_of
from inventory.observations.model import TAG
from inventory.watches.model import Finding, On
from tests.watches.histories import History, at, watch


def told(findings: list[Finding]) -> list[tuple[object, ...]]:
    return [(each.on.value, each.at, each.field, list(each.old), list(each.new), each.before) for each in findings]


def test_a_change_is_found_once_with_what_went_and_came_and_when_the_old_was_seen_last() -> None:
    history = History()
    history.collect({"header.server": "nginx", "title": "Hello"})
    before = history.collect({"header.server": "nginx", "title": "Hello"})
    changed = history.collect({"header.server": "Apache", "title": "Hello"})
    history.collect({"header.server": "Apache", "title": "Hello"})

    assert told(history.each_by_itself(watch())) == [("changes", changed, "header.server", ["nginx"], ["Apache"], before)]


def test_what_is_known_of_a_target_first_is_no_change() -> None:
    history = History()
    history.fail()
    history.collect({"header.server": "nginx"})

    assert history.each_by_itself(watch()) == []


def test_a_failure_is_no_change_and_does_not_hide_one() -> None:
    history = History()
    first = history.collect({"title": "a"})
    history.fail()
    changed = history.collect({"title": "b"})

    assert told(history.each_by_itself(watch())) == [("changes", changed, "title", ["a"], ["b"], first)]


def test_a_change_that_the_first_remembered_collection_shows_is_found() -> None:
    """Watches began later than the target was collected first."""
    history = History()
    before = history.collect({"title": "a"})
    history.forget()
    changed = history.collect({"title": "b"})

    [finding] = history.evaluation(watch()).findings

    assert (finding.at, list(finding.old), list(finding.new)) == (changed, ["a"], ["b"])
    assert finding.before == before


def test_a_change_of_while_nobody_watched_is_not_told_later() -> None:
    history = History()
    history.collect({"title": "a"})
    history.collect({"title": "b"})
    history.forgotten.add(at(2))
    history.collect({"title": "b"})

    assert history.evaluation(watch()).findings == []


def test_nothing_is_told_from_before_the_watch_was_made() -> None:
    history = History()
    history.collect({"title": "a"})
    history.collect({"title": "b"})
    history.collect({"title": "c c"})

    assert [each.at for each in history.evaluation(watch(since=3), new=3).findings] == [at(3)]


def test_only_named_fields_are_told_and_labels_only_if_named() -> None:
    history = History()
    history.collect({"header.server": "a", "header.via": "a", "title": "a"})
    tagged = history.tag("prod")
    changed = history.collect({"header.server": "b", "header.via": "b", "title": "b"})

    def fields(names: str) -> list[str]:
        return [each.field for each in history.each_by_itself(watch(fields=names))]

    assert fields("") == ["title", "header.server", "header.via"]
    assert fields("header.*") == ["header.server", "header.via"]
    assert fields("status") == []
    assert told(history.each_by_itself(watch(fields="tag,title"))) == [
        ("changes", tagged, TAG, [], ["prod"], None),
        ("changes", changed, "title", ["a"], ["b"], at(1)),
    ]


def test_a_verdict_that_changed_with_a_header_is_told_only_if_it_is_named() -> None:
    history = History()
    history.collect({"header.x": "a"})
    changed = history.collect({"header.x": "b", "policy.own.r": "fails", "grade": "F"})

    def fields(**how: str) -> list[tuple[object, str]]:
        return [(each.at, each.field) for each in history.evaluation(watch(**how)).findings]

    assert fields() == [(changed, "header.x")]
    assert fields(fields="policy.own.*") == [(changed, "policy.own.r")]
    [entered] = history.evaluation(watch("enters", query="policy.r:fails")).findings
    assert entered.at == changed


def test_labels_that_are_the_first_that_is_known_are_no_change() -> None:
    history = History()
    history.tag("prod")
    history.collect()
    history.tag("dev")

    assert told(history.each_by_itself(watch(fields="tag"))) == [("changes", at(3), TAG, ["prod"], ["dev"], None)]


def test_of_several_values_only_those_are_told_that_went_or_came() -> None:
    history = History()
    history.collect({"script.host": ["a.example", "b.example", "c.example"]})
    history.collect({"script.host": ["b.example", "c.example", "d.example"]})

    [finding] = history.each_by_itself(watch())

    assert (finding.old, finding.new) == (["a.example"], ["d.example"])


def test_with_persist_a_change_is_told_when_it_held_so_often() -> None:
    history = History()
    history.collect({"title": "a"})
    history.collect({"title": "b"})
    history.collect({"title": "b"})
    confirmed = history.collect({"title": "b"})
    history.collect({"title": "b"})

    assert told(history.each_by_itself(watch(persist=3))) == [("changes", confirmed, "title", ["a"], ["b"], at(1))]


def test_a_flapping_header_is_told_once_when_it_settles() -> None:
    history = History()
    for _ in range(5):
        history.collect({"header.x": "on"})
    for _ in range(12):
        history.collect()
        history.collect({"header.x": "on"})
    assert history.each_by_itself(watch(persist=3)) == []

    for _ in range(5):
        history.collect()

    assert told(history.each_by_itself(watch(persist=3)))[0][2:5] == ("header.x", ["on"], [])
    assert len(history.each_by_itself(watch(persist=3))) == 1


@pytest.mark.parametrize(
    ("old", "new", "needed"),
    [
        ("f3a9c2d41b7e0a65", "1234567890123456", 2),  # random ones have digits alone now and then
        ("a1B2c3D4e5F6g7H8i9", "aBcDeFgHiJkLmNoPqR", 2),  # or none
        ("id=a1B2c3D4e5; v=2", "id=qwertyuiop; v=2", 2),
        ("cloudflare", "openresty", 1),
        ("SAMEORIGIN", "DENY", 1),
        ("nginx/1.18", "Apache/2.4", 1),
        ("on", "off", 1),
    ],
)
def test_what_may_be_random_needs_a_second_collection(old: str, new: str, needed: int) -> None:
    history = History()
    for value in (old, old, new, new, new):
        history.collect({"header.x-unknown": value})

    assert [each.at for each in history.each_by_itself(watch())] == [at(2 + needed)]


def test_values_that_are_the_same_in_shape_need_a_second_collection() -> None:
    """So the first random values of a header that nobody knows are not told, and after three changes it is volatile."""
    history = History()
    for token in ("f3a9c2d41b", "0b77e1a9c3", "9d8c7b6a5f"):
        history.collect({"header.x-unknown": token})
    for _ in range(3):
        history.collect({"header.x-unknown": "{hex:10}"}, volatile=["header.x-unknown"])

    assert history.each_by_itself(watch()) == []


def test_a_new_number_is_told_once_a_second_collection_shows_it() -> None:
    history = History()
    history.collect({"header.server": "nginx/1.24.0"})
    history.collect({"header.server": "nginx/1.26.1"})
    confirmed = history.collect({"header.server": "nginx/1.26.1"})
    history.collect({"header.server": "nginx/1.26.1"})

    assert told(history.each_by_itself(watch())) == [
        ("changes", confirmed, "header.server", ["nginx/1.24.0"], ["nginx/1.26.1"], at(1))
    ]


@pytest.mark.parametrize(
    ("field", "old", "new"),
    [
        ("status", "200", "503"),
        ("tls.version", "TLSv1.2", "TLSv1.3"),
        ("tls.not_after", "2026-01-31T12:00:00Z", "2026-05-01T12:00:00Z"),
        ("cookie.sid", "secure; path=/1", "secure; path=/2"),
    ],
)
def test_a_field_that_is_never_volatile_needs_no_second_collection(field: str, old: str, new: str) -> None:
    history = History()
    history.collect({field: old})
    changed = history.collect({field: new})

    assert told(history.each_by_itself(watch()))[0][:3] == ("changes", changed, field)


def test_what_is_volatile_is_never_told_nor_that_it_comes_and_goes() -> None:
    history = History()
    names = ("header.x-id", "header.date", "header.set-cookie")
    for number in range(6):
        shown = dict.fromkeys(names, f"{{hex:{8 + number}}}")
        history.collect(shown if number % 3 else {}, volatile=names)

    assert history.each_by_itself(watch()) == []


def test_a_policy_with_a_nonce_is_told_if_more_than_the_nonce_changes() -> None:
    policy = "header.content-security-policy"
    history = History()
    for value in ("script-src 'nonce-{base64:24}'", "script-src 'nonce-{base64:22}'", "script-src *"):
        history.collect({policy: value}, volatile=[policy] if "nonce" in value else [])

    assert told(history.each_by_itself(watch())) == [
        ("changes", at(3), policy, ["script-src 'nonce-{base64:22}'"], ["script-src *"], at(2))
    ]


def test_a_target_must_match_before_or_after_a_change() -> None:
    history = History()
    history.collect({"header.server": "nginx", "title": "a"})
    history.collect({"header.server": "Apache", "title": "b"})
    history.collect({"header.server": "Apache", "title": "c c"})

    found = history.each_by_itself(watch(query="header.server:nginx"))

    assert {(each.field, each.at) for each in found} == {("header.server", at(2)), ("title", at(2))}


def test_a_target_enters_and_leaves() -> None:
    history = History()
    history.collect({"status": "500"})
    entered = history.collect({"status": "200"})
    history.collect({"status": "200"})
    left = history.collect({"status": "500"})

    assert told(history.each_by_itself(watch("enters", "leaves", query="status:200"))) == [
        ("enters", entered, "", [], [], at(1)),
        ("leaves", left, "", [], [], at(3)),
    ]


def test_a_target_that_is_collected_first_enters() -> None:
    history = History()
    history.collect({"status": "200"})

    assert told(history.each_by_itself(watch("enters", query="status:200"))) == [("enters", at(1), "", [], [], None)]
    assert history.each_by_itself(watch("leaves", query="status:200")) == []


def test_a_target_that_matched_before_watches_began_does_not_enter() -> None:
    history = History()
    history.collect({"status": "200"})
    history.forget()
    history.collect({"status": "200"})

    assert history.evaluation(watch("enters", query="status:200")).findings == []


def test_with_persist_it_enters_after_so_many_collections_in_a_row() -> None:
    history = History()
    for status in ("500", "200", "500", "200", "200", "200", "200"):
        history.collect({"status": status})

    found = history.each_by_itself(watch("enters", "leaves", query="status:200", persist=3))

    assert [(each.on, each.at) for each in found] == [(On.ENTERS, at(6))]


def test_a_label_lets_a_target_enter_and_leave_at_once() -> None:
    history = History()
    history.collect()
    tagged = history.tag("prod")
    history.collect()
    untagged = history.tag()

    found = history.each_by_itself(watch("enters", "leaves", query="tag:prod", persist=3))

    assert [(each.on, each.at) for each in found] == [(On.ENTERS, tagged), (On.LEAVES, untagged)]


def test_a_limited_watch_tells_nothing_that_a_target_shows_after_it_left_the_limits() -> None:
    limits = limits_of(["tag=shop"])
    history = History()
    history.tag("shop")
    history.collect({"header.server": "alpha"})
    history.tag("secret")
    history.collect({"header.server": "beta"})
    history.fail()

    found = history.each_by_itself(watch("changes", "fails", "leaves", limits=limits, fields="header.*,tag"))

    assert [each.on for each in found] == [On.LEAVES]
    assert [each.new for each in history.each_by_itself(watch("changes", query="tag:shop"))] == [["beta"]]


def test_a_label_that_has_nothing_to_do_with_it_confirms_nothing() -> None:
    history = History()
    for status in ("200", "200", "503"):
        history.collect({"status": status})
    history.tag("a")
    history.tag("b")

    assert history.each_by_itself(watch("leaves", query="status:200", persist=2)) == []


def test_a_target_enters_when_time_passes() -> None:
    history = History()
    for _ in range(3):
        history.collect({"tls.not_after": (at(2) + timedelta(days=30)).strftime("%Y-%m-%dT%H:%M:%SZ")})

    found = history.each_by_itself(watch("enters", query="tls.not_after:[* TO now+30d]"))

    assert [each.at for each in found] == [at(2)]


def test_it_fails_and_recovers_once() -> None:
    history = History()
    history.collect({"status": "200"})
    failed = history.fail("timeout")
    history.fail("dns_failure")
    recovered = history.collect({"status": "200"})

    assert told(history.each_by_itself(watch("fails", "recovers"))) == [
        ("fails", failed, "failure", [], ["timeout"], at(1)),
        ("recovers", recovered, "failure", ["dns_failure"], [], at(3)),
    ]


def test_with_persist_it_fails_at_the_last_of_so_many_and_recovers_likewise() -> None:
    history = History()
    history.collect()
    for ending in "fsffsfffssfsss":
        history.fail() if ending == "f" else history.collect()

    found = history.each_by_itself(watch("fails", "recovers", persist=3))

    assert [(each.on, each.at) for each in found] == [(On.FAILS, at(9)), (On.RECOVERS, at(15))]


def test_a_target_that_never_succeeded_fails() -> None:
    history = History()
    history.fail()
    history.fail()

    found = history.each_by_itself(watch("fails", query="host:example.com failure:timeout", persist=2))
    assert [each.at for each in found] == [at(2)]


def test_only_targets_that_match_fail_and_recover() -> None:
    history = History()
    history.collect({"status": "200"})
    history.fail()
    history.collect({"status": "500"})

    assert len(history.each_by_itself(watch("fails", "recovers", query="status:200"))) == 2
    assert history.each_by_itself(watch("fails", "recovers", query="status:404")) == []


def expiring(days: float) -> dict[str, str]:
    return {"tls.not_after": (at(0) + timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")}


def test_a_certificate_that_expires_soon_is_told_once_for_each_date() -> None:
    history = History()
    history.collect(expiring(30 + 2 / 24))
    told_at = history.collect(expiring(30 + 2 / 24))
    history.fail()
    history.collect(expiring(30 + 2 / 24))
    renewed = history.collect(expiring(20))
    history.collect(expiring(90))

    assert told(history.each_by_itself(watch("expires"))) == [
        ("expires", told_at, "tls.not_after", [], list(expiring(30 + 2 / 24).values()), at(1)),
        ("expires", renewed, "tls.not_after", [], list(expiring(20).values()), at(4)),
    ]


def test_a_certificate_that_expired_soon_before_the_watch_was_made_is_told_at_the_next_collection() -> None:
    history = History()
    for _ in range(4):
        history.collect(expiring(10))

    found = history.each_by_itself(watch("expires", since=2.5))

    assert [each.at for each in found] == [at(3)]


@pytest.mark.parametrize("kind", ["on", "days", "query", "end of a pause"])
def test_a_certificate_that_was_in_the_period_before_the_watch_was_changed_is_told_at_the_next_collection(kind: str) -> None:
    history = History()
    for _ in range(20):
        history.collect(expiring(10))
    changed = {"created_at": at(-9), "changed_at": at(12.5)} | ({"resumed_at": at(12.5)} if "pause" in kind else {})

    found = history.each_by_itself(watch("expires", **changed))

    assert [each.at for each in found] == [at(13)]


def test_a_date_is_one_finding_whenever_it_is_found() -> None:
    """A target that left the query for longer than a watch looks back comes back with the same certificate."""
    history = History()
    for status in ("200", *["404"] * 20, "200", "200"):
        history.collect(expiring(10) | {"status": status})
    history.collect(expiring(12) | {"status": "200"})

    found = history.each_by_itself(watch("expires", query="status:200"))

    assert [each.at for each in found] == [at(1), at(22), at(24)]
    assert found[0].id == found[1].id != found[2].id


def test_with_persist_a_certificate_is_told_when_so_many_collections_showed_it() -> None:
    history = History()
    for days in (90, 10, 90, 10, 10, 10, 10):
        history.collect(expiring(days))

    found = history.each_by_itself(watch("expires", persist=3))

    assert [(each.on, each.at) for each in found] == [(On.EXPIRES, at(6))]


@pytest.mark.parametrize("persist", [1, 2, 3])
@pytest.mark.parametrize("kind", ["changes", "enters", "fails"])
def test_what_happens_during_a_pause_is_not_told_after_it(kind: str, persist: int) -> None:
    """Not even where it is confirmed by collections after the pause."""
    history = History()
    for _ in range(4):
        history.collect({"title": "v 1", "status": "404"})
    history.fail() if kind == "fails" else history.collect({"title": "v 2", "status": "200"})
    resumed = history.hours + 0.5
    for _ in range(6):
        history.fail() if kind == "fails" else history.collect({"title": "v 2", "status": "200"})
    query = "status:200" if kind == "enters" else "*"

    def found(**set_: object) -> int:
        return len(history.each_by_itself(watch(kind, query=query, persist=persist, fields="title", **set_)))

    assert (found(), found(resumed_at=at(resumed))) == (1, 0)


def test_what_happens_after_a_pause_is_told() -> None:
    history = History()
    for value in ("a", "a", "b", "b", "c", "c"):
        history.collect({"title": value})

    found = history.each_by_itself(watch(persist=2, resumed_at=at(4.5)))

    assert [(each.at, each.old, each.new) for each in found] == [(at(6), ["b"], ["c"])]


def test_what_began_before_the_watch_was_made_is_not_told() -> None:
    history = History()
    for value in ("v 1", "v 1", "v 2", "v 2"):
        history.collect({"title": value})

    assert history.each_by_itself(watch(since=3.5)) == []


def test_what_is_no_date_does_not_expire() -> None:
    history = History()
    history.collect({"tls.not_after": "never"})

    assert history.each_by_itself(watch("expires")) == []


def test_what_strangers_name_is_told_up_to_a_bound() -> None:
    history = History()
    history.collect({"status": "200"})
    history.collect({f"cookie.{number}": "path=/" for number in range(5_000)} | {"status": "404"})

    found = history.each_by_itself(watch())

    assert len(found) == 201
    assert found[0].field == "status"
    assert (found[200].field, found[200].new) == ("*", ("more than 200 changes of one collection",))


def test_as_many_as_the_bound_are_all_of_them() -> None:
    history = History()
    history.collect({"status": "200"})
    history.collect({f"cookie.{number}": "path=/" for number in range(200)} | {"status": "200"})

    assert [each.field for each in history.each_by_itself(watch())].count("*") == 0
    assert len(history.each_by_itself(watch())) == 200


@pytest.mark.parametrize(("size", "kept"), [(10, 50), (200, 20), (1_000, 4)])
def test_of_many_values_the_first_are_told(size: int, kept: int) -> None:
    """A message tells 50,000 findings, so each has a bound."""
    history = History()
    history.collect({"title": "a"})
    history.collect({"title": "a", "script.host": [f"{n:03}".ljust(size, "x") for n in range(900)]})
    history.collect({"title": "a", "script.host": [f"{n:03}".ljust(size, "x") for n in range(900)]})

    [finding] = history.each_by_itself(watch())

    assert list(finding.new) == [*(f"{n:03}".ljust(size, "x") for n in range(kept)), f"… and {900 - kept} more"]

"""Scopes, conditions, waivers and scores of whole policies."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from inventory.policy.builtin_policies import builtin
from inventory.policy.judgement import Judge, Looked
from inventory.policy.model import Judgement, Policy, State
from inventory.policy.reading import of_document
from inventory.records.model import Content, Target
from tests.policy.snapshots import AT, URL, cookie, document, finding, judge, page, state

WRONG, RIGHT = {"header": "a", "present": True}, {"header": "a", "absent": True}
WAIVER = {"rules": ["r"], "owner": "team", "reason": "later", "expires": "2026-01-31"}


def by(name: str, seen: Content, at: datetime = AT) -> Judgement:
    """What a built-in policy says of a snapshot."""
    url = seen["redirects"][0]["url"] if seen["redirects"] else seen["response"]["final_url"]
    return Judge(builtin()[name]).judge(
        Looked(target=Target("webpage", url, "shop.example"), content=seen, collected_at=AT, at=at)
    )


@pytest.mark.parametrize(
    ("scope", "tags", "wanted"),
    [
        ("scheme:https", [], State.FAILS),
        ("scheme:http", [], State.NOT_IN_SCOPE),
        ("tag:prod", [], State.NOT_IN_SCOPE),
        ("tag:prod", ["prod"], State.FAILS),
        ("header.server:nginx AND status:200", [], State.FAILS),
        ("NOT host:shop.example", [], State.NOT_IN_SCOPE),
        ("tls.not_after:[* TO now+30d]", [], State.NOT_IN_SCOPE),
    ],
)
def test_a_rule_is_for_the_targets_of_its_scope(scope: str, tags: list[str], wanted: State) -> None:
    assert state(WRONG, page(("Server", "nginx")), scope=scope, tags=tags) is wanted


def test_now_in_a_scope_is_the_instant_that_is_asked_about() -> None:
    seen = page()
    seen["response"]["tls"] = {"not_after": "2026-02-28T12:00:00.000Z"}

    assert state(WRONG, seen, scope="tls.not_after:[* TO now+30d]") is State.FAILS
    assert state(WRONG, seen, scope="tls.not_after:[* TO now+30d]", at=AT - timedelta(days=9)) is State.NOT_IN_SCOPE


def test_a_rule_is_judged_only_where_its_condition_holds() -> None:
    assert state(WRONG, page(), when=RIGHT) is State.FAILS
    assert state(WRONG, page(), when=WRONG) is State.NOT_IN_SCOPE
    assert state(WRONG, page(), when={"hosts": "any", "absent": True}) is State.UNKNOWN
    assert state(RIGHT, page(), when={"hosts": "any", "absent": True}) is State.HOLDS


def test_a_waiver_holds_to_the_end_of_its_day_and_is_named_after_it() -> None:
    waived = finding(WRONG, page(), waivers=[WAIVER])
    expired = finding(WRONG, page(), waivers=[WAIVER], at=AT.replace(month=2, day=1, hour=0))

    assert (waived.state, waived.waiver.owner if waived.waiver else "") == (State.WAIVED, "team")
    assert (expired.state, expired.waiver, expired.expired) == (State.FAILS, None, waived.waiver)
    assert not judge(WRONG, page(), waivers=[WAIVER]).fails


def test_a_waiver_is_for_its_rules_and_the_targets_of_its_scope() -> None:
    elsewhere = WAIVER | {"scope": "host:other.example"}
    later = WAIVER | {"rules": "*", "expires": "2026-02-09T12:00:00Z", "owner": "another"}

    assert state(WRONG, page(), waivers=[elsewhere]) is State.FAILS
    assert (
        finding(WRONG, page(), waivers=[WAIVER, later, elsewhere]).waiver == finding(WRONG, page(), waivers=[later]).waiver
    )


def test_what_is_measured_for_the_score_alone_is_no_finding() -> None:
    judged = judge(WRONG, page(), finding=False)

    assert (judged.findings, judged.states) == ([], {"r": State.FAILS})


SCORE: dict[str, Any] = {
    "start": 100,
    "bonus_from": 90,
    "tests": [
        {"id": "t", "results": [{"fails": "r", "points": -5}, {"holds": "r", "points": 10}]},
        {"id": "u", "results": [{"fails": "r", "points": -10}]},
    ],
    "grades": [{"grade": "A", "lowest": 90}, {"grade": "B", "lowest": 0}],
}


def test_points_become_a_score_and_a_grade() -> None:
    good, bad = judge(RIGHT, page(), score=SCORE), judge(WRONG, page(), score=SCORE)
    out_of_scope = judge(WRONG, page(), score=SCORE, scope="scheme:http")

    assert [(each.score, each.grade) for each in (good, bad, out_of_scope)] == [(110, "A"), (85, "B"), (100, "A")]
    assert judge(WRONG, page(), score=SCORE, waivers=[WAIVER]).score == 85
    assert judge(RIGHT, page(), score=SCORE | {"start": 80}).score == 80
    assert judge(WRONG, page(), score=SCORE | {"start": 3}).score == 0


CSP = "Content-Security-Policy"
STRICT = (
    (CSP, "default-src 'none'; script-src 'self'; frame-ancestors 'none'"),
    ("Strict-Transport-Security", "max-age=63072000; includeSubDomains"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)


def without(name: str, *more: tuple[str, str]) -> dict[str, Any]:
    return page(*[line for line in STRICT if line[0] != name], *more)


@pytest.mark.parametrize(
    ("seen", "score", "grade"),
    [
        (page(*STRICT), 130, "A+"),
        (page(*STRICT, cookies=[cookie("a")]), 135, "A+"),
        (page(), 30, "D"),
        (page(url="http://shop.example/"), 10, "F"),
        (page(*STRICT, redirects=[("http://shop.example/", [])]), 130, "A+"),
        (page(*STRICT, redirects=[("http://other.example/", [])]), 125, "A+"),
        (page(*STRICT, redirects=[("http://shop.example/", []), ("http://shop.example/a", [])]), 120, "A+"),
        (without(CSP, ("X-Frame-Options", "DENY")), 75, "B"),
        (without(CSP, ("Content-Security-Policy-Report-Only", "default-src 'none'")), 55, "C"),
        (
            without(CSP, ("Content-Security-Policy", "default-src 'self'; frame-ancestors *")),
            125,
            "A+",
        ),
        (without(CSP, ("Content-Security-Policy", "script-src 'self'")), 60, "C+"),
        (without("Strict-Transport-Security", ("Strict-Transport-Security", "max-age=300")), 120, "A+"),
        (without("Strict-Transport-Security"), 80, "B+"),
        (without("X-Content-Type-Options"), 125, "A+"),
        (without("Referrer-Policy", ("Referrer-Policy", "unsafe-url")), 120, "A+"),
        (page(*STRICT, cookies=[cookie("a", secure=False, same_site=None)]), 125, "A+"),
        (page(*STRICT, cookies=[cookie("session", http_only=False)]), 70, "B"),
        (page(*STRICT, cookies=[cookie("csrftoken", same_site=None)]), 80, "B+"),
    ],
)
def test_the_observatory_gives_the_points_of_its_documentation(seen: dict[str, Any], score: int, grade: str) -> None:
    judged = by("observatory", seen)

    assert (judged.score, judged.grade) == (score, grade)


def test_each_built_in_policy_finds_something_in_a_bare_page_and_nothing_wrong_in_itself() -> None:
    bare = page(url="http://shop.example/", cookies=[cookie("sid", secure=False, same_site=None)])

    assert {name: by(name, bare).fails for name in builtin()} == dict.fromkeys(builtin(), True)


def test_the_baseline_is_met_by_what_it_recommends() -> None:
    csp = "default-src 'self'; form-action 'self'; base-uri 'self'; object-src 'none'; frame-ancestors 'none'"
    seen = page(
        ("Content-Security-Policy", csp),
        *STRICT[1:],
        ("Permissions-Policy", "camera=()"),
        ("X-Permitted-Cross-Domain-Policies", "none"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Server", "nginx"),
    )
    seen["response"]["tls"] = {"not_after": "2026-03-31T12:00:00.000Z"}

    assert [(each.rule.id, each.evidence) for each in by("baseline", seen).findings] == []
    assert [each.rule.id for each in by("baseline", seen, at=AT.replace(month=3, day=30)).findings] == ["certificate"]


@pytest.mark.parametrize("anywhere", ["*", "https:", "https://*", "http://*:80", "https://*:*", "*:443", "*:*"])
def test_the_baseline_knows_all_words_for_anywhere(anywhere: str) -> None:
    csp = f"script-src {anywhere}; object-src {anywhere}; frame-ancestors {anywhere}; form-action 'self'; base-uri 'self'"

    found = {each.rule.id for each in by("baseline", page(("Content-Security-Policy", csp), *STRICT[1:])).findings}

    assert {"csp-scripts", "csp-objects", "framing"} <= found


@pytest.mark.parametrize("policy", builtin().values(), ids=builtin())
def test_pages_that_differ_in_nothing_that_is_asked_are_judged_once(policy: Policy) -> None:
    """What differs in each response: its URL, its instant, dates, and the value of a cookie, which may be a secret."""
    whole = Judge(policy)

    def judgement(number: int) -> Judgement:
        value = f"{number:032x}"
        lines = [("Set-Cookie", f"sid={value}; Secure; SameSite=Lax"), ("Date", f"day {number}"), ("Server", "nginx")]
        url, at = f"https://shop.example/{number}", AT + timedelta(seconds=number)
        seen = page(*lines, url=url, cookies=[cookie("sid", value=value, set_by=url)])
        return whole.judge(Looked(target=Target("webpage", url, "shop.example"), content=seen, collected_at=at, at=at))

    assert judgement(1) is judgement(2)
    assert judgement(1).states


def test_a_directive_of_a_cookie_line_is_judged_whatever_the_cookie_is() -> None:
    require = {"header": "set-cookie", "directive": "samesite", "one_of": ["strict", "lax"], "optional": True}
    whole = Judge(of_document(document(require)))

    def found(*lines: str) -> State:
        seen = page(*(("Set-Cookie", each) for each in lines))
        looked = Looked(target=Target("webpage", URL, "shop.example"), content=seen, collected_at=AT, at=AT)
        return whole.judge(looked).states["r"]

    assert found("a=1; SameSite=Lax") is found("b=2; Path=/; samesite=lax") is found("c=3") is State.HOLDS
    assert found("a=1; SameSite=Lax", "b=2; SameSite=No") is found("samesite=x; SameSite=Lax") is State.FAILS

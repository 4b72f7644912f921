"""What a policy remembers of snapshots changes nothing of what it says of others."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.folding import folded
from inventory.policy import remembered
from inventory.policy.builtin_policies import builtin
from inventory.policy.judgement import MAX_JUDGEMENTS, Judge, Looked
from inventory.policy.judging import judged
from inventory.policy.judging_headers import MAX_VALUES, directives
from inventory.policy.model import Judgement, State
from inventory.policy.reading import of_document
from inventory.policy.seen import Seen
from inventory.policy.verdicts import IndexedPolicies
from inventory.records.model import Target
from tests.policy.snapshots import AT, cookie, document, page

CSP = "Content-Security-Policy"
LINES = [
    (CSP, "script-src 'unsafe-inline' *"),
    (CSP, "default-src 'none'; frame-ancestors 'none'"),
    (f"{CSP}-Report-Only", "default-src 'none'"),
    ("content-security-policy", "script-src 'strict-dynamic' 'nonce-1'"),
    ("Strict-Transport-Security", "max-age=31536000; includeSubDomains"),
    ("Strict-Transport-Security", "max-age=1"),
    ("X-Frame-Options", "DENY"),
    ("Server", "nginx/1.25"),
    ("Server", "nginx"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "unsafe-url, no-referrer"),
    ("Date", "now"),
]
OWN = {
    "version": 1,
    "id": "own",
    "title": "Ours",
    "rules": [
        document(require, id=f"r{number}", **members)["rules"][0]
        for number, (require, members) in enumerate(
            [
                ({"header": "server", "matches": "nginx", "hops": "every", "scheme": "https"}, {"scope": "tag:prod"}),
                (
                    {"header": "server", "present": True, "hops": "redirects"},
                    {"scope": "header.server:nginx AND status:200"},
                ),
                ({"header": "set-cookie", "absent": True}, {"scope": "NOT host:a.example"}),
                ({"cookie": "s*", "attribute": "lifetime", "max": 3_600}, {"scope": "tls.not_after:[* TO now+30d]"}),
                ({"cookie": "*", "attribute": "secure", "equals": True, "hops": "first"}, {}),
                ({"response": "url", "matches": "https://a.example/*", "hops": "every"}, {}),
                ({"response": "status", "equals": "200"}, {"when": {"header": "x-frame-options", "present": True}}),
                ({"certificate": "days_left", "min": 30}, {}),
                ({"hosts": ["script", "form"], "third_party": True, "absent": True}, {}),
                ({"not": {"response": "redirects", "min": 1}}, {"when": {"hosts": "image", "absent": True}}),
            ]
        )
    ],
    "waivers": [
        {"rules": "r4", "owner": "a", "reason": "b", "expires": "2026-01-31", "scope": "tag:prod"},
        {"rules": "*", "owner": "c", "reason": "d", "expires": "2026-02-01T00:00:00Z", "scope": "domain:b.example"},
    ],
}
FINAL = document({"all": [{"response": "scheme", "equals": "https"}, {"header": "server", "present": True}]})
POLICIES = {**builtin(), "own": of_document(OWN), "final": of_document(FINAL)}

CHARACTERS = 'akK\u212ai\u0130s\u017f=;,\t "\n'
lines = st.lists(st.sampled_from(LINES), max_size=5)
urls = st.sampled_from([f"{scheme}://{host}/{path}" for scheme in ("http", "https") for host in ("a.example", "b.example")
                        for path in ("", "x")])  # fmt: skip
cookies = st.builds(
    cookie,
    st.sampled_from(["session", "a", "csrf"]),
    secure=st.sampled_from([True, False, 1, 1.0, "true", []]),
    same_site=st.sampled_from([None, "Lax"]),
    max_age=st.sampled_from([None, 60, 99_999]),
    set_by=st.sampled_from([0, 1, "https://a", None]),
    expires=st.sampled_from([None, "2026-03-01T00:00:00.000Z"]),
)
odd = st.sampled_from([None, 1, True, 1.0, "1", [], {}, "2026-02-15T00:00:00.000Z"])
pages = st.sampled_from([None, {"hosts": {"script": ["cdn.a.example", "c.example"]}}, {"hosts": {"form": ["a.example"]}}, 7])


@st.composite
def contents(draw: st.DrawFn) -> dict[str, Any]:
    seen = page(
        *draw(lines),
        url=draw(urls),
        redirects=draw(st.lists(st.tuples(urls, lines), max_size=2)),
        cookies=draw(st.lists(cookies, max_size=2)),
    )
    seen["response"] |= {"status": draw(odd), "tls": {"not_after": draw(odd)}}
    seen["body"]["truncated"] = draw(st.booleans())
    if draw(st.booleans()):
        seen["headers"] = [*seen["headers"], draw(odd), {"name": "Server"}, {"name": 7, "value": draw(odd)}]
        seen["cookies"] = [*seen["cookies"], draw(odd), {"name": "session", "secure": draw(odd)}]
    return seen | {"page": draw(pages)}


snapshots = st.builds(
    Looked,
    target=st.builds(lambda url: Target("webpage", url, url.split("/")[2]), urls),
    content=contents(),
    collected_at=st.sampled_from([AT, AT - timedelta(days=1)]),
    at=st.sampled_from([AT, AT + timedelta(days=1), AT + timedelta(days=60)]),
    tags=st.sampled_from([(), ("prod",), ("other", "prod")]),
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(POLICIES)), st.lists(snapshots, min_size=2, max_size=8))
def test_a_judge_of_many_says_of_each_what_a_new_one_says(name: str, looked: list[Looked]) -> None:
    policy = POLICIES[name]
    used = Judge(policy)

    for each in [*looked, *looked]:
        assert used.judge(each) == Judge(policy).judge(each)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(POLICIES)), snapshots)
def test_what_is_looked_at_is_enough(name: str, looked: Looked) -> None:
    """Each requirement comes to the same in the whole snapshot."""
    policy = POLICIES[name]
    found = {each.rule.id: each.evidence for each in _without_waivers(name, looked).findings}

    for rule in policy.rules:
        whole = judged(rule.require, Seen(looked.content, looked.target.key, looked.collected_at, looked.at))
        if rule.id in found and not whole.unknown and rule.when is None:
            assert found[rule.id] == whole.problems


def _without_waivers(name: str, looked: Looked) -> Judgement:
    return Judge(POLICIES[name]).judge(looked)


def test_pages_with_the_same_headers_share_one_judgement() -> None:
    judge = Judge(builtin()["baseline"])
    first, other = (
        _looked(page(("Server", "x"), ("Date", url), url=url)) for url in ("https://a.example/", "https://b.example/")
    )

    assert judge.judge(first) is judge.judge(other)
    assert judge.judge(first) is not judge.judge(_looked(page(("Server", "y"))))


@pytest.mark.parametrize(("flag", "holds"), [(True, True), ("true", True), (1, False), (1.0, False)])
def test_a_number_is_not_taken_for_a_flag_that_equals_it(flag: object, holds: bool) -> None:
    judge = Judge(builtin()["cookies"])
    for other in (True, 1, 1.0, []):
        judge.judge(_looked(page(cookies=[cookie("a", secure=other)])))

    judgement = judge.judge(_looked(page(cookies=[cookie("a", secure=flag)])))
    assert judgement.states["cookie-secure"] is (State.HOLDS if holds else State.FAILS)


@given(st.text(CHARACTERS, max_size=4), st.text(CHARACTERS, max_size=20), st.sampled_from([";", ",", None]))
def test_the_first_directive_of_a_name_is_found(name: str, sent: str, split: str | None) -> None:
    pieces = [each.strip(" \t").partition("=") for each in ([sent] if split is None else sent.split(split))]
    named = [value.strip(" \t") for found, _, value in pieces if folded(found.strip(" \t")) == folded(name)]
    wanted = named[0].removeprefix('"').removesuffix('"') if named else None

    assert directives([(7, sent)], name, split) == [(7, wanted)]


def test_no_more_than_the_first_directives_are_read() -> None:
    line = ";".join(["a"] * (MAX_VALUES - 1))

    assert directives([(1, f"{line};b=1"), (2, f"{line};a;b=1")], "b", ";") == [(1, "1"), (2, None)]


def test_the_same_verdicts_are_one_object_so_that_stores_know_their_numbers() -> None:
    one, other = (IndexedPolicies({"baseline": builtin()["baseline"]}, {}) for _ in range(2))
    looked = _looked(page(("Server", "x")))

    assert one.say(looked) is other.say(looked)
    assert one.say(looked).statements


def test_what_is_remembered_is_bounded() -> None:
    judge = Judge(builtin()["baseline"])
    judgements = [judge.judge(_looked(page(("Server", str(number))))) for number in range(MAX_JUDGEMENTS + 1)]

    assert judge.judge(_looked(page(("Server", str(MAX_JUDGEMENTS))))) is judgements[-1]
    assert judge.judge(_looked(page(("Server", "0")))) is not judgements[0]
    large = _looked(page(("Server", "x" * (remembered.MAX_KEY + 1))))
    assert judge.judge(large) is not judge.judge(large)
    assert judge.judge(large) == judge.judge(large)


def _looked(seen: Mapping[str, Any]) -> Looked:
    url = seen["response"]["final_url"]
    return Looked(target=Target("webpage", url, "shop.example"), content=seen, collected_at=AT, at=AT)

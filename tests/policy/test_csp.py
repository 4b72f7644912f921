"""Several policies of one response intersect, and one that is reported alone is told apart."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from inventory.policy.model import State
from tests.growth import assert_linear
from tests.policy.snapshots import finding, page, state

CSP, REPORT = "Content-Security-Policy", "Content-Security-Policy-Report-Only"
HOLDS, FAILS = State.HOLDS, State.FAILS
INLINE = {"csp": "script-src", "forbids": "'unsafe-inline'"}
FROM_ANYWHERE = {"csp": "script-src", "forbids": [r"\*", "https:", "http:"]}
NOTHING = {"csp": "script-src", "only": "'none'"}
ONLY_OURS = {"csp": "script-src", "only": ["'self'", "*.shop.example"]}


@pytest.mark.parametrize(
    ("require", "policies", "wanted"),
    [
        ({"csp": "script-src", "present": True}, ["script-src 'self'"], HOLDS),
        ({"csp": "script-src", "present": True}, ["default-src 'self'"], HOLDS),
        ({"csp": "script-src", "present": True, "explicit": True}, ["default-src 'self'"], FAILS),
        ({"csp": "script-src", "present": True}, ["img-src 'self'"], FAILS),
        ({"csp": "script-src", "present": True}, [], FAILS),
        ({"csp": "script-src", "present": True}, [";;, ;"], FAILS),
        ({"csp": "frame-ancestors", "present": True}, ["default-src 'none'"], FAILS),
        ({"csp": "report-uri", "absent": True}, ["default-src 'none'; report-uri /r"], FAILS),
        (INLINE, ["script-src 'self' 'unsafe-inline'"], FAILS),
        (INLINE, ["SCRIPT-SRC 'self' 'UNSAFE-INLINE'"], FAILS),
        (INLINE, ["script-src 'self' 'unsafe-inline'", "script-src 'self'"], HOLDS),
        (INLINE, ["script-src 'self' 'unsafe-inline'", "img-src 'self'"], FAILS),
        (INLINE, ["script-src 'unsafe-inline', script-src 'none'"], HOLDS),
        (INLINE, ["script-src 'unsafe-inline' 'nonce-abc'"], HOLDS),
        (INLINE, ["script-src 'unsafe-inline'", "script-src 'nonce-abc'"], HOLDS),
        (INLINE, ["script-src 'none'; script-src 'unsafe-inline'"], HOLDS),
        (INLINE, ["script-src 'none' 'unsafe-inline'"], FAILS),
        (INLINE, [], HOLDS),
        (FROM_ANYWHERE, [], FAILS),
        (FROM_ANYWHERE, ["img-src 'self'"], FAILS),
        (FROM_ANYWHERE, ["script-src https:"], FAILS),
        (FROM_ANYWHERE, ["script-src https:", "script-src cdn.example"], HOLDS),
        (FROM_ANYWHERE, ["script-src *", "script-src https:"], FAILS),
        (FROM_ANYWHERE, ["script-src http:", "script-src https:"], FAILS),
        (NOTHING, ["script-src http:", "script-src https://*"], FAILS),
        (NOTHING, ["script-src https://*", "script-src a.example"], FAILS),
        (NOTHING, ["script-src https://*", "script-src 'self'"], FAILS),
        (NOTHING, ["script-src http://a.example", "script-src https:"], FAILS),
        (NOTHING, ["script-src http://a.example", "script-src https://b.example"], HOLDS),
        (NOTHING, ["script-src https://a.example", "script-src data:"], HOLDS),
        (FROM_ANYWHERE, ["script-src http://a.example", "script-src https:"], HOLDS),
        (FROM_ANYWHERE, ["script-src *", "script-src https://*"], HOLDS),
        (FROM_ANYWHERE, ["script-src 'strict-dynamic' 'nonce-a' https:"], HOLDS),
        (FROM_ANYWHERE, ["default-src 'strict-dynamic' 'nonce-a' https:"], HOLDS),
        (FROM_ANYWHERE | {"csp": "worker-src"}, ["default-src 'strict-dynamic' 'nonce-a' https:"], HOLDS),
        (FROM_ANYWHERE | {"csp": "object-src"}, ["default-src 'strict-dynamic' 'nonce-a' https:"], FAILS),
        (FROM_ANYWHERE | {"csp": "default-src"}, ["default-src 'strict-dynamic' 'nonce-a' *"], FAILS),
        (INLINE | {"csp": "style-src"}, ["style-src 'strict-dynamic' 'unsafe-inline'"], FAILS),
        (INLINE | {"csp": "style-src"}, ["style-src 'strict-dynamic' 'unsafe-inline' 'nonce-a'"], HOLDS),
        (ONLY_OURS, ["script-src 'self' cdn.shop.example"], HOLDS),
        (ONLY_OURS, ["script-src 'self' evil.example"], FAILS),
        (ONLY_OURS, ["script-src 'self' evil.example", "script-src 'self' *.shop.example"], HOLDS),
        (ONLY_OURS, ["script-src *", "script-src a.shop.example"], HOLDS),
        (ONLY_OURS, ["script-src https://a.shop.example", "script-src *.shop.example:443/x"], HOLDS),
        (
            ONLY_OURS | {"only": "https://a.shop.example"},
            ["script-src https://a.shop.example", "script-src *.example"],
            HOLDS,
        ),
        (ONLY_OURS, ["script-src 'none'"], HOLDS),
        ({"csp": "default-src", "only": "'none'", "present": True}, ["default-src 'none'"], HOLDS),
        ({"csp": "script-src-elem", "forbids": "evil.*"}, ["default-src evil.example"], FAILS),
        ({"csp": "frame-src", "forbids": "evil.*"}, ["child-src evil.example; default-src 'self'"], FAILS),
    ],
)
def test_every_policy_has_to_allow_a_source(require: Any, policies: Sequence[str], wanted: State) -> None:
    assert state(require, page(*[(CSP, each) for each in policies])) is wanted


def test_evidence_names_the_line_of_the_policy_that_allows_it() -> None:
    seen = page(("A", "1"), (CSP, "img-src 'self'"), (CSP, "script-src 'unsafe-inline'"))

    [evidence] = finding(INLINE, seen).evidence

    assert (evidence.hop, evidence.line, evidence.name) == (1, 3, CSP.lower())
    assert evidence.problem == "`script-src` allows 'unsafe-inline'"


def test_a_policy_that_is_reported_alone_restricts_nothing() -> None:
    seen = page((REPORT, "script-src 'none'"))

    [evidence] = finding({"csp": "script-src", "present": True}, seen).evidence

    assert "reported alone, not enforced" in evidence.problem
    assert state(FROM_ANYWHERE, seen) is FAILS
    assert state({"csp": "script-src", "present": True, "report_only": True}, seen) is HOLDS


def test_each_hop_has_its_own_policies() -> None:
    seen = page((CSP, "script-src 'self'"), redirects=[("https://a.example/", [(CSP, "script-src 'unsafe-inline'")])])

    assert state(INLINE, seen) is HOLDS
    assert finding(INLINE | {"hops": "every"}, seen).evidence[0].hop == 1


@pytest.mark.parametrize(
    ("lines", "size"),
    [
        (lambda size: ["script-src " + " ".join(f"h{n}.example" for n in range(size))], 20_000),
        (lambda size: [f"script-src *.a{n}.example b{n}.example {'c.' * 100}example" for n in range(size)], 2_000),
        (lambda size: ["script-src " + " ".join(f"*.{'x.' * 60}{n}.example" for n in range(size))] * 20, 400),
        (lambda size: [";".join(f"d{n} a" for n in range(size))], 50_000),
        (lambda size: ["script-src " + "\xff\x00\u2028" * size], 30_000),
        (lambda size: ["," * size], 200_000),
    ],
)
def test_a_huge_policy_takes_time_in_proportion_to_its_size(lines: Callable[[int], Sequence[str]], size: int) -> None:
    assert_linear(
        lambda seen: state({"all": [ONLY_OURS, FROM_ANYWHERE, INLINE]}, seen),
        lambda size: page(*[(CSP, each) for each in lines(size)]),
        small=size // 16,
    )


def test_a_list_that_is_too_long_counts_as_one_that_allows_everything() -> None:
    seen = page((CSP, "script-src " + " ".join(f"h{n}.example" for n in range(600))))

    assert state(FROM_ANYWHERE, seen) is FAILS

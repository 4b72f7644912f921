"""Scopes are read and written, add up, and are refused with the field and the way out."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.access.model import Scope, Verb
from inventory.access.scopes import MAX_SCOPES, grants, limits, needed, read_scope, read_scopes, text_of
from inventory.errors import InvalidRequest
from inventory.limits import Limits, within

LABELS = st.text("abcxyz0123-_", min_size=1, max_size=6).filter(lambda label: not label.isdigit() and "--" not in label)
NAMES = st.lists(LABELS.map(lambda label: f"n{label}"), min_size=1, max_size=4).map(".".join)
HOSTS = NAMES | st.sampled_from(["127.0.0.1", "[::1]", "example.com", "a.example.com", "b.a.example.com"])
LIMITS = st.none() | HOSTS | NAMES.map(lambda name: f"*.{name}") | st.sampled_from(["*.example.com", "*.a.example.com"])
TAGS = st.sampled_from(["shop", "Shop", "team: payments", "é", "tag=x", "a:b", "*.example.com"])
LIMITED_VERBS = st.sampled_from([verb for verb in Verb if verb is not Verb.ADMIN])


def scopes_of(verb: st.SearchStrategy[Verb] = LIMITED_VERBS) -> st.SearchStrategy[Scope]:
    of_host = st.builds(Scope, verb=verb, host=LIMITS)
    return of_host | st.builds(Scope, verb=verb, tag=TAGS)


ONE_SCOPE = scopes_of() | st.just(Scope(verb=Verb.ADMIN))
SCOPES = st.lists(ONE_SCOPE, max_size=6)


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("read", Scope(verb=Verb.READ)),
        ("admin", Scope(verb=Verb.ADMIN)),
        ("collect:*.example.com", Scope(verb=Verb.COLLECT, host="*.example.com")),
        ("delete:EXAMPLE.com", Scope(verb=Verb.DELETE, host="example.com")),
        ("read:bücher.example", Scope(verb=Verb.READ, host="xn--bcher-kva.example")),
        ("read:127.1", Scope(verb=Verb.READ, host="127.0.0.1")),
        ("read:::1", Scope(verb=Verb.READ, host="[::1]")),
        ("read:[0:0::1]", Scope(verb=Verb.READ, host="[::1]")),
        ("import:tag=shop", Scope(verb=Verb.IMPORT, tag="shop")),
        ("import:tag= team: payments ", Scope(verb=Verb.IMPORT, tag="team: payments")),
        ("watch:tag=e\u0301", Scope(verb=Verb.WATCH, tag="é")),
    ],
)
def test_a_scope_is_a_verb_and_perhaps_a_host_or_a_tag(text: str, scope: Scope) -> None:
    assert read_scope("scopes", text) == scope


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "has no verb"),
        ("READ", "has no verb"),
        ("write", "has no verb"),
        (" read", "has no verb"),
        ("*", "has no verb"),
        ("read:", "nothing after its colon"),
        ("admin:example.com", "never limited"),
        ("admin:", "never limited"),
        ("read:*", "does not name a host"),
        ("read:*.", "does not name a host"),
        ("read:a.*.example", "does not name a host"),
        ("read:*.*.example", "does not name a host"),
        ("read:https://example.com/", "does not name a host"),
        ("read:example.com/a", "does not name a host"),
        ("read:tags=shop", "does not name a host"),
        ("read:example.com:80", "does not name a host"),
        ("read:[::1]:80", "does not name a host"),
        ("read:[::1]/a", "does not name a host"),
        ("read:user@example.com", "does not name a host"),
        ("read:exa mple.com", "does not name a host"),
        ("read:1.2.3.4.5", "does not name a host"),
        ("read:*.127.0.0.1", "below an address"),
        ("read:tag=", "has 0 characters"),
        ("read:tag=\n", "has 0 characters"),
        ("read:tag=a\0b", "cannot be shown"),
        ("read:\0", "does not name a host"),
        ("read:\ud800", "does not name a host"),
        ("read:" + "a" * 10_000, "does not name a host"),
    ],
)
def test_what_is_no_scope_is_refused_with_the_field_and_the_way_out(text: str, why: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        read_scopes("scopes", ["read", text])

    assert refused.value.errors is not None
    [(field, [message])] = refused.value.errors.items()
    assert field == "scopes"
    assert why in message
    assert len(message) < 300


@pytest.mark.parametrize("given_scopes", [[], [f"read:{number}.example" for number in range(MAX_SCOPES + 1)]])
def test_a_key_has_at_least_one_scope_and_not_too_many(given_scopes: list[str]) -> None:
    with pytest.raises(InvalidRequest, match="scopes"):
        read_scopes("scopes", given_scopes)


def test_a_scope_that_is_given_twice_is_kept_once() -> None:
    assert read_scopes("scopes", ["read:a.example", "read", "read:A.example"]) == (
        Scope(verb=Verb.READ, host="a.example"),
        Scope(verb=Verb.READ),
    )


@given(ONE_SCOPE)
def test_a_scope_is_read_as_it_was_written(scope: Scope) -> None:
    assert read_scope("scopes", text_of(scope)) == scope


@given(st.text())
def test_any_text_is_a_scope_or_is_refused(text: str) -> None:
    with suppress(InvalidRequest):
        scope = read_scope("scopes", text)
        assert read_scope("scopes", text_of(scope)) == scope


@pytest.mark.parametrize(
    ("scope", "host", "granted"),
    [
        ("read", "any.example", True),
        ("read", None, True),
        ("read:example.com", "example.com", True),
        ("read:example.com", "a.example.com", False),
        ("read:example.com", "example.com.", False),
        ("read:example.com", None, False),
        ("read:*.example.com", "a.example.com", True),
        ("read:*.example.com", "b.a.example.com", True),
        ("read:*.example.com", "example.com", False),
        ("read:*.example.com", "notexample.com", False),
        ("read:*.example.com", "example.com.evil.example", False),
        ("read:*.example.com", None, False),
        ("collect", "example.com", False),
        ("admin", None, True),
        ("read:tag=shop", "example.com", False),
    ],
)
def test_a_limit_holds_for_its_hosts(scope: str, host: str | None, granted: bool) -> None:
    assert grants(read_scopes("scopes", [scope]), Verb.READ, host) is granted


def test_a_limit_to_a_tag_holds_without_case() -> None:
    scopes = read_scopes("scopes", ["read:tag=Shop"])

    assert grants(scopes, Verb.READ, "a.example", ["x", "SHOP"])
    assert not grants(scopes, Verb.READ, "a.example", ["shops"])
    assert not grants(scopes, Verb.READ)


@given(SCOPES, SCOPES, LIMITED_VERBS, st.none() | HOSTS, st.lists(TAGS, max_size=2))
def test_several_scopes_add_up(one: list[Scope], more: list[Scope], verb: Verb, host: str | None, tags: list[str]) -> None:
    each = any(grants([scope], verb, host, tags) for scope in one + more)

    assert grants([*one, *more], verb, host, tags) is each


@given(SCOPES, LIMITED_VERBS, HOSTS, st.lists(TAGS, max_size=2))
def test_limits_admit_what_the_scopes_grant(scopes: list[Scope], verb: Verb, host: str, tags: list[str]) -> None:
    limited = limits(scopes, verb)

    assert (limited is None or limited.admit(host, tags)) is grants(scopes, verb, host, tags)
    assert (limited is None) is grants(scopes, verb)


@given(LIMITED_VERBS, HOSTS, st.lists(TAGS, max_size=2))
def test_admin_includes_all_verbs(verb: Verb, host: str, tags: list[str]) -> None:
    assert grants([Scope(verb=Verb.ADMIN)], verb, host, tags)
    assert limits([Scope(verb=Verb.ADMIN)], verb) is None


@given(LIMITED_VERBS)
def test_without_a_scope_of_the_verb_nothing_is_admitted(verb: Verb) -> None:
    assert limits([], verb) == Limits()


@given(SCOPES, SCOPES, LIMITED_VERBS, HOSTS, st.lists(TAGS, max_size=2))
def test_what_is_within_limits_admits_no_more(
    narrow: list[Scope], wide: list[Scope], verb: Verb, host: str, tags: list[str]
) -> None:
    ours, theirs = limits(narrow, verb), limits(wide, verb)

    assert within(ours, ours)
    assert within(ours, limits([*narrow, *wide], verb))
    if within(ours, theirs) and grants(narrow, verb, host, tags):
        assert grants(wide, verb, host, tags)


@pytest.mark.parametrize(
    ("narrow", "wide", "inside"),
    [
        ("read", "read", True),
        ("read", "read:a.example", False),
        ("read:a.example", "read", True),
        ("read:a.example", "read:*.example", True),
        ("read:*.a.example", "read:*.example", True),
        ("read:*.example", "read:*.a.example", False),
        ("read:*.example", "read:a.example", False),
        ("read:*.xa.example", "read:*.a.example", False),
        ("read:tag=shop", "read:tag=Shop", True),
        ("read:tag=shop", "read:tag=shops", False),
        ("read:tag=shop", "read:a.example", False),
    ],
)
def test_limits_lie_within_others(narrow: str, wide: str, inside: bool) -> None:
    ours, theirs = (limits(read_scopes("scopes", [text]), Verb.READ) for text in (narrow, wide))

    assert within(ours, theirs) is inside


def test_an_error_can_name_the_scope_that_is_needed() -> None:
    assert needed(Verb.COLLECT, "example.com") == "collect:example.com"
    assert needed(Verb.READ) == "read"

"""Watches as code: reading and writing the file, and the plan to make it so."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inventory.errors import InvalidRequest, NameTaken
from inventory.services import Services
from inventory.watches.applying import Plan, WatchApplier, exported
from inventory.watches.members import settings_from
from inventory.watches.model import Destination, On, SinkKind
from inventory.watches.settings import WatchSettings
from inventory.watches.watch_file import read, written

URL = "https://hooks.test/inventory"
HOOK = Destination(SinkKind.WEBHOOK, URL)
USUAL = WatchSettings(name="prod headers", query="tag:prod")
FULL = WatchSettings(
    name="all: of it",
    query="NOT header.server:nginx",
    every=3600,
    on=[On.CHANGES, On.FAILS],
    fields="header.*,script.host",
    persist=2,
    cooldown=0,
    expires_within=14,
    destinations=[HOOK, Destination(SinkKind.EMAIL, "a@b.test"), Destination(SinkKind.EMAIL, "c@d.test")],
)
FILE = """\
watches:
- name: prod headers
  query: tag:prod
- name: 'all: of it'
  query: NOT header.server:nginx
  every: 3600
  on:
  - changes
  - fails
  fields:
  - header.*
  - script.host
  persist: 2
  cooldown: 0
  expires_within: 14
  webhook: https://hooks.test/inventory
  email:
  - a@b.test
  - c@d.test
"""


def alike(settings: WatchSettings) -> WatchSettings:
    """The same with lists for what may be a tuple."""
    return replace(settings, on=list(settings.on), destinations=list(settings.destinations))


def test_a_file_has_what_is_not_usual_and_nothing_else() -> None:
    assert written([USUAL, FULL]) == FILE
    assert [alike(each) for each in read(FILE)] == [alike(USUAL), FULL]


def test_a_file_of_no_watches_is_one_too() -> None:
    assert read(written([])) == []


def test_on_is_a_name_and_no_boolean() -> None:
    for text in ("[on, off]", "yes", "no", "true"):
        with pytest.raises(InvalidRequest, match=r"Watch 1 \(a\) is not valid: on: "):
            read(f"watches: [{{name: a, query: b, on: {text}}}]")
    assert read("watches: [{name: on, query: yes, on: [fails]}]")[0].name == "on"


@example("\x85", "a\x85\u2028b\n c\t", [], ["\x85"])
@given(
    st.text(), st.text(), st.lists(st.text(alphabet="abc.*\\,é", min_size=1), max_size=3), st.lists(st.text(), max_size=3)
)
def test_what_is_written_is_read_again(name: str, query: str, fields: list[str], files: list[str]) -> None:
    settings = settings_from({"name": name, "query": query, "fields": fields, "file": files})

    assert [alike(each) for each in read(written([settings]))] == [alike(settings)]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "write `watches:`"),
        ("[]", "write `watches:`"),
        ("watches:", "write `watches:`"),
        ("watches: {}", "write `watches:`"),
        ("watches: []\nother: 1", "write `watches:`"),
        ("watches: [", "It is not YAML: while parsing a flow node expected the node content"),
        ("watches: !!python/object:os.system []", "It is not YAML: could not determine a constructor"),
        ("[" * 5_000, "It is not YAML"),
        ("watches: [1]", "Watch 1 is not valid: body: Invalid input type."),
        ("watches: [{name: a}]", r"Watch 1 \(a\) is not valid: query: Missing."),
        ("watches: [{name: a, query: b, evry: 60}]", r"Watch 1 \(a\) is not valid: evry: Unknown field."),
        ("watches: [{name: a, query: b, every: 1h}]", r"Watch 1 \(a\) is not valid: every: Send whole seconds, 60 to 31"),
        ("watches: [{name: a, query: b}, {name: ' a', query: c}]", "Watch 2 .* has the name of one before it"),
        ("watches:\n" + "- {name: a, query: b}\n" * 1_001, "It has 1,001 watches. There may be 1,000."),
    ],
)
def test_a_file_that_is_not_valid_says_why(text: str, reason: str) -> None:
    with pytest.raises(InvalidRequest, match=reason):
        read(text)


@pytest.fixture
def applier(services: Services) -> WatchApplier:
    return WatchApplier(services.watches, services.webhooks)


def applied(applier: WatchApplier, *wanted: WatchSettings) -> dict[str, str]:
    return done(applier, applier.plan(wanted))


def done(applier: WatchApplier, plan: Plan) -> dict[str, str]:
    """Do it; the secrets that were told."""
    return {webhook: secret for secrets in applier.apply(plan) for webhook, secret in secrets.items()}


def names(applier: WatchApplier) -> list[str]:
    return [each.settings.name for each in applier.kept()]


PLAIN = replace(FULL, destinations=[HOOK, Destination(SinkKind.FILE, "prod")])


def test_what_is_applied_is_kept_and_applying_it_again_does_nothing(applier: WatchApplier) -> None:
    plan = applier.plan([USUAL, PLAIN])
    assert [each.name for each in plan.new] == ["prod headers", "all: of it"]

    (secret,) = done(applier, plan).values()
    assert secret.startswith("whsec_")
    assert names(applier) == ["all: of it", "prod headers"]
    for wanted in ([USUAL, PLAIN], [PLAIN, USUAL], read(written([each.settings for each in applier.kept()]))):
        again = applier.plan(wanted)
        assert (again.is_empty, again.unchanged) == (True, 2)


def test_a_plan_has_what_differs(applier: WatchApplier) -> None:
    applied(applier, USUAL, PLAIN)

    other = replace(USUAL, name="other")
    plan = applier.plan([replace(PLAIN, every=60, fields="header.*, script.host", destinations=[HOOK]), other])

    assert [each.name for each in plan.new] == ["other"]
    assert [each.settings.name for each in plan.removed] == ["prod headers"]
    (change,) = plan.changed
    assert change.members == {"every": (3600, 60), "file": (["prod"], [])}
    done(applier, plan)
    assert names(applier) == ["all: of it", "other"]
    assert applier.kept()[0].watch.id == change.kept.watch.id


def test_the_id_of_a_webhook_and_its_url_are_the_same(applier: WatchApplier, services: Services) -> None:
    (webhook,) = applied(applier, PLAIN)

    same = replace(PLAIN, destinations=[Destination(SinkKind.WEBHOOK, webhook), PLAIN.destinations[1]])
    assert applier.plan([same]).is_empty
    spelled = replace(
        PLAIN, destinations=[Destination(SinkKind.WEBHOOK, "HTTPS://Hooks.test:443/inventory"), *same.destinations]
    )
    assert applier.plan([spelled]).is_empty
    services.webhooks.delete(webhook)
    assert applier.kept()[0].settings.destinations[0] == Destination(SinkKind.WEBHOOK, webhook)
    assert list(applier.plan([PLAIN]).changed[0].members) == ["webhook"]


def test_a_watch_that_is_paused_stays_paused(applier: WatchApplier, services: Services) -> None:
    applied(applier, USUAL)
    services.watches.pause(applier.kept()[0].watch.id)

    applied(applier, replace(USUAL, every=60))

    assert applier.kept()[0].watch.paused


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"query": "a:"}, "The watch bad: At character"),
        ({"every": 1}, "The watch bad: "),
        ({"destinations": [Destination(SinkKind.WEBHOOK, "http://10.0.0.1/")]}, "The watch bad: .* not a public address"),
        ({"destinations": [Destination(SinkKind.WEBHOOK, "0" * 32)]}, "The watch bad: There is no webhook"),
        ({"destinations": [Destination(SinkKind.EMAIL, "a@b.test")]}, "The watch bad: There is no mail server"),
    ],
)
def test_a_watch_that_cannot_be_is_named_before_anything_is_done(
    applier: WatchApplier, changes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidRequest, match=reason):
        applier.plan([USUAL, replace(USUAL, name="bad", **changes)])


def test_what_others_removed_meanwhile_is_no_error(applier: WatchApplier, services: Services) -> None:
    applied(applier, USUAL)
    plan = applier.plan([])
    services.watches.delete(applier.kept()[0].watch.id)

    done(applier, plan)

    assert names(applier) == []


def test_secrets_are_told_before_the_next_watch_is_made(applier: WatchApplier, services: Services) -> None:
    plan = applier.plan([replace(PLAIN, name="one"), replace(USUAL, name="two")])
    services.watches.create(replace(USUAL, name="two"))  # somebody was quicker

    steps = applier.apply(plan)
    told = next(steps)
    with pytest.raises(NameTaken):
        next(steps)

    assert list(told) == [each.id for each in services.webhooks.listing(limit=9, after=None)]


def test_a_file_is_exported_without_webhooks_that_were_removed_and_applied(
    applier: WatchApplier, services: Services
) -> None:
    (webhook,) = applied(applier, PLAIN)
    services.webhooks.delete(webhook)

    [settings], [left_out] = exported(applier.kept())

    assert left_out == f"{settings.name}: left out the webhook {webhook}, which was removed"
    assert [each.kind for each in settings.destinations] == [SinkKind.FILE]
    plan = applier.plan(read(written([settings])))
    assert [each.members for each in plan.changed] == [{"webhook": ([webhook], [])}]
    done(applier, plan)
    assert applier.plan(read(written([settings]))).is_empty


def test_more_watches_than_one_page_are_all_compared(applier: WatchApplier) -> None:
    wanted = [replace(USUAL, name=f"watch {number:03}") for number in range(450)]

    applied(applier, *wanted)

    assert applier.plan(wanted).unchanged == len(wanted)

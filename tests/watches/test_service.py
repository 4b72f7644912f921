"""Making, changing and deleting watches: what is refused, and what comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from inventory.errors import (
    ForbiddenAddress,
    InvalidQuery,
    InvalidRequest,
    InvalidUrl,
    NameTaken,
    NotFound,
    QueryTooBroad,
    TooManyRequests,
    TooManyWatches,
    UnknownWatch,
    UnknownWebhook,
)
from inventory.services import Services
from inventory.watches.model import MAX_WATCHES, Destination, On, SinkKind, Watch
from inventory.watches.service import WatchService
from inventory.watches.settings import WatchSettings
from tests.conftest import Build
from tests.fakes import Replacing

HOOK = "https://receiver.example/hook"


def settings_of(**changes: Any) -> WatchSettings:
    return replace(WatchSettings(name="w", query="status:200"), **changes)


def to(kind: SinkKind, *addresses: str) -> tuple[Destination, ...]:
    return tuple(Destination(kind, each) for each in addresses)


@pytest.fixture
def watches(services: Services) -> WatchService:
    return services.watches


def test_a_new_watch_is_found_by_id_and_name_and_listed(watches: WatchService) -> None:
    made = watches.create(settings_of(name="  two words ", on=[On.LEAVES, On.ENTERS, On.LEAVES]))

    assert made.watch.name == "two words"
    assert list(made.watch.on) == [On.ENTERS, On.LEAVES]
    assert watches.find(made.watch.id) == watches.named("two words") == made.watch
    assert watches.listing(limit=9, after=None) == [made.watch]


@pytest.mark.parametrize(
    ("changes", "names"),
    [
        ({"name": " "}, {"name"}),
        ({"name": "x" * 201}, {"name"}),
        ({"name": "two\nlines"}, {"name"}),
        ({"every": 1}, {"every"}),
        ({"every": 31_536_001}, {"every"}),
        ({"on": []}, {"on"}),
        ({"persist": 0, "cooldown": -1, "expires_within": 399}, {"persist", "cooldown", "expires_within"}),
        ({"destinations": to(SinkKind.FILE, *map(str, range(11)))}, {"file"}),
        ({"destinations": to(SinkKind.FILE, "../x")}, {"file"}),
        ({"destinations": to(SinkKind.EMAIL, "nobody")}, {"email"}),
        ({"destinations": to(SinkKind.EMAIL, "team@example.com")}, {"email"}),
    ],
)
def test_what_is_not_valid_is_named(watches: WatchService, changes: dict[str, Any], names: set[str]) -> None:
    with pytest.raises(InvalidRequest) as refused:
        watches.create(settings_of(**changes))

    assert set(refused.value.errors or ()) == names


@pytest.mark.parametrize(
    ("changes", "parameter", "position"),
    [
        ({"query": "status:200 AND header.sever:x y("}, "query", 32),
        ({"query": "nosuch:1"}, "query", 1),
        ({"query": "status:200 body.size:>10"}, "query", 12),
        ({"fields": "status,nosuch"}, "fields", 8),
        ({"fields": "failure"}, "fields", 1),
    ],
)
def test_a_query_that_is_none_is_told_with_its_position(
    watches: WatchService, changes: dict[str, Any], parameter: str, position: int
) -> None:
    with pytest.raises(InvalidQuery) as refused:
        watches.create(settings_of(destinations=to(SinkKind.WEBHOOK, HOOK), **changes))

    assert (set(refused.value.errors or ()), refused.value.position) == ({parameter}, position)


def test_a_watch_that_is_refused_makes_no_webhook(watches: WatchService, services: Services) -> None:
    watches.create(settings_of())
    for wrong in (settings_of(every=1), settings_of(query="(", name="x"), settings_of()):
        with pytest.raises((InvalidRequest, NameTaken)):
            watches.create(replace(wrong, destinations=to(SinkKind.WEBHOOK, HOOK)))

    assert services.webhooks.listing(limit=9, after=None) == []


def hooks(services: Services) -> list[str]:
    return [each.url for each in services.webhooks.listing(limit=99, after=None)]


@pytest.mark.parametrize("bad", ["http://10.0.0.1/", "no URL", "0" * 32])
def test_of_several_webhooks_none_is_made_if_one_cannot_be(watches: WatchService, services: Services, bad: str) -> None:
    made = watches.create(settings_of()).watch
    both = to(SinkKind.WEBHOOK, HOOK, bad)
    for attempt in (
        lambda: watches.create(settings_of(name="new", destinations=both)),
        lambda: watches.change(made.id, lambda settings: replace(settings, destinations=both)),
    ):
        with pytest.raises((InvalidUrl, UnknownWebhook)):
            attempt()

    assert hooks(services) == []
    corrected = watches.create(settings_of(name="new", destinations=to(SinkKind.WEBHOOK, HOOK)))
    assert len(corrected.secrets) == 1


def test_a_change_to_a_name_that_is_taken_makes_no_webhook_and_searches_no_more(
    services: Services, make_services: Build
) -> None:
    searched = []
    store = services.store

    def search(*query: object, **how: object) -> object:
        searched.append(query)
        return store.observations.search(*query, **how)  # type: ignore[arg-type]

    counting = Replacing(store, observations=Replacing(store.observations, search=search))
    watches = make_services(store=counting).watches
    watches.create(settings_of())
    other = watches.create(settings_of(name="other", every=3_600)).watch
    hook = to(SinkKind.WEBHOOK, HOOK)
    before = len(searched)

    with pytest.raises(NameTaken):
        watches.change(other.id, lambda settings: replace(settings, name="w", persist=2, destinations=hook))

    assert hooks(services) == []
    assert len(searched) == before


@pytest.mark.parametrize("refusal", ["full", "taken meanwhile"])
def test_a_webhook_goes_with_the_watch_that_is_refused_after_it_was_made(
    services: Services, make_services: Build, refusal: str
) -> None:
    store = services.store
    other = services.watches.create(settings_of(name="other")).watch

    def add(watch: Watch, *, at_most: int) -> Watch | None:
        assert hooks(services) == [HOOK]
        return None if refusal == "full" else other

    watches = make_services(store=Replacing(store, watches=Replacing(store.watches, add=add))).watches
    with pytest.raises((TooManyWatches, NameTaken)):
        watches.create(settings_of(destinations=to(SinkKind.WEBHOOK, HOOK)))

    assert hooks(services) == []


def test_who_meets_others_again_and_again_is_asked_to_come_back(services: Services, make_services: Build) -> None:
    store = services.store
    made = services.watches.create(settings_of()).watch

    def overtaken(seen: Watch, watch: Watch) -> bool:
        assert store.watches.replace(seen, replace(seen, changed_at=seen.changed_at + timedelta(seconds=1)))
        return store.watches.replace(seen, watch)

    watches = make_services(store=Replacing(store, watches=Replacing(store.watches, replace=overtaken))).watches

    with pytest.raises(TooManyRequests, match="Others are changing"):
        watches.change(made.id, lambda settings: replace(settings, cooldown=7))


def test_a_name_that_is_taken_in_this_moment_is_told(services: Services, make_services: Build) -> None:
    store = services.store
    made = services.watches.create(settings_of()).watch
    refusing = Replacing(store.watches, replace=lambda seen, watch: False)
    watches = make_services(store=Replacing(store, watches=refusing)).watches

    with pytest.raises(NameTaken):
        watches.change(made.id, lambda settings: replace(settings, name="new"))


def test_a_url_makes_a_webhook_whose_secret_is_told_once(watches: WatchService, services: Services) -> None:
    first = watches.create(settings_of(destinations=to(SinkKind.WEBHOOK, HOOK)))
    again = watches.create(settings_of(name="again", destinations=to(SinkKind.WEBHOOK, HOOK, HOOK)))

    [webhook] = services.webhooks.listing(limit=9, after=None)
    assert first.watch.destinations == again.watch.destinations == to(SinkKind.WEBHOOK, webhook.id)
    assert first.secrets == {webhook.id: webhook.secrets[0][0]}
    assert again.secrets == {}
    assert webhook.secrets[0][0] not in repr(first)


@pytest.mark.parametrize(
    ("webhook", "error"),
    [
        ("http://127.0.0.1/hook", ForbiddenAddress),
        ("https://user:word@receiver.example/", InvalidUrl),
        ("no URL", InvalidUrl),
        ("0" * 32, UnknownWebhook),
    ],
)
def test_a_webhook_that_cannot_be_is_refused(watches: WatchService, webhook: str, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        watches.create(settings_of(destinations=to(SinkKind.WEBHOOK, webhook)))

    assert set(getattr(refused.value, "errors", {"webhook": ()})) == {"webhook"}
    assert watches.listing(limit=9, after=None) == []


def test_a_name_is_taken_once(watches: WatchService) -> None:
    watches.create(settings_of())
    other = watches.create(settings_of(name="other")).watch

    with pytest.raises(NameTaken):
        watches.create(settings_of(query="status:404"))
    with pytest.raises(NameTaken):
        watches.change(other.id, lambda settings: replace(settings, name="w"))


def test_no_more_watches_than_some_are_kept(services: Services, make_services: Build) -> None:
    store = services.store
    few = Replacing(store.watches, add=lambda watch, *, at_most: store.watches.add(watch, at_most=at_most - MAX_WATCHES + 2))
    watches = make_services(store=Replacing(store, watches=few)).watches
    for name in ("a", "b"):
        watches.create(settings_of(name=name))

    with pytest.raises(TooManyWatches, match="1,000"):
        watches.create(settings_of(name="c"))


def test_a_query_that_cannot_be_searched_is_no_watch_with_a_schedule(services: Services, make_services: Build) -> None:
    def search(*_: object, **__: object) -> None:
        raise QueryTooBroad

    store = Replacing(services.store, observations=Replacing(services.store.observations, search=search))
    watches = make_services(store=store).watches

    made = watches.create(settings_of()).watch
    for call in (
        lambda: watches.create(settings_of(name="scheduled", every=60)),
        lambda: watches.change(made.id, lambda settings: replace(settings, every=60)),
        lambda: watches.test(made.id, days=1),
    ):
        with pytest.raises(QueryTooBroad) as refused:
            call()
        assert set(refused.value.errors or ()) == {"query"}


def test_a_query_is_tried_only_where_it_is_new(services: Services, make_services: Build) -> None:
    searched = []
    observations = services.store.observations

    def search(*query: object, **how: object) -> object:
        searched.append(query)
        return observations.search(*query, **how)  # type: ignore[arg-type]

    store = Replacing(services.store, observations=Replacing(observations, search=search))
    watches = make_services(store=store).watches

    made = watches.create(settings_of(every=60)).watch
    assert len(searched) == 1
    watches.change(made.id, lambda settings: replace(settings, every=70, name="new"))
    assert len(searched) == 1
    watches.change(made.id, lambda settings: replace(settings, query="status:404"))
    assert len(searched) == 2


@pytest.mark.parametrize(
    ("changes", "version"),
    [
        ({"name": "new"}, 1),
        ({"cooldown": 7}, 1),
        ({"on": (On.FAILS,)}, 1),
        ({}, 1),
        ({"query": "status:404"}, 2),
        ({"every": 60}, 2),
        ({"every": None}, 2),
    ],
)
def test_targets_are_enrolled_again_only_where_their_schedules_may_differ(
    watches: WatchService, changes: dict[str, Any], version: int
) -> None:
    made = watches.create(settings_of(every=3_600)).watch

    changed = watches.change(made.id, lambda settings: replace(settings, **changes)).watch

    assert changed.version == version
    assert watches.find(made.id) == changed


def test_a_change_that_is_refused_changes_nothing(watches: WatchService) -> None:
    made = watches.create(settings_of()).watch

    with pytest.raises(InvalidQuery):
        watches.change(made.id, lambda settings: replace(settings, query="("))

    assert watches.find(made.id) == made


def test_a_webhook_that_was_deleted_keeps_nobody_from_changing_its_watch(watches: WatchService, services: Services) -> None:
    made = watches.create(settings_of(destinations=to(SinkKind.WEBHOOK, HOOK))).watch
    services.webhooks.delete(made.destinations[0].address)

    changed = watches.change(made.id, lambda settings: replace(settings, cooldown=1)).watch

    assert changed.destinations == made.destinations


def test_two_who_change_different_members_at_once_both_do(watches: WatchService, services: Services) -> None:
    made = watches.create(settings_of()).watch
    meanwhile = [lambda: watches.change(made.id, lambda settings: replace(settings, persist=3))]

    def change(settings: WatchSettings) -> WatchSettings:
        while meanwhile:
            meanwhile.pop()()
        return replace(settings, cooldown=9)

    watches.change(made.id, change)

    kept = watches.find(made.id)
    assert (kept.persist, kept.cooldown) == (3, 9)


def test_pausing_and_resuming_each_happen_once(watches: WatchService) -> None:
    made = watches.create(settings_of()).watch

    assert watches.pause(made.id) == watches.pause(made.id) == watches.find(made.id)
    assert (watches.find(made.id).paused, watches.find(made.id).version) == (True, 2)
    assert watches.find(made.id).resumed_at is None
    assert watches.resume(made.id) == watches.resume(made.id) == watches.find(made.id)
    assert (watches.find(made.id).paused, watches.find(made.id).version) == (False, 3)
    assert watches.find(made.id).resumed_at == watches.find(made.id).changed_at
    watches.change(made.id, lambda settings: replace(settings, cooldown=9))
    assert watches.find(made.id).resumed_at is not None


def test_what_is_gone_is_unknown(watches: WatchService) -> None:
    made = watches.create(settings_of()).watch
    with pytest.raises(NotFound, match="no message 1"):
        watches.message(made.id, 1)
    watches.delete(made.id)
    calls: list[Callable[[str], object]] = [
        watches.find,
        watches.delete,
        watches.pause,
        watches.resume,
        lambda watch_id: watches.change(watch_id, lambda settings: settings),
        lambda watch_id: watches.test(watch_id, days=1),
        lambda watch_id: watches.messages(watch_id, limit=1, after=None),
        lambda watch_id: watches.message(watch_id, 1),
    ]

    for call in calls:
        with pytest.raises(UnknownWatch):
            call(made.id)
    with pytest.raises(UnknownWatch):
        watches.named("w")

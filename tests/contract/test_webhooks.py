"""Webhooks: one of each URL, replaced only as they were seen."""

from __future__ import annotations

from dataclasses import replace

from inventory.store import Store
from inventory.webhooks.model import DeliveryState, Webhook
from tests.contract.actions import NOW, after
from tests.contract.watch_actions import owe, webhook

FULL = {
    "secrets": (("whsec_new", None), ("whsec_old", after(86_400))),
    "disabled_because": "It answered 410 \ud800.",
    "not_before": after(5),
    "failing_since": NOW,
}


def add(store: Store, url: str = "https://hooks.example/a", **fields: object) -> Webhook:
    wanted = replace(webhook(url), **fields)
    assert store.webhooks.add(wanted, at_most=9) == wanted
    return wanted


def test_a_webhook_comes_back_as_it_was_added(store: Store) -> None:
    wanted = add(store, "https://hooks.example/" + "x" * 3_000 + "\ud800", **FULL)

    assert store.webhooks.find(wanted.id) == wanted
    assert store.webhooks.find("nobody") is None


def test_a_second_webhook_with_the_same_url_is_not_added_and_there_are_at_most_so_many(store: Store) -> None:
    first = add(store)

    assert store.webhooks.add(webhook(first.url), at_most=1) == first
    assert store.webhooks.add(webhook("https://hooks.example/b"), at_most=1) is None
    assert store.webhooks.listing(limit=9, after=None) == [first]


def test_webhooks_are_listed_newest_first(store: Store) -> None:
    one, two, three = (add(store, f"https://hooks.example/{n}", created_at=after(n)) for n in range(3))

    assert store.webhooks.listing(limit=2, after=None) == [three, two]
    assert store.webhooks.listing(limit=2, after=(two.created_at, two.id)) == [one]


def test_a_webhook_is_replaced_only_as_it_was_seen(store: Store) -> None:
    seen = add(store)
    changed = replace(seen, url="https://hooks.example/other", disabled_because="Later.", secrets=FULL["secrets"])

    assert store.webhooks.replace(seen, changed)
    assert not store.webhooks.replace(seen, replace(seen, url="https://hooks.example/late"))

    assert store.webhooks.find(seen.id) == replace(changed, version=2)


def test_a_webhook_does_not_get_the_url_of_another(store: Store) -> None:
    one, two = add(store, "https://a.example"), add(store, "https://b.example")

    assert not store.webhooks.replace(two, replace(two, url=one.url))
    assert store.webhooks.find(two.id) == two


def test_what_deliveries_tell_of_a_receiver_is_noted(store: Store) -> None:
    seen = add(store)
    failed(store, seen, hold=60)
    assert kept(store, seen) == replace(seen, not_before=after(60), failing_since=NOW)

    assert store.webhooks.replace(seen, replace(seen, secrets=(("whsec_x", None),)))
    for because in ("It answered 410.", "Later."):
        failed(store, seen, at=2, disabled=because)
    store.webhooks.note("unknown", failed_at=NOW, hold_until=NOW, disabled="Nobody.", now=NOW)

    noted = kept(store, seen)
    assert (noted.disabled_because, noted.not_before, noted.failing_since) == ("It answered 410.", after(60), NOW)
    assert noted.version == 3
    assert not store.webhooks.replace(replace(seen, version=2), seen)  # it was disabled since
    assert store.webhooks.replace(noted, replace(noted, disabled_because=None))


def failed(store: Store, seen: Webhook, *, at: float = 0, hold: float | None = None, disabled: str | None = None) -> None:
    until = None if hold is None else after(hold)
    store.webhooks.note(seen.id, failed_at=after(at), hold_until=until, disabled=disabled, now=after(at))


def succeeded(store: Store, seen: Webhook) -> None:
    store.webhooks.note(seen.id, failed_at=None, hold_until=None, disabled=None, now=after(9))


def kept(store: Store, seen: Webhook) -> Webhook:
    found = store.webhooks.find(seen.id)
    assert found is not None
    return found


def test_neither_another_failure_nor_a_success_ends_a_pause_that_was_asked_for(store: Store) -> None:
    seen = add(store)
    failed(store, seen, hold=3_600)
    failed(store, seen, at=1, hold=5)
    assert (kept(store, seen).not_before, kept(store, seen).failing_since) == (after(3_600), NOW)

    succeeded(store, seen)
    assert (kept(store, seen).not_before, kept(store, seen).failing_since) == (after(3_600), None)

    failed(store, seen, at=2, hold=7_200)
    assert (kept(store, seen).not_before, kept(store, seen).failing_since) == (after(7_200), after(2))


def test_a_change_by_people_leaves_what_deliveries_told_unless_it_takes_it_back(store: Store) -> None:
    seen = add(store)
    failed(store, seen, hold=60)
    assert store.webhooks.replace(seen, replace(seen, secrets=(("whsec_x", None),)))
    noted = kept(store, seen)
    assert (noted.not_before, noted.failing_since) == (after(60), NOW)

    failed(store, seen, hold=90)
    assert store.webhooks.replace(noted, replace(noted, not_before=None))
    assert (kept(store, seen).not_before, kept(store, seen).failing_since) == (None, NOW)

    noted = kept(store, seen)
    assert store.webhooks.replace(noted, replace(noted, failing_since=None))
    assert kept(store, seen).failing_since is None


def test_a_deleted_webhook_cancels_what_it_is_owed(store: Store) -> None:
    doomed = add(store)
    owe(store, 2, address=doomed.id)
    owe(store, address="other")

    assert store.webhooks.delete(doomed.id, now=after(1))

    assert not store.webhooks.delete(doomed.id, now=after(2))
    assert store.webhooks.find(doomed.id) is None
    assert store.deliveries.tally() == {DeliveryState.CANCELLED: 2, DeliveryState.PENDING: 1}
    assert add(store, doomed.url).id != doomed.id

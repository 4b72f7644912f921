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
    changed = replace(seen, url="https://hooks.example/other", **FULL)

    assert store.webhooks.replace(seen, changed)
    assert not store.webhooks.replace(seen, replace(seen, url="https://hooks.example/late"))

    assert store.webhooks.find(seen.id) == replace(changed, version=2)


def test_a_webhook_does_not_get_the_url_of_another(store: Store) -> None:
    one, two = add(store, "https://a.example"), add(store, "https://b.example")

    assert not store.webhooks.replace(two, replace(two, url=one.url))
    assert store.webhooks.find(two.id) == two


def test_what_deliveries_tell_of_a_receiver_is_noted(store: Store) -> None:
    seen = add(store)
    store.webhooks.note(seen.id, not_before=after(60), failing_since=NOW, disabled=None)
    assert store.webhooks.find(seen.id) == replace(seen, not_before=after(60), failing_since=NOW)

    assert store.webhooks.replace(seen, replace(seen, secrets=(("whsec_x", None),)))
    store.webhooks.note(seen.id, not_before=None, failing_since=None, disabled="It answered 410.")
    store.webhooks.note(seen.id, not_before=None, failing_since=None, disabled="Later.")
    store.webhooks.note("unknown", not_before=None, failing_since=None, disabled="Nobody.")

    kept = store.webhooks.find(seen.id)
    assert kept is not None
    assert (kept.disabled_because, kept.not_before, kept.failing_since) == ("It answered 410.", None, None)
    assert not store.webhooks.replace(replace(seen, version=2), seen)  # it was disabled since
    assert store.webhooks.replace(kept, replace(kept, disabled_because=None))


def test_a_deleted_webhook_cancels_what_it_is_owed(store: Store) -> None:
    doomed = add(store)
    owe(store, 2, address=doomed.id)
    owe(store, address="other")

    assert store.webhooks.delete(doomed.id, now=after(1))

    assert not store.webhooks.delete(doomed.id, now=after(2))
    assert store.webhooks.find(doomed.id) is None
    assert store.deliveries.tally() == {DeliveryState.CANCELLED: 2, DeliveryState.PENDING: 1}
    assert add(store, doomed.url).id != doomed.id

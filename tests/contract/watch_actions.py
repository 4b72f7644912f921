"""What the tests do with watches, by name."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from inventory.records.model import Statement, Statements, Target
from inventory.store import Store
from inventory.watches.model import (
    GATHER,
    ComposingClaim,
    Destination,
    Finding,
    Group,
    Looked,
    Message,
    On,
    Schedule,
    SinkKind,
    Unseen,
    Watch,
)
from inventory.webhooks.model import Attempt, Delivery, DeliveryState, Webhook
from tests.contract.actions import LEASE, NOW, accept_target, after, claim, failed, stored

MANY = 1_000


def watch(name: str = "hsts", *, now: datetime = NOW, **fields: Any) -> Watch:
    """A watch to be added, unlike any other."""
    fields = {"query": "status:200", "every": 3600, "on": (On.CHANGES,)} | fields
    return Watch(id=secrets.token_hex(16), name=name, created_at=now, changed_at=now, **fields)


def add(store: Store, name: str = "hsts", **fields: Any) -> Watch:
    """A watch that is kept."""
    wanted = watch(name, **fields)
    assert store.watches.add(wanted, at_most=MANY) == wanted
    return wanted


def found(store: Store, wanted: Watch) -> Watch:
    """The watch as it is kept now."""
    kept = store.watches.find(wanted.id)
    assert kept is not None
    return kept


def settle(store: Store, wanted: Target, seconds: float, shown: Iterable[tuple[str, str]] = (("status", "200"),)) -> None:
    """Collect a target that shows this, so many seconds after the beginning."""
    now = after(seconds)
    owned = claim(store, accept_target(store, wanted, now=now), now=now)
    outcome = replace(stored(owned, body=None, at=now), statements=Statements([Statement(*each) for each in shown]))
    assert store.records.settle([outcome]) == [True]


def fail(store: Store, wanted: Target, seconds: float) -> None:
    """Fail to collect a target."""
    now = after(seconds)
    owned = claim(store, accept_target(store, wanted, now=now), now=now)
    outcome = replace(failed(owned, at=now), statements=Statements([Statement("failure", "dns_failure")]))
    assert store.records.settle([outcome]) == [True]


def unseen(store: Store) -> Sequence[Unseen]:
    return store.outcomes.unseen(limit=99)


def one_unseen(store: Store) -> Unseen:
    """The only target that is unseen."""
    (only,) = unseen(store)
    return only


def finding(watch: Watch, n: int = 0, *, record_id: str = "a" * 32, **fields: Any) -> Finding:
    """What a watch found so many seconds after the beginning."""
    fields = {"on": On.CHANGES, "field": "status", "old": ("200",), "new": (str(n),), "before": NOW, "at": after(n)} | fields
    return Finding(watch_id=watch.id, record_id=record_id, **fields)


def find(store: Store, findings: Sequence[Finding], *, now: datetime = NOW, n: int = 9_000) -> None:
    """Let watches find this in a collection of a target of its own."""
    wanted = Target("webpage", f"https://found.example/{secrets.token_hex(8)}", "found.example")
    settle(store, wanted, n)
    (seen,) = [each for each in store.outcomes.unseen(limit=999) if each.record.id == wanted.id]
    assert store.outcomes.seen([Looked(unseen=seen, findings=findings)], now=now) == [True]


def compose(store: Store, *, now: datetime) -> ComposingClaim:
    """The claim of a watch whose message is due."""
    claimed = store.messages.claim(now=now, lease_for=LEASE)
    assert claimed is not None
    return claimed


def message(claimed: ComposingClaim, findings: Sequence[Finding], *, now: datetime) -> Message:
    """The message that tells these."""
    samples = tuple(findings[:2])
    group = Group(
        on=On.CHANGES, field="status", old=("200",), new=("404",), count=len(findings), targets=1, since=NOW,
        first_at=now, last_at=now, samples=samples,
    )  # fmt: skip
    return Message(
        id=secrets.token_hex(16),
        watch_id=claimed.watch.id,
        number=claimed.watch.messages + 1,
        created_at=now,
        findings=len(findings),
        targets=len({each.record_id for each in findings}),
        groups=(group,),
        more_groups=7,
        payload=b'{"type":"watch.message"}',
    )


def delivery(told: Message, *, now: datetime = NOW, kind: str = "webhook", address: str = "b" * 32) -> Delivery:
    """A delivery of a message that is due now."""
    return Delivery(
        id=secrets.token_hex(16), message_id=told.id, watch_id=told.watch_id, kind=kind, address=address, created_at=now,
        due_at=now,
    )  # fmt: skip


def tell(store: Store, *, now: datetime) -> tuple[Message, Delivery, Sequence[Finding]]:
    """Make the message that is due now."""
    claimed = compose(store, now=now)
    owed = store.messages.owed(claimed, limit=99)
    told = message(claimed, owed, now=now)
    owing = delivery(told, now=now)
    assert store.messages.commit(claimed, told, [owing], now=now)
    return told, owing, owed


def owe(store: Store, count: int = 1, **fields: Any) -> list[Delivery]:
    """So many deliveries that are due."""
    owing = []
    for n in range(count):
        told = Message(id=secrets.token_hex(16), watch_id="", number=n, created_at=NOW, findings=0, targets=0, payload=b"{}")
        owing.append(delivery(told, **fields))
        keep_message(store, told, owing[-1:])
    return owing


def keep_message(store: Store, told: Message, owing: Sequence[Delivery]) -> None:
    """Keep a message, whatever it says, with its deliveries."""
    maker = add(store, secrets.token_hex(8))
    find(store, [finding(maker)])
    claimed = compose(store, now=NOW + GATHER)
    assert store.messages.owed(claimed, limit=9)
    assert store.messages.commit(claimed, told, owing, now=NOW + GATHER)
    assert store.watches.delete(maker.id)


def attempt(n: int = 0, *, status: int | None = 503) -> Attempt:
    return Attempt(at=after(n), status=status, detail="It was away.", elapsed_ms=12.5)


def webhook(url: str = "https://hooks.example/a", **fields: Any) -> Webhook:
    """A webhook to be added, unlike any other."""
    secret = f"whsec_{secrets.token_hex(8)}"
    return Webhook(id=secrets.token_hex(16), url=url, created_at=NOW, secrets=((secret, None),), **fields)


def schedules(watch: Watch, *seconds: float) -> list[Schedule]:
    """Schedules of numbered records, each due so many seconds after the beginning."""
    return [Schedule(watch.id, f"{n:032x}", after(each), watch.version) for n, each in enumerate(seconds)]


def destination(address: str = "ops@example.com", kind: SinkKind = SinkKind.EMAIL) -> Destination:
    return Destination(kind, address)


def running(claimed: Delivery, *, lease: str | None = None) -> Delivery:
    """A claim as it should be returned, but for its lease."""
    return replace(claimed, lease=lease)


def delivered(store: Store, claimed: Delivery) -> bool:
    return store.deliveries.settle(claimed, attempt(1, status=204), DeliveryState.DELIVERED, due_at=None)


SECOND = timedelta(seconds=1)

"""What the tests do for owners, by name."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from inventory.jobs.model import SPLITTING, Batch
from inventory.records.model import Record, Target
from inventory.store import Store
from tests.contract.actions import LEASE, NOW
from tests.contract.job_actions import job, new_batches

BUSY, OTHER, NOBODY = "b" * 32, "0" * 32, ""
"""Three owners; in the order of their names the last one is first."""


def owned(owner: str, n: int) -> Target:
    """A target that only this owner asks for."""
    name = owner or "nobody"
    return Target("webpage", f"https://{name}.example/{n}", f"{name}.example")


def look_up(store: Store, owner: str, count: int, *, first: int = 0, now: datetime = NOW) -> None:
    """Accept what so many lookups of an owner ask for."""
    wanted = [(owned(owner, n), None) for n in range(first, first + count)]
    store.records.accept_each(wanted, now=now, owners=[owner] * count)


def import_(store: Store, owner: str, count: int, *, first: int = 0, now: datetime = NOW) -> None:
    """Accept what a job of an owner asks for."""
    for start in range(first, first + count, 1_000):
        wanted = [(owned(owner, n), None) for n in range(start, min(start + 1_000, first + count))]
        store.records.accept_all(wanted, now=now, owners=[owner] * len(wanted))


def claimed(store: Store, limit: int, *, now: datetime = NOW, bulk: bool = True) -> Sequence[Record]:
    return store.records.claim_due(now=now, lease_for=LEASE, limit=limit, bulk=bulk)


def shares(claims: Iterable[Record]) -> dict[str, int]:
    """How many each owner has of them."""
    return dict(Counter(each.owner for each in claims))


def ready_for(store: Store, owner: str, count: int, *, now: datetime = NOW) -> str:
    """A job of an owner that was split into so many batches; its id. Others stay as they are."""
    made = store.jobs.create(job(now=now, owner=owner))
    others = list[Batch]()
    while True:
        claimed = store.jobs.claim(now=now, lease_for=LEASE)
        assert claimed is not None
        claim = claimed[1]
        if (claim.job_id, claim.number) == (made.id, SPLITTING):
            break
        others.append(claim)
    assert store.jobs.add_batches(claim, new_batches(count), checkpoint=None, until=now + LEASE)
    assert store.jobs.finish(claim, total=3 * count)
    assert all(store.jobs.release(each, due_at=now) for each in others)
    return made.id

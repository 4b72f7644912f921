"""Jobs of a kind, what their batches have noted, and how many rows there were when nobody could tell before."""

from __future__ import annotations

from dataclasses import replace

from inventory.jobs.model import Counts, NewBatch
from inventory.store import Store
from tests.contract.actions import LEASE, NOW, after
from tests.contract.job_actions import REJECTED, UNTIL, advance, claim, create, found, job, ready, row


def test_the_jobs_of_a_kind_are_listed_newest_first(store: Store) -> None:
    made = [create(store, now=after(n)) for n in range(3)]
    other = store.jobs.create(replace(job(now=after(1)), kind="products", file_name=None, file_size=None, sha256=None))

    assert [each.id for each in store.jobs.of_kind("urls", limit=2)] == [made[2].id, made[1].id]
    assert store.jobs.of_kind("products", limit=9) == [other]
    assert store.jobs.of_kind("cities", limit=9) == []


def test_what_batches_have_noted_can_be_read_also_when_they_are_done(store: Store) -> None:
    made = ready(store, 3)
    first, second = claim(store), claim(store)
    owned = advance(store, first, checkpoint="page 2")
    assert owned is not None
    assert store.jobs.checkpoints(made.id) == {1: "page 2"}
    advance(store, second, checkpoint="page 7 \ud800")
    assert store.jobs.finish(owned)

    assert store.jobs.checkpoints(made.id) == {1: "page 2", 2: "page 7 \ud800"}
    assert store.jobs.checkpoints("0" * 32) == {}


def test_rows_that_could_not_be_counted_before_are_those_that_were_worked_on(store: Store) -> None:
    made = create(store)
    reading = claim(store)
    new = NewBatch(1, 1_000_000, 1_999_999, 1, 0, has_reserved_rows=True)
    reading_held = store.jobs.add_batches(reading, [new], checkpoint=None, until=NOW + LEASE)
    assert reading_held is not None
    assert store.jobs.finish(reading_held, total=None)
    owned = claim(store)
    assert (owned.first_row, owned.last_row) == (1_000_000, 1_999_999)
    held_on = store.jobs.advance(owned, [row(1_000_003, REJECTED)], implicit_successes=40, checkpoint="x", until=UNTIL)
    assert held_on is not None
    assert found(store, made).total is None
    assert store.jobs.finish(held_on)
    assert found(store, made).total is None

    assert store.jobs.complete(now=after(2), limit=9) == [made.id]

    ended = found(store, made)
    assert (ended.total, ended.counts) == (41, Counts(40, 0, 1, 0))


def test_jobs_without_a_file_are_alike_if_their_options_are(store: Store) -> None:
    nothing = {"file_name": None, "file_size": None, "sha256": None}
    first = create(store, **nothing, options={"feeds": ["a", "b"]})

    assert store.jobs.create(job(now=after(1), **nothing, options={"feeds": ["a", "b"]})).id == first.id
    assert store.jobs.create(job(now=after(1), **nothing, options={"feeds": ["a"]})).id != first.id

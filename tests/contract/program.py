"""A program of its own that uses a store: `python -m tests.contract.program URL ACTION …`.

It says `ready`, waits for a line, acts, and prints one line for each thing that the store acknowledged.
"""

from __future__ import annotations

import os
import resource
import sys
from collections.abc import Callable, Iterator

from inventory.errors import NoRoomToOpen, StorageFull, StorageUnavailable
from inventory.jobs.model import SPLITTING, RowOutcome
from inventory.store import Store
from inventory.store.sqlite import SqliteStore
from tests.contract.actions import LEASE, NOW, collect, target
from tests.contract.actions import accept as accept_one
from tests.contract.job_actions import UNTIL, advance, job, new_batches, row


def prepare(store: Store) -> Iterator[str]:
    store.prepare()
    yield "prepared"


def accept(store: Store, first: str, count: str) -> Iterator[str]:
    """Accept so many targets, although others may as well; those that this very call accepted."""
    for n in range(int(first), int(first) + int(count)):
        if store.records.accept(target(n), now=NOW, seen=None).accepted:
            yield str(n)


def claim(store: Store) -> Iterator[str]:
    """Claim until nothing is due."""
    while claimed := store.records.claim_due(now=NOW, lease_for=LEASE, limit=7):
        for record in claimed:
            yield f"{record.id} {record.lease}"


def write(store: Store) -> Iterator[str]:
    """Store one page after another, until killed."""
    n = 0
    while True:
        outcome = collect(store, target(n), body=b"page %d " % n * 2000)
        yield f"{n} {outcome.snapshot.id}"
        n += 1


def fill(store: Store) -> Iterator[str]:
    """Store pages until there is no room, then again when there is: `full`, `room`, and how many pages are there."""
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    pages = write(store)
    for _ in range(3):
        next(pages)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, most))
    n = 3
    try:
        while True:
            collect(store, target(n), body=b"page %d " % n * 2000)
            n += 1
    except StorageUnavailable:
        yield "full"
    assert store.records.look_up(target(0).id)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    yield f"room {n} {collect(store, target(1000)).claim.attempt}"


def without_room(store: Store) -> Iterator[str]:
    """Write, and try to, with no room for a byte more; what is known is read on; and write again when there is room."""
    collect(store, target(0))
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, most))
    for write_ in (lambda: store.records.delete(target(0).id), lambda: store.try_writing(1)):
        try:
            write_()
        except StorageFull:
            yield "refused"
    assert store.records.look_up(target(0).id)
    yield "known"
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    store.try_writing(1)
    assert store.records.delete(target(0).id)
    yield "room"


def opened_without_room(store: Store) -> Iterator[str]:
    """Open a store that nobody has open where no byte can be written, and read on when there is room."""
    collect(store, target(0))
    store.close()
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1, most))
    for ask in (lambda: store.records.look_up(target(0).id), lambda: store.ping(1), lambda: accept_one(store, 1)):
        try:
            ask()
        except NoRoomToOpen:
            yield "refused"
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert store.records.look_up(target(0).id)
    yield "room"


def owned(store: Store) -> Iterator[str]:
    """Accept a target and keep the store open until a line comes."""
    accept_one(store, 2)
    yield "accepted"
    sys.stdin.readline()


def fork(store: Store, used: str) -> Iterator[str]:
    """Accept a target in a child and one in its parent, with a store that was `used` before or not."""
    if used == "used":
        collect(store, target(9))
    child = os.fork()
    accept_one(store, 1 if child else 2)
    if child == 0:
        os._exit(0)
    _, status = os.waitpid(child, 0)
    accept_one(store, 0)
    yield f"parent {status}"


def create_jobs(store: Store, count: str) -> Iterator[str]:
    """Create so many jobs that others create too; the ids that came back."""
    for n in range(int(count)):
        yield store.jobs.create(job(sha256=f"{n:064d}", idempotency_key=f"key {n}" if n % 2 else None)).id


def claim_batches(store: Store) -> Iterator[str]:
    """Claim until there is nothing to claim."""
    while claimed := store.jobs.claim(now=NOW, lease_for=LEASE):
        _, batch = claimed
        yield f"{batch.job_id} {batch.number}"


def work(store: Store, last: str) -> Iterator[str]:
    """Read what is to be read, then write one outcome after the other, up to the row `last`; then wait to be killed."""
    while claimed := store.jobs.claim(now=NOW, lease_for=LEASE):
        _, batch = claimed
        if batch.number == SPLITTING:
            store.jobs.add_batches(batch, new_batches(4, rows=10), checkpoint=None, until=UNTIL)
            store.jobs.finish(batch, total=40)
        for number in range(batch.first_row, batch.last_row + 1) if batch.number != SPLITTING else ():
            advance(store, batch, [row(number, list(RowOutcome)[number % 3])])
            yield str(number)
            if number == int(last):
                sys.stdin.readline()
        store.jobs.finish(batch)
    store.jobs.complete(now=NOW, limit=9)


ACTIONS: dict[str, Callable[..., Iterator[str]]] = {
    action.__name__: action
    for action in (
        prepare,
        accept,
        claim,
        write,
        fill,
        without_room,
        opened_without_room,
        owned,
        fork,
        create_jobs,
        claim_batches,
        work,
    )
}


def open_store(url: str) -> Store:
    if url.startswith("sqlite:"):
        return SqliteStore(url.removeprefix("sqlite://"))
    from inventory.store.mongo import MongoStore  # here: pymongo starts slowly
    from inventory.store.mongo.connection import IN_BACKGROUND

    return MongoStore(url, patience=IN_BACKGROUND)


def main(url: str, action: str, *arguments: str) -> None:
    store = open_store(url)
    _say("ready")
    sys.stdin.readline()
    for line in ACTIONS[action](store, *arguments):
        _say(line)
    store.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])

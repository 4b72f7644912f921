"""Listing the records that are within limits to hosts and tags."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from heapq import nlargest
from itertools import chain

from inventory.limits import BELOW, Limits
from inventory.listing import Key
from inventory.records.model import Record, RecordFilter

Listing = Callable[..., Sequence[Record]]
"""Lists up to `limit` records of a filter, those after a position; `Records.listing` does."""


def finder(listing: Listing, chosen: RecordFilter, limits: Limits) -> Callable[..., Sequence[Record]]:
    """Lists the records of a filter, with as few that are beyond limits as an index allows; those are to be left out."""
    if chosen.host is not None:
        return partial(listing, chosen) if limits.tags or limits.admit_host(chosen.host) else _nothing
    if limits.tags or any(each.startswith(BELOW) for each in limits.hosts):
        return partial(listing, chosen)
    return partial(_of_hosts, listing, [replace(chosen, host=each) for each in sorted(limits.hosts)])


def _of_hosts(listing: Listing, of_hosts: Sequence[RecordFilter], *, limit: int, after: Key | None) -> Sequence[Record]:
    found = (listing(each, limit=limit, after=after) for each in of_hosts)
    return nlargest(limit, chain.from_iterable(found), key=lambda record: (record.accepted_at, record.id))


def _nothing(*, limit: int, after: Key | None) -> Sequence[Record]:  # noqa: ARG001 - as the others
    return ()

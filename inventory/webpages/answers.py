"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from operator import attrgetter
from typing import Any

from werkzeug.datastructures import ETags

from inventory.errors import CollectionFailed, NotFound, NotInInventory, QuotaExceeded
from inventory.history.model import LookupOutcome
from inventory.labels import read_labels
from inventory.listing import keyset_page
from inventory.records.lookup import LookupResult
from inventory.records.model import Target
from inventory.services import services
from inventory.web_api.same_origin import Reason, not_collected
from inventory.webpages import documents
from inventory.webpages.documents import Document
from inventory.webpages.lookup import LookupResponse, look_up
from inventory.webpages.model import SOURCE

BEYOND_LIMITS = "Nothing was collected: the key may not collect it. Its scope `collect` is limited to other hosts or tags."
NO_ETAGS = ETags()


def lookup(
    query: dict[str, Any], *, why: Reason | None, mounted_at: str, if_none_match: ETags = NO_ETAGS, wait: int = 0
) -> LookupResponse:
    """What is known of the URL of a `LookupQuery`. A miss is accepted for collection, and may be held for `wait` seconds.

    `why` nothing may be collected for this request, if there is a reason: then it is answered as with `collect=false`, and
    at once; so is a caller who may not collect it. Lookups that may have an effect are kept in the history.
    """
    of = target("read", query["url"])
    answer = partial(
        look_up,
        services().records,
        of,
        if_none_match=if_none_match,
        mounted_at=mounted_at,
        max_age=query.get("max_age"),
        collect=query["collect"],
        fields=chosen_fields(query),
        wait=wait,
    )
    if isinstance(why, QuotaExceeded) and not query["collect"]:  # nothing was to be collected
        why = None
    if (why is None or isinstance(why, QuotaExceeded)) and not services().limits.admit("collect", of):
        why = BEYOND_LIMITS  # to wait does not help
    return _noted(of, answer) if why is None else _without_effect(of, answer, why)


def collect_soon(url: str) -> LookupResult:
    """Accept a collection of a URL, whatever is known of it; the result is the promise of it."""
    return services().acceptances.collect_soon(collectable(url))


def collectable(url: str) -> Target:
    """The target of a URL that is to be collected, within the caller's limits."""
    found = services().records.collectable(SOURCE, url)
    services().limits.require("collect", found)
    return found


def tag(body: dict[str, Any]) -> Document:
    """Give the URL of a `TagsBody` its labels, in place of those it has."""
    tags = read_labels("tags", body["tags"])
    of = target("import", body["url"])
    services().search.tag(of, tags)
    return {"id": of.id, "url": of.key, "tags": list(tags)}


def delete(url: str) -> None:
    """Forget a URL: its record, snapshots and unshared bodies."""
    services().records.delete(target("delete", url))


def record(query: dict[str, Any]) -> Document:
    """What is stored of the URL of a `LookupQuery`: its record, or the promise of it. Nothing is collected or noted.

    Raises `NotInInventory` if nothing is known of it, and `CollectionFailed` if that is all there is.
    """
    records = services().records
    found = records.look_up(target("read", query["url"]), max_age=query.get("max_age"), collect=False)
    if not found.ready:
        return documents.pending_document(found.record, records.clock())
    return documents.record_document(found.found, stale=found.stale, fields=chosen_fields(query))


def snapshots(query: dict[str, Any]) -> Document:
    """One page of the snapshots that a `SnapshotsQuery` means, without page source."""
    of = target("read", query["url"])
    find, document = partial(services().snapshots.listing, of), partial(documents.snapshot_document, of)
    return keyset_page("snapshots", query, find, document, attrgetter("collected_at", "id"))


def snapshot(snapshot_id: str) -> Document:
    """One snapshot, whole; `NotFound` also if it is beyond the caller's limits."""
    of, found, body = services().snapshots.find_with_body(snapshot_id)
    if of.source != SOURCE or not services().limits.admit("read", of):
        raise NotFound(f"There is no snapshot {snapshot_id} of a webpage.")
    return documents.whole_snapshot(of, found, body)


def target(verb: str, url: str) -> Target:
    """The target of a URL, within the caller's limits."""
    return services().records.target(SOURCE, url, partial(services().limits.require, verb))


def chosen_fields(query: dict[str, Any]) -> frozenset[str] | None:
    """The members that a `LookupQuery` chooses; None for all."""
    return frozenset(query["fields_"]) if "fields_" in query else None


def _noted(of: Target, answer: Callable[[], tuple[LookupResponse, LookupOutcome]]) -> LookupResponse:
    """The answer of a lookup, which the history keeps, also if it is a problem."""
    try:
        response, outcome = answer()
    except CollectionFailed:
        services().history.note(of, LookupOutcome.FAILED)
        raise
    except NotInInventory:
        services().history.note(of, LookupOutcome.MISS)
        raise
    services().history.note(of, outcome)
    return response


def _without_effect(of: Target, answer: Callable[..., tuple[LookupResponse, LookupOutcome]], why: Reason) -> LookupResponse:
    """The answer without an effect: what is stored. Nothing is collected, waited for or kept in the history."""
    try:
        response, _ = answer(collect=False, wait=0)
    except NotInInventory as error:
        raise not_collected(f"Nothing is known of {of.key}.", why) from error
    return response

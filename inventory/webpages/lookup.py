"""What a webpage's lookup is answered with: status, headers and body, for Flask's view and for the shortcut before it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import quote_plus

from werkzeug.datastructures import ETags

from inventory import json_bytes
from inventory.history.model import LookupOutcome
from inventory.records.lookup import LookupResult
from inventory.records.model import Record, Target
from inventory.records.service import RecordService
from inventory.webpages import documents
from inventory.webpages.model import SOURCE

PATH = "/api/v1/metadata"
JSON = "application/json"
SAFE = "!$'()*,/:;?@"
"""What Flask leaves as it is in a query."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResponse:
    """What is answered; the headers are without Content-Length. `begun` is that of the `LookupResult`."""

    status: int
    headers: dict[str, str]
    body: bytes = b""
    begun: bool = False


def look_up(
    records: RecordService,
    target: Target,
    *,
    if_none_match: ETags,
    mounted_at: str,
    max_age: timedelta | None = None,
    collect: bool = True,
    fields: frozenset[str] | None = None,
    wait: int = 0,
) -> tuple[LookupResponse, LookupOutcome]:
    """Look a webpage up: what to answer, and what the history says of it. Raises what `RecordService.look_up` raises.

    `mounted_at` is the path that precedes the application's own paths; `wait` is how many seconds a miss may be held.
    """
    begun = False
    if if_none_match:  # a 304 needs the record alone
        result = records.look_up(target, max_age=max_age, collect=collect, contents=False)
        if response := not_modified(result, records.clock(), if_none_match, fields):
            return response, _outcome(result)
        begun = result.begun
    result = records.look_up(target, max_age=max_age, collect=collect)
    if begun:  # and is no longer for the second look
        result = replace(result, begun=True)
    if result.ready:
        return hit(result, records.clock(), fields), _outcome(result)
    if wait:
        result = records.wait(result, wait)
    if result.ready:
        return hit(result, records.clock(), fields), LookupOutcome.MISS
    applied = f"wait={wait}" if wait else None
    return pending(result, records.clock(), mounted_at, applied=applied), LookupOutcome.MISS


def known(records: RecordService, url: str, *, now: datetime, if_none_match: ETags) -> LookupResponse | None:
    """What `look_up` would answer, if it is a hit of a URL in the spelling of its record and accepts nothing; else None."""
    if if_none_match:
        result = records.known(SOURCE, url, now=now, contents=False)
        if result is None:
            return None
        if response := not_modified(result, now, if_none_match):
            return response
    result = records.known(SOURCE, url, now=now)
    return None if result is None else hit(result, now)


def hit(result: LookupResult, now: datetime, fields: frozenset[str] | None = None) -> LookupResponse:
    """200: the record with its latest snapshot, or only its chosen fields."""
    etag = documents.etag(result.record, stale=result.stale, fields=fields)
    if fields is None:
        body = documents.answer(result.found, stale=result.stale)
    else:
        body = json_bytes.dumps(documents.record_document(result.found, stale=result.stale, fields=fields))
    headers = {"Content-Type": JSON, **documents.validators(result.record, etag, now)}
    return LookupResponse(status=200, headers=headers, body=body, begun=result.begun)


def not_modified(
    result: LookupResult, now: datetime, if_none_match: ETags, fields: frozenset[str] | None = None
) -> LookupResponse | None:
    """304 if the caller has what would be answered; the contents of the result may be missing."""
    if result.record.snapshot_id is None:
        return None
    etag = documents.etag(result.record, stale=result.stale, fields=fields)
    if not if_none_match.contains_weak(etag):
        return None
    return LookupResponse(status=304, headers=documents.etag_and_age(result.record, etag, now), begun=result.begun)


def pending(result: LookupResult, now: datetime, mounted_at: str, *, applied: str | None = None) -> LookupResponse:
    """202: the promise of a record, with where and when to ask again; `applied` is the preference that was followed."""
    document, where = documents.pending_document(result.record, now), location(result.record, mounted_at)
    headers = {"Content-Type": JSON, "Retry-After": str(document["poll_after"]), "Location": where}
    if applied:
        headers["Preference-Applied"] = applied
    return LookupResponse(status=202, headers=headers, body=json_bytes.dumps(document), begun=result.begun)


def location(record: Record, mounted_at: str) -> str:
    """The path and query of a webpage's lookup, escaped as Flask does."""
    return f"{mounted_at}{PATH}?url={quote_plus(record.target.key, safe=SAFE)}"


def _outcome(result: LookupResult) -> LookupOutcome:
    return LookupOutcome.STALE if result.stale else LookupOutcome.HIT

"""What a webpage's lookup is answered with: status, headers and body, for Flask's view and for the shortcut before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from urllib.parse import urlencode

from werkzeug.datastructures import ETags

from inventory import json_bytes
from inventory.history.model import LookupOutcome
from inventory.records.lookup import LookupResult
from inventory.records.model import Record, Target
from inventory.records.service import RecordService
from inventory.webpages import documents

SOURCE = "webpage"
PATH = "/api/v1/metadata"
JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a caller asks of a target. `wait` is in seconds; `mounted_at` is the path that precedes the application's."""

    target: Target
    if_none_match: ETags
    mounted_at: str
    max_age: timedelta | None = None
    collect: bool = True
    fields: frozenset[str] | None = None
    wait: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupResponse:
    """What is answered; the headers are without Content-Length."""

    status: int
    headers: dict[str, str]
    body: bytes = b""


def look_up(records: RecordService, asked: Lookup) -> tuple[LookupResponse, LookupOutcome]:
    """Look a webpage up: what to answer, and what its history says of it. Raises what `RecordService.look_up` raises."""
    find = partial(records.look_up, asked.target, max_age=asked.max_age, collect=asked.collect)
    if asked.if_none_match:  # a 304 needs the record alone
        result = find(contents=False)
        if response := not_modified(result, asked, records.clock()):
            return response, _outcome(stale=result.stale)
    result = find()
    if result.ready:
        return known(result, records.clock(), asked.fields), _outcome(stale=result.stale)
    applied = f"wait={asked.wait}" if asked.wait else None
    if asked.wait:
        result = records.wait(result, asked.wait)
    if result.ready:
        return known(result, records.clock(), asked.fields), LookupOutcome.MISS
    return pending(result.record, records.clock(), asked.mounted_at, applied=applied), LookupOutcome.MISS


def known(result: LookupResult, now: datetime, fields: frozenset[str] | None = None) -> LookupResponse:
    """200: the record with its latest snapshot, or only its chosen fields."""
    etag = documents.etag(result.record, stale=result.stale, fields=fields)
    body = json_bytes.dumps(documents.record_document(result.found, stale=result.stale, fields=fields))
    headers = {"Content-Type": JSON, **documents.validators(result.record, etag, now)}
    return LookupResponse(status=200, headers=headers, body=body)


def not_modified(result: LookupResult, asked: Lookup, now: datetime) -> LookupResponse | None:
    """304 if the caller has what would be answered. Contents are not looked at."""
    if result.record.snapshot_id is None:
        return None
    etag = documents.etag(result.record, stale=result.stale, fields=asked.fields)
    if not asked.if_none_match.contains_weak(etag):
        return None
    return LookupResponse(status=304, headers=documents.etag_and_age(result.record, etag, now))


def pending(record: Record, now: datetime, mounted_at: str, *, applied: str | None = None) -> LookupResponse:
    """202: the promise of a record, with where and when to ask again; `applied` is the preference that was followed."""
    document = documents.pending_document(record, now)
    headers = {"Content-Type": JSON, "Retry-After": str(document["poll_after"]), "Location": location(record, mounted_at)}
    if applied:
        headers["Preference-Applied"] = applied
    return LookupResponse(status=202, headers=headers, body=json_bytes.dumps(document))


def location(record: Record, mounted_at: str) -> str:
    """The path and query of a webpage's lookup, escaped as Flask does."""
    query = urlencode({"url": record.target.key}, safe="!$'()*,/:;?@")
    return f"{mounted_at}{PATH}?{query}"


def _outcome(*, stale: bool) -> LookupOutcome:
    return LookupOutcome.STALE if stale else LookupOutcome.HIT

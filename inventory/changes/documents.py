"""The documents that the API answers about changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from hashlib import sha256
from typing import Any
from urllib.parse import quote, urlencode

from inventory.changes.fleet import ChangePage, Groups, ShownGroup
from inventory.changes.groups import Group, Sample
from inventory.changes.model import Change, Diff, Step, TextDiff
from inventory.changes.parameters import ChangeParameters, field_parameter
from inventory.clock import MILLISECOND, rfc3339
from inventory.observations.model import Change as FieldChange
from inventory.records.model import Snapshot, Target

Document = dict[str, Any]

MAX_CHANGES = 10_000
"""Changes that one document lists. Real pages have some dozens."""
MAX_FIELDS = 50
"""Fields that a step of a timeline lists."""
MAX_VALUES = 50
"""Values of one field that are listed: a page may load from 1,000 hosts."""
LISTING = "/api/v1/changes"
VERSION = 2
"""To be raised when the document of the same two snapshots becomes another one."""


def diff_document(target: Target, older: Snapshot, newer: Snapshot, diff: Diff) -> Document:
    """All that differs between two snapshots of a webpage."""
    return {
        "url": target.key,
        "from": _side(older),
        "to": _side(newer),
        "counts": dict(diff.counts),
        "changes": [change_document(change) for change in diff.changes[:MAX_CHANGES]],
        "omitted": max(0, len(diff.changes) - MAX_CHANGES),
        "text": None if diff.text is None else _text(diff.text),
    }


def step_document(step: Step) -> Document:
    """A snapshot of a timeline: which fields differ from the snapshot before, without those that tell nothing."""
    if step.diff is None:
        return _side(step.snapshot) | {"counts": None, "fields": []}
    fields = dict.fromkeys(change.field for change in step.diff.changes if not change.volatile)
    return _side(step.snapshot) | {"counts": dict(step.diff.counts), "fields": list(fields)[:MAX_FIELDS]}


def change_document(change: Change) -> Document:
    """One change; what does not apply to it is left out."""
    document: Document = {
        "field": change.field,
        "kind": change.kind.value,
        "old": change.old,
        "new": change.new,
        "volatile": change.volatile,
    }
    if change.hop is not None:
        document["hop"] = change.hop
    for name, part in (("old_line", change.old_line), ("new_line", change.new_line), ("cookie", change.cookie)):
        if part is not None:
            document[name] = asdict(part)
    return document


def page_document(page: ChangePage) -> Document:
    """One page of what changed in the fleet."""
    return {
        "since": rfc3339(page.since),
        "until": rfc3339(page.until),
        "changes": [_listed(target, change) for target, change in page.changes],
        "next_cursor": page.next_cursor,
    }


def groups_document(groups: Groups, parameters: ChangeParameters, root: str = "") -> Document:
    """What changed in the fleet, in groups; with links to the changes of each, below the path where the API is served."""
    return {
        "since": rfc3339(groups.since),
        "until": rfc3339(groups.until),
        "changes": groups.changes,
        "groups": [_group(shown, parameters, root) for shown in groups.groups],
        "omitted": groups.omitted,
    }


def etag(older: Snapshot, newer: Snapshot) -> str:
    """The strong validator of `diff_document`: snapshots never change."""
    return sha256(f"{VERSION} {older.id} {newer.id}".encode()).hexdigest()[:32]


def _side(snapshot: Snapshot) -> Document:
    response: Mapping[str, Any] = snapshot.content["response"]
    return {
        "id": snapshot.id,
        "collected_at": rfc3339(snapshot.collected_at),
        "status": response["status"],
        "elapsed_ms": response["elapsed_ms"],
        "not_modified": response["not_modified"],
    }


def _listed(target: Target, change: FieldChange) -> Document:
    return {
        "id": change.record_id,
        "url": target.key,
        "field": change.field,
        "old": _values(change.old),
        "new": _values(change.new),
        "before": None if change.before is None else rfc3339(change.before),
        "at": rfc3339(change.at),
        "volatile": change.volatile,
    }


def _group(shown: ShownGroup, parameters: ChangeParameters, root: str) -> Document:
    group = shown.group
    return {
        "field": group.field,
        "also": list(group.also),
        "old": _values(group.old),
        "new": _values(group.new),
        "volatile": group.volatile,
        "count": len(group.occurrences),
        "targets": len(group.targets),
        "first_seen": rfc3339(group.first),
        "last_seen": rfc3339(group.last),
        "shared": [asdict(each) for each in shown.shared],
        "samples": [_sample(target, sample) for target, sample in shown.samples],
        "changes": f"{root}{_link(group, parameters)}",
    }


def _sample(target: Target, sample: Sample) -> Document:
    record_id, at = sample.occurrence
    values = {"old": _values(sample.old), "new": _values(sample.new)}
    return {"id": record_id, "url": target.key, "at": rfc3339(at)} | values


def _values(values: Sequence[str]) -> list[str]:
    """The first values of a field; where there are more, the last one says so."""
    more = len(values) - MAX_VALUES
    return [*values[:MAX_VALUES], f"… and {more:,} more"] if more > 0 else list(values)


def _link(group: Group, parameters: ChangeParameters) -> str:
    """Where the changes of a group are listed one by one, with others of that field at the same time, if there are any."""
    query = {"q": parameters.q} if parameters.q else {}
    query |= {"field": field_parameter(group.field), "since": rfc3339(group.first)}
    query |= {"until": rfc3339(group.last + MILLISECOND)} | ({"volatile": "true"} if group.volatile else {})
    return f"{LISTING}?{urlencode(query, quote_via=quote, safe=':*', errors='replace')}"


def _text(text: TextDiff) -> Document:
    return {
        "unified": text.unified,
        "added": text.added,
        "removed": text.removed,
        "volatile": text.volatile,
        "notes": list(text.notes),
    }

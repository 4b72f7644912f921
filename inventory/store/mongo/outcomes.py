"""What outcomes and records say of the documents of their targets: pure."""

from __future__ import annotations

from collections.abc import Set

from inventory.observations.model import LATEST_ONLY, Statement
from inventory.records.model import Failed, Record, Stored
from inventory.store.codecs import to_millis, to_millis_or_none
from inventory.store.mongo.documents import Document
from inventory.store.mongo.observed import first_seen, latest_only, written
from inventory.store.mongo.target_documents import Write
from inventory.store.pairs import Pair

FinalOutcome = Stored | Failed


def numbered(outcome: FinalOutcome) -> list[Statement]:
    """The statements that have numbers."""
    return [each for each in outcome.statements or () if each.field not in LATEST_ONLY]


def first_write(outcome: FinalOutcome, pairs: Set[Pair]) -> Write:
    """The document of a target that nothing was said of before."""
    new = written(first_seen(pairs, at_of(outcome)), first_collected_at_of(outcome))
    return Write(outcome.claim.id, None, new | latest_only(()) | of_outcome(outcome))


def of_outcome(outcome: FinalOutcome) -> Document:
    """What an outcome says but for its statements."""
    claim = outcome.claim
    position = claim.collected_at or claim.accepted_at
    latest: Document = {}
    if isinstance(outcome, Stored):
        position, latest = outcome.snapshot.collected_at, latest_only(outcome.statements or ())
    return latest | {
        "accepted_at": to_millis(claim.accepted_at),
        "fence": claim.fence,
        "position": to_millis(position),
        "first_collected_at": first_collected_at_of(outcome),
    }


def of_record(record: Record) -> Document:
    """What a record says of its last outcome."""
    return {
        "accepted_at": to_millis(record.accepted_at),
        "fence": record.fence,
        "position": to_millis(record.collected_at or record.accepted_at),
        "first_collected_at": to_millis_or_none(record.first_collected_at),
    }


def at_of(outcome: FinalOutcome) -> int:
    """When it was."""
    return to_millis(outcome.failure.at if isinstance(outcome, Failed) else outcome.snapshot.collected_at)


def first_collected_at_of(outcome: FinalOutcome) -> int | None:
    """When the first snapshot was taken, with that of the outcome."""
    if outcome.claim.first_collected_at is None and isinstance(outcome, Stored):
        return to_millis(outcome.snapshot.collected_at)
    return to_millis_or_none(outcome.claim.first_collected_at)

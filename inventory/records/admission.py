"""Whether the targets of jobs and watches may be fetched: the protocol of what else has a say in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from inventory.errors import Deferred, SourceFailure
from inventory.records.model import Record
from inventory.urls import Url

Refusal = SourceFailure | Deferred
"""Why a target may not be fetched, or not yet."""


class Admission(Protocol):
    """Refuses targets that nobody waits for in person. Every method may raise `StorageUnavailable`."""

    def refusals(self, claims: Sequence[Record]) -> Sequence[Refusal | None]:
        """Why each claim may not be collected, or not yet; None if it may."""

    def check_redirect(self, claim: Record, url: Url) -> None:
        """Raise why the collection of a claim may not go on to this URL, or not yet."""

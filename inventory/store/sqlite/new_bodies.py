"""Keeps the bodies of snapshots, each once; pages that a site serves again and again are not compressed each time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inventory.records.model import Outcome, Stored
from inventory.store.frames import keep_body
from inventory.store.sqlite.opening import Connection

MAX_REMEMBERED = 1_000
"""Names of bodies that were kept by this process."""
HAS_BODY = "SELECT 1 FROM bodies WHERE sha256 = :body_sha256"
INSERT_BODY = """
    INSERT INTO bodies (sha256, bytes, form) VALUES (:body_sha256, :body, :body_form) ON CONFLICT (sha256) DO NOTHING"""


class NewBodies:
    """Makes bodies ready before a transaction, and writes them in it. Threads may share it.

    A body that is remembered may have been removed since: then it is made ready in the transaction.
    """

    def __init__(self) -> None:
        self._remembered: dict[str, None] = {}

    def ready(self, outcome: Stored) -> dict[str, Any]:
        """The values of a body as it is kept; None of one that is there already, as far as is remembered."""
        if outcome.body is None or outcome.snapshot.body_sha256 in self._remembered:
            return {"body": None, "body_form": None}
        return _kept(outcome.body)

    def write(self, connection: Connection, outcome: Stored, values: dict[str, Any]) -> None:
        """Write the body of an outcome, unless it is there; `values` are those of `ready` and `body_sha256`."""
        if outcome.body is None:
            return
        if values["body"] is None:
            if connection.execute(HAS_BODY, values).fetchone():
                return
            values = values | _kept(outcome.body)
        connection.execute(INSERT_BODY, values)

    def remember(self, outcomes: Sequence[Outcome]) -> None:
        """Remember the bodies of outcomes whose transaction was committed."""
        named = [each.snapshot.body_sha256 for each in outcomes if isinstance(each, Stored) and each.body is not None]
        new = dict.fromkeys(name for name in named if name is not None)
        together = self._remembered | new
        self._remembered = together if len(together) <= MAX_REMEMBERED else new


def _kept(body: bytes) -> dict[str, Any]:
    form, kept = keep_body(body)
    return {"body": kept, "body_form": form}

"""What all sinks share: they send a message to an address, and say what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    """What came of sending a message. It is sent again if it `failed`, or if the destination is `busy` and wants a pause.

    One that was `rejected` would be again, because its address does not exist, say. `gone` wants no message any more.
    """

    ACCEPTED = "accepted"
    FAILED = "failed"
    BUSY = "busy"
    GONE = "gone"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """A message on its way. `payload` is one JSON object in UTF-8; `secrets` sign it where the sink signs."""

    id: str
    payload: bytes
    address: str
    secrets: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a destination did. `retry_after` are seconds that it asked for, `detail` says in words what went wrong."""

    verdict: Verdict
    status: int | None = None
    detail: str | None = None
    retry_after: float | None = None


class Sink(Protocol):
    """Sends messages to one kind of destination. Threads may share it."""

    def send(self, message: OutgoingMessage) -> Reply:
        """Send a message within `SEND_WITHIN` seconds or so; whatever the destination does is a reply."""


SEND_WITHIN = 15.0
"""Seconds for one try, as Standard Webhooks 1.0 recommends."""

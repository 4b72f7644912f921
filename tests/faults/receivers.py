"""Receivers of messages that fail, hang, lose replies, ask for pauses, or want no more."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from typing import Any

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from tests.upstreams import Answer, Request
from tests.webhooks.receivers import Receiver

HANGS_FOR = 17.0
"""Seconds: longer than a try takes."""
PAUSE, ON_ITS_WAY = 6, 1.5
"""Seconds for which a busy receiver wants nothing, and after which nothing may arrive that was on its way already."""


class Receivers(Receiver):
    """One path for each kind of receiver. The first try of a message fails, hangs, or loses its reply.

    Each message is verified when it comes, with the secret of its path: one of five minutes ago would be too old.
    """

    PATHS = ("/good", "/fails", "/hangs", "/loses", "/busy", "/gone")

    def __init__(self) -> None:
        super().__init__()
        self.tries: Counter[tuple[str, str]] = Counter()
        self.secrets: dict[str, str] = {}
        self.received: list[tuple[str, str, Any]] = []
        self.complaints: list[str] = []
        self._asked: list[float] = []
        self._arrived: list[float] = []

    def respond(self, request: Request) -> tuple[Answer, asyncio.Event | None]:
        super().respond(request)
        self._verify(request)
        tried = request.path, request.headers["webhook-id"]
        self.tries[tried] += 1
        if request.path == "/gone":
            return Answer(410), None
        if request.path == "/busy":
            return self._busy(is_first=self.tries[tried] == 1), None
        if self.tries[tried] > 1:
            return Answer(204), None
        first = {"/fails": Answer(500), "/hangs": Answer(204, wait=HANGS_FOR), "/loses": Answer(204, lost=True)}
        return first.get(request.path, Answer(204)), None

    def _verify(self, request: Request) -> None:
        try:
            content = Webhook(self.secrets[request.path]).verify(request.body, dict(request.headers))
        except WebhookVerificationError as error:
            self.complaints.append(f"{request.path} got a message that is not signed right: {error}")
        else:
            self.received.append((request.path, request.headers["webhook-id"], content))

    def disturbed(self, *, allowed: int) -> list[str]:
        """Whether messages arrived in more pauses than were forgotten, because whoever was told died just then, say."""
        pauses = [any(asked + ON_ITS_WAY < at < asked + PAUSE for at in self._arrived) for asked in self._asked]
        return [f"/busy was called in {sum(pauses)} of {len(pauses)} pauses"] if sum(pauses) > allowed else []

    def _busy(self, *, is_first: bool) -> Answer:
        now = time.monotonic()
        self._arrived.append(now)
        if not is_first:
            return Answer(204)
        self._asked.append(now)
        return Answer(429, (("Retry-After", str(PAUSE)),))

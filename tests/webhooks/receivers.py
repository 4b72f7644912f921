"""A receiver of messages, written with the reference library: it verifies whatever comes before it answers."""

from __future__ import annotations

import asyncio
from typing import Any

from standardwebhooks import Webhook as Verifier

from tests.upstreams import Answer, Request, Upstream


class Receiver(Upstream):
    """Answers posts to any path with 204, or as scripted. `received` has those that were accepted, in order."""

    def respond(self, request: Request) -> tuple[Answer, asyncio.Event | None]:
        scripted = bool(self._scripts.get(request.path))
        answer, gate = super().respond(request)
        return (answer if scripted else Answer(204)), gate

    def verified(self, secret: str, path: str | None = None) -> list[tuple[str, Any]]:
        """The id and the content of each message that came, to one path or to all.

        The library raises if a signature is not that of the secret.
        """
        verifier = Verifier(secret)
        came = [each for each in self.requests if path in (None, each.path)]
        return [(each.headers["webhook-id"], verifier.verify(each.body, dict(each.headers))) for each in came]

"""How the body of a request gets to the application: whole once it has arrived, or piece by piece as it arrives."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from inventory.client_speed import BUFFERED_BODY, ClientSpeed, recent_bytes
from inventory.gunicorn_worker.arriving import MAX_CHUNKS, ChunkedBody, SizedBody, body_of
from inventory.gunicorn_worker.connections import Connection
from inventory.gunicorn_worker.malformed import BodyTooLarge

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Bodies:
    """Waits for bodies of up to `small` bytes, and gives larger ones to a thread that reads them as they arrive.

    `limit_of` has the limit in bytes, by method and path, of a body that is read piece by piece; None if it is not.
    """

    def __init__(self, limit_of: Callable[[str, str], int | None], small: int) -> None:
        self._limit_of, self._small = limit_of, small

    def must_wait(self, connection: Connection, request: Any) -> bool:
        """Whether to wait for a body; what has arrived of it then stays in the inbox."""
        body = connection.body = body_of(request)
        if body.whole(b""):
            return False
        connection.body_since = monotonic()
        expected, request._expected_100_continue = request._expected_100_continue, False
        connection.take_back()
        limit = self._limit_of(request.method, request.path) or self._small
        refused = isinstance(body, SizedBody) and body.length > limit  # the application will refuse it unread
        if refused or body(connection.inbox, 0):
            self.give(connection, request)
            return False
        connection.request, connection.arrived = request, body
        if expected:
            connection.sock.sendall(CONTINUE)
        return True

    def give(self, connection: Connection, request: Any) -> None:
        """Let the application read a body. Only if it does so piece by piece does a thread wait for the rest."""
        body, size = connection.body, len(connection.inbox)
        whole, streamed = body.whole(connection.inbox), self._limit_of(request.method, request.path) is not None
        if isinstance(body, ChunkedBody) and not streamed and self._is_too_large(body, size):
            raise BodyTooLarge
        if not whole:
            request.force_close()
            connection.sock.speed = (
                ClientSpeed(recent_bytes(size, monotonic() - connection.body_since)) if streamed else None
            )
        connection.feed()

    def _is_too_large(self, body: ChunkedBody, size: int) -> bool:
        """Whether a chunked body is too large to be taken whole, after so many bytes of it."""
        return body.size > self._small or body.number > MAX_CHUNKS or size >= BUFFERED_BODY

"""The connection that an upload comes in on: how long its client is waited for, and what becomes of what it still sends."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import BoundedSemaphore
from typing import IO, TYPE_CHECKING

from gunicorn.http.errors import ParseException

from inventory.imports.multipart import PIECE

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

STALLED = 60.0
"""Seconds of silence after which an upload is given up."""
MOST_BYTES, MOST_SECONDS, SILENT = 64 * 1024 * 1024, 5.0, 1.0
"""How much of the rest of a refused upload is taken, for how long, and up to which silence."""


@contextmanager
def patience(environ: WSGIEnvironment, seconds: float = STALLED) -> Iterator[None]:
    """Inside, reading from a client that sends nothing for so long raises an `OSError`."""
    connection = _connection(environ)
    if connection is not None:
        connection.settimeout(seconds)
    try:
        yield
    finally:
        if connection is not None:
            connection.settimeout(None)


class Leftovers:
    """What clients still send when they are refused.

    Many read the answer only behind the last byte that they send; so these are taken, when the answer is sent, but only of
    as many clients at once as there are `places`, because each holds a thread. Where that is not the end of it the
    connection is shut: gunicorn would wait for more, some of the time in its main loop.
    """

    def __init__(self, places: int) -> None:
        self._places = BoundedSemaphore(places)

    def take(self, environ: WSGIEnvironment) -> None:
        """Read the rest of a body, or shut its connection."""
        taken = False
        if self._places.acquire(blocking=False):
            try:
                taken = _drain(environ)
            finally:
                self._places.release()
        connection = _connection(environ)
        if connection is not None and not taken:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def _drain(environ: WSGIEnvironment) -> bool:
    """Whether the end of the body was reached."""
    body: IO[bytes] = environ["wsgi.input"]
    until, left = time.monotonic() + MOST_SECONDS, MOST_BYTES
    with suppress(OSError, ParseException), patience(environ, SILENT):
        while left > 0 and time.monotonic() < until:
            piece = body.read(PIECE)
            if not piece:
                return True
            left -= len(piece)
    return False


def _connection(environ: WSGIEnvironment) -> socket.socket | None:
    connection: socket.socket | None = environ.get("gunicorn.socket")
    return connection

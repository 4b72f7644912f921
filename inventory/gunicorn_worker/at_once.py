"""Answers requests in the worker's loop, where the application has a shortcut that need not wait.

That saves a hit two switches of threads, gunicorn's parser and the building of a WSGI environment. Answers are logged and
counted in groups, and sent after that: one write to the log is for several of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic

from gunicorn import SERVER
from gunicorn.util import http_date

from inventory.gunicorn_worker import plain_get
from inventory.gunicorn_worker.connections import Connection, Pieces
from inventory.web_api.shortcut import Answer, Groupable, Shortcut

MAX_GROUP, MAX_GROUP_BYTES = 16, 1024 * 1024
"""Answers, and bytes of them, from which a group is sent although the round of the loop is not over."""
SLOW = 0.1
"""Seconds that an answer takes if a disk or a lock is slow."""
LARGE = 256 * 1024
"""Bytes of a body from which an answer takes milliseconds, and others have to wait for it."""
PAUSE = 10
"""For so many times as long threads answer after a slow or large one: it holds the loop up for a tenth of its time."""


class AtOnce:
    """Answers with a shortcut what it can, and gives the answers to `send` in groups."""

    def __init__(self, shortcut: Shortcut, send: Callable[[Connection, Pieces], None]) -> None:
        self._shortcut, self._send = shortcut, send
        self._group: list[tuple[Connection, Answer]] = []
        self._bytes = 0
        self._paused_until = 0.0

    def take(self, connection: Connection, head: bytes) -> bool:
        """Whether a request is in the group now. If a thread is to answer it by the shortcut, the connection has `later`."""
        request = plain_get.read(head)
        if request is None:
            return False
        began = monotonic()
        answer = self._shortcut(*request, at_once=began >= self._paused_until)
        if not isinstance(answer, Answer):
            connection.later = answer
            return False
        ended = monotonic()
        if ended - began > SLOW or len(answer.body) > LARGE:
            self._paused_until = ended + PAUSE * (ended - began)
        self._group.append((connection, answer))
        self._bytes += len(answer.body)
        if len(self._group) >= MAX_GROUP or self._bytes >= MAX_GROUP_BYTES:
            self.flush()
        return True

    def answer_later(self, connection: Connection, *, kept: bool) -> Pieces:
        """The answer to a request that a thread is to answer, logged and counted."""
        later, connection.later = connection.later, None
        assert callable(later)
        answer = later()
        self._shortcut.account([answer])
        return _pieces(answer, http_date(), kept=kept)

    def answer_group(self, connections: Sequence[Connection], *, kept: bool) -> Sequence[Pieces]:
        """The same for requests that one thread is to answer together."""
        requests = [each.later for each in connections if isinstance(each.later, Groupable)]
        for connection in connections:
            connection.later = None
        answers = self._shortcut.answer_group(requests)
        self._shortcut.account(answers)
        date = http_date()
        return [_pieces(answer, date, kept=kept) for answer in answers]

    def flush(self) -> None:
        """Log, count and send the answers of the group."""
        group = self._group
        if not group:
            return
        self._group, self._bytes = [], 0
        self._shortcut.account([answer for _, answer in group])
        date = http_date()
        for connection, answer in group:
            self._send(connection, _pieces(answer, date, kept=True))


def _pieces(answer: Answer, date: str, *, kept: bool) -> Pieces:
    """The head and the body of an answer as gunicorn sends them; `kept` says whether the connection is."""
    connection = "keep-alive" if kept else "close"
    head = (
        f"HTTP/1.1 {answer.status}\r\nServer: {SERVER}\r\nDate: {date}\r\nConnection: {connection}\r\n{answer.fields}\r\n"
    ).encode("latin-1")
    return [head, answer.body] if answer.body else [head]

"""Answers requests in the worker's loop, where the application has a shortcut that need not wait.

That saves a hit two switches of threads, gunicorn's parser and the building of a WSGI environment. What arrives in one round
of the loop is a group: it is looked up at one moment, logged with one write, and only then sent.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from time import monotonic

from gunicorn import SERVER
from gunicorn.util import http_date

from inventory.gunicorn_worker import plain_get
from inventory.gunicorn_worker.connections import Connection, Pieces
from inventory.web_api.shortcut import Answer, Groupable, Shortcut

MAX_GROUP, MAX_GROUP_BYTES = 16, 1024 * 1024
"""Requests from which a group is answered although the round of the loop is not over; bytes of which a part is sent."""
SLOW = 0.1
"""Seconds that an answer takes if a disk or a lock is slow."""
LARGE = 256 * 1024
"""Bytes of a body from which an answer takes milliseconds, and others have to wait for it."""
PAUSE = 10
"""For so many times as long threads answer after a slow or large one: it holds the loop up for a tenth of its time."""


class AtOnce:
    """Answers with a shortcut what it can, and gives the answers to `send` in groups.

    `hand_over` gets what is to be answered in a thread after all: connections that have `later`.
    """

    def __init__(
        self,
        shortcut: Shortcut,
        send: Callable[[Connection, Pieces], None],
        hand_over: Callable[[Connection], None],
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        """`ticks` counts seconds."""
        self._shortcut, self._send, self._hand_over, self._ticks = shortcut, send, hand_over, ticks
        self._group: list[tuple[Connection, Groupable]] = []
        self._paused_until = 0.0

    def take(self, connection: Connection, head: bytes) -> bool:
        """Whether a request is in the group now. If a thread is to answer it by the shortcut, the connection has `later`."""
        request = plain_get.read(head)
        if request is None:
            return False
        client = connection.client
        peer = client[0] if isinstance(client, tuple) else ""  # a socket in a folder has no address
        asked = self._shortcut(*request, peer=peer, at_once=self._ticks() >= self._paused_until)
        if not isinstance(asked, Groupable):
            connection.later = asked
            return False
        self._group.append((connection, asked))
        if len(self._group) >= MAX_GROUP:
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
        """Answer the group; a thread answers what has to be waited for, and all that comes after a slow or large answer."""
        group, self._group = self._group, []
        if not group:
            return
        done: list[tuple[Connection, Answer]] = []
        size, began = 0, self._ticks()
        with closing(self._shortcut.answer_known([asked for _, asked in group])) as answers:
            for connection, asked in group:
                answer = self._shortcut.later(asked) if began < self._paused_until else next(answers)
                if not isinstance(answer, Answer):
                    connection.later = answer
                    self._hand_over(connection)
                    continue
                done.append((connection, answer))
                size += len(answer.body)
                began = self._note_time(began, len(answer.body))
                if size >= MAX_GROUP_BYTES:
                    self._finish(done)
                    done, size = [], 0
        self._finish(done)

    def _note_time(self, began: float, size: int) -> float:
        """Pause if an answer that began then was slow or large; when it ended."""
        ended = self._ticks()
        if ended - began > SLOW or size > LARGE:
            self._paused_until = ended + PAUSE * (ended - began)
        return ended

    def _finish(self, done: Sequence[tuple[Connection, Answer]]) -> None:
        """Log, count and send answers."""
        if not done:
            return
        self._shortcut.account([answer for _, answer in done])
        date = http_date()
        for connection, answer in done:
            self._send(connection, _pieces(answer, date, kept=True))


def _pieces(answer: Answer, date: str, *, kept: bool) -> Pieces:
    """The head and the body of an answer as gunicorn sends them; `kept` says whether the connection is."""
    connection = "keep-alive" if kept else "close"
    head = (
        f"HTTP/1.1 {answer.status}\r\nServer: {SERVER}\r\nDate: {date}\r\nConnection: {connection}\r\n{answer.fields}\r\n"
    ).encode("latin-1")
    return [head, answer.body] if answer.body else [head]

"""Connections that wait for their clients: to send a request, or the rest of one, or to take an answer. None holds a thread.

Each has a deadline, by the one rule of `inventory.pace`; what is kept for all of them has a bound; and the one that has
waited longest can be ended, to make room for a new one.
"""

from __future__ import annotations

import selectors
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException

from inventory.gunicorn_worker.arriving import HEAD_LIMIT, head_has_arrived
from inventory.gunicorn_worker.connections import Connection
from inventory.gunicorn_worker.draining import Draining
from inventory.gunicorn_worker.malformed import RequestTimeout
from inventory.gunicorn_worker.pipelined import Pipelined
from inventory.pace import CLIENT_TIMEOUT, later

MAX_KEPT = 64 * 1024 * 1024
"""Bytes that are kept for all that wait. Beyond it those are ended that are slow, the slowest first."""
MAX_KEPT_QUICK = 4 * MAX_KEPT
"""The same where all are quick, of which some are ended only then: a few that take large pages at once are no attack."""
QUICK = 1024 * 1024
"""Bytes a second that a quick client takes or sends."""
GRACE = 1.0
"""Seconds before a client can be told to be slow, and between two times that it is looked for slow ones."""


class Waiting:
    """Has connections until their requests can be worked on, which is when `work` is called, or until they end."""

    def __init__(
        self,
        selector: selectors.BaseSelector,
        work: Callable[[Connection], None],
        close: Callable[[Connection], None],
        problem: Callable[[Any, ParseException], bytes],
    ) -> None:
        self._selector, self._work, self._close, self._problem = selector, work, close, problem
        self._line: OrderedDict[Connection, None] = OrderedDict()
        """Longest without a sign of life first."""
        self._kept = 0
        self._next_look = 0.0
        self.draining = Draining(close)
        self.pipelined = Pipelined(work)

    def receive(self, connection: Connection) -> None:
        """Wait for a request, or for the rest of one."""
        if connection.inbox and connection.arrived(connection.inbox, 0):
            self.pipelined.add(connection)
        else:
            self._enter(connection, selectors.EVENT_READ, self._read)

    def finish(self, connection: Connection) -> None:
        """Have an answer sent as far as there is room; when it is sent, go on to the next request or end."""
        if connection.sock.unsent:
            self._enter(connection, selectors.EVENT_WRITE, self._send)
        elif connection.keep:
            connection.arrived = head_has_arrived
            connection.take_back()
            self.receive(connection)
        else:
            self.draining.take(connection)

    def refuse(self, connection: Connection, error: ParseException) -> None:
        """Answer what cannot become a request, and end."""
        connection.sock.sendall(self._problem(connection.client, error))
        connection.keep = False
        try:
            connection.sock.flush()
        except OSError:
            self._close(connection)
        else:
            self.finish(connection)

    def sweep(self, now: float) -> None:
        """End those whose time is over."""
        for connection in [each for each in self._line if each.deadline < now]:
            if connection not in self._line:  # dropped with one before it
                continue
            self._leave(connection)
            if connection.sock.unsent or not (connection.inbox or connection.request):
                self._close(connection)
            else:
                self.refuse(connection, RequestTimeout())
        self.draining.sweep(now)

    def evict(self) -> bool:
        """End the one that has waited longest, to make room for a new one; whether there was one."""
        if self.draining.evict():
            return True
        oldest = next(iter(self._line), None)
        if oldest is not None:
            self._drop(oldest)
        return oldest is not None

    def hurry(self, deadline: float) -> None:
        """Give those from which no request has begun to come only so long: the program is to stop."""
        for connection in self._line:
            if not connection.held:
                connection.deadline = min(connection.deadline, deadline)

    def close(self) -> None:
        """End all."""
        for connection in list(self._line):
            self._drop(connection)
        self.draining.close()

    def _enter(self, connection: Connection, events: int, callback: Callable[[Connection, object], None]) -> None:
        connection.since, connection.moved = monotonic(), 0
        connection.deadline = connection.since + CLIENT_TIMEOUT
        self._line[connection] = None
        self._selector.register(connection.sock, events, partial(callback, connection))
        self._weigh(connection, connection.size())

    def _leave(self, connection: Connection) -> None:
        del self._line[connection]
        self._selector.unregister(connection.sock)
        self._kept -= connection.held
        connection.held = 0

    def _drop(self, connection: Connection) -> None:
        self._leave(connection)
        self._close(connection)

    def _read(self, connection: Connection, _: object) -> None:
        """Take what has come."""
        if connection not in self._line:  # it was dropped in this turn
            return
        try:
            data = connection.sock.arrived()
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
            return
        inbox, known = connection.inbox, len(connection.inbox)
        inbox += data
        if not data and not inbox and connection.request is None:
            self._drop(connection)
        elif not data or connection.arrived(inbox, known):  # what ends too early is refused by who needs more
            self._leave(connection)
            self._work(connection)
        elif connection.request is None and len(inbox) > HEAD_LIMIT:
            self._leave(connection)
            self.refuse(connection, _too_long(inbox))
        else:
            self._heard(connection, len(data), first=not known)

    def _heard(self, connection: Connection, size: int, *, first: bool) -> None:
        """Some more has come of a request."""
        now = monotonic()
        connection.moved += size
        connection.deadline = now + CLIENT_TIMEOUT if first else later(connection.deadline, now, size)
        if first:
            self._line.move_to_end(connection)
        self._weigh(connection, connection.held + size)

    def _send(self, connection: Connection, _: object) -> None:
        """Send what there is room for."""
        if connection not in self._line:
            return
        try:
            sent = connection.sock.flush()
        except OSError:
            self._drop(connection)
            return
        if not connection.sock.unsent:
            self._leave(connection)
            self.finish(connection)
            return
        connection.moved += sent
        connection.deadline = later(connection.deadline, monotonic(), sent)
        self._line.move_to_end(connection)
        self._weigh(connection, connection.held - sent)

    def _weigh(self, connection: Connection, held: int) -> None:
        """Note what is kept for a connection; drop some if that is too much together."""
        self._kept += held - connection.held
        connection.held = held
        now = monotonic()
        if self._kept > MAX_KEPT_QUICK or (self._kept > MAX_KEPT and now >= self._next_look):
            self._next_look = now + GRACE
            self._make_room(now)

    def _make_room(self, now: float) -> None:
        """Drop the slowest, and quick ones only where they are far too many."""
        for speed, other in sorted(
            ((_speed(each, now), each) for each in self._line if each.held), key=lambda pair: pair[0]
        ):
            if self._kept <= (MAX_KEPT_QUICK if speed >= QUICK else MAX_KEPT * 3 // 4):
                break
            self._drop(other)


def _speed(connection: Connection, now: float) -> float:
    """Bytes a second that a client has taken or sent since it is waited for."""
    seconds = now - connection.since
    return QUICK if seconds < GRACE else connection.moved / seconds


def _too_long(inbox: bytearray) -> ParseException:
    """What is wrong with a head that does not end."""
    return LimitRequestHeaders("no end") if b"\r\n" in inbox[2:HEAD_LIMIT] else LimitRequestLine(len(inbox), HEAD_LIMIT)

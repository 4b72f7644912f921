"""Connections that wait for their clients to send a request or to take an answer. None of them holds a thread.

Each has a deadline by the rule of `inventory.client_speed`. The memory for all of them is bounded. The one that has waited
longest can be closed to make room for a new one.
"""

from __future__ import annotations

import selectors
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from time import monotonic
from typing import Any

from gunicorn.http.errors import LimitRequestHeaders, LimitRequestLine, ParseException

from inventory.client_speed import CLIENT_TIMEOUT, extend
from inventory.gunicorn_worker.arriving import HEAD_LIMIT, head_has_arrived
from inventory.gunicorn_worker.connections import Connection, Pieces
from inventory.gunicorn_worker.draining import Draining
from inventory.gunicorn_worker.malformed import RequestTimeout
from inventory.gunicorn_worker.pipelined import Pipelined

MAX_KEPT = 64 * 1024 * 1024
"""Bytes in memory for all that wait. Above it, slow ones are closed, the slowest first."""
MAX_KEPT_QUICK = 4 * MAX_KEPT
"""Bytes above which quick ones are closed too. A few that take large pages at once are not an attack."""
QUICK = 1024 * 1024
"""Bytes a second from which a client is quick."""
GRACE = 1.0
"""Seconds before a client can count as slow, and between two searches for slow ones."""


class Waiting:
    """Keeps connections until `work` is called for a request that has arrived, or `close` for a connection that ends.

    `at_once` gets what arrives alone first. If it takes that as a request, it gives the answer to `send`.
    """

    def __init__(
        self,
        selector: selectors.BaseSelector,
        work: Callable[[Connection], None],
        close: Callable[[Connection], None],
        problem: Callable[[Any, ParseException], bytes],
        at_once: Callable[[Connection, bytes], bool] = lambda _connection, _head: False,
        *,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        """`ticks` counts seconds."""
        self._selector, self._work, self._close, self._problem = selector, work, close, problem
        self._at_once, self._ticks = at_once, ticks
        self._connections: OrderedDict[Connection, None] = OrderedDict()
        """The one that has been silent for the longest time is first."""
        self._kept = 0
        self._next_search = 0.0
        self.draining = Draining(close)
        self.pipelined = Pipelined(work)

    def receive(self, connection: Connection) -> None:
        """Wait for a request or for its body."""
        if connection.inbox and connection.arrived(connection.inbox, 0):
            self.pipelined.add(connection)
        else:
            self._enter(connection, selectors.EVENT_READ, self._read)

    def finish(self, connection: Connection) -> None:
        """Send the rest of an answer as the client takes it, then wait for the next request or end."""
        if connection.sock.unsent:
            self._enter(connection, selectors.EVENT_WRITE, self._send)
        elif connection.keep:
            connection.arrived = head_has_arrived
            connection.take_back()
            self.receive(connection)
        else:
            self.draining.take(connection)

    def send(self, connection: Connection, answer: Pieces) -> None:
        """Send the answer to a request that was taken at once, and wait on, unless the connection was dropped meanwhile."""
        if connection not in self._connections:
            return
        try:
            connection.sock.put(answer)
            connection.sock.flush()
        except OSError:
            self._drop(connection)
            return
        if connection.sock.unsent:
            self._leave(connection)
            self.finish(connection)
        else:
            connection.since, connection.moved = self._ticks(), 0
            connection.deadline = connection.since + CLIENT_TIMEOUT
            self._connections.move_to_end(connection)

    def hand_over(self, connection: Connection) -> None:
        """Give a request that was taken at once to a thread after all, unless the connection was dropped meanwhile."""
        if connection in self._connections:
            self._leave(connection)
            self._work(connection)

    def refuse(self, connection: Connection, error: ParseException) -> None:
        """Answer what cannot become a request, and end the connection."""
        connection.sock.sendall(self._problem(connection.client, error))
        connection.keep = False
        try:
            connection.sock.flush()
        except OSError:
            self._close(connection)
        else:
            self.finish(connection)

    def sweep(self, now: float) -> None:
        """End those whose deadline has passed."""
        for connection in [each for each in self._connections if each.deadline < now]:
            if connection not in self._connections:  # it was dropped together with an earlier one
                continue
            self._leave(connection)
            if connection.sock.unsent or not (connection.inbox or connection.request):
                self._close(connection)
            else:
                self.refuse(connection, RequestTimeout())
        self.draining.sweep(now)

    def evict(self) -> bool:
        """Close the one that has waited longest, to make room for a new one; whether there was one."""
        if self.draining.evict():
            return True
        oldest = next(iter(self._connections), None)
        if oldest is not None:
            self._drop(oldest)
        return oldest is not None

    def hurry(self, deadline: float) -> None:
        """Shorten the deadline of those whose next request has not begun to arrive, because the process is to stop."""
        for connection in self._connections:
            if not connection.kept:
                connection.deadline = min(connection.deadline, deadline)

    def close(self) -> None:
        """Close all."""
        for connection in list(self._connections):
            self._drop(connection)
        self.draining.close()

    def _enter(self, connection: Connection, events: int, callback: Callable[[Connection, object], None]) -> None:
        connection.since, connection.moved = self._ticks(), 0
        connection.deadline = connection.since + CLIENT_TIMEOUT
        self._connections[connection] = None
        self._selector.register(connection.sock, events, partial(callback, connection))
        self._account(connection, connection.size())

    def _leave(self, connection: Connection) -> None:
        del self._connections[connection]
        self._selector.unregister(connection.sock)
        self._kept -= connection.kept
        connection.kept = 0

    def _drop(self, connection: Connection) -> None:
        self._leave(connection)
        self._close(connection)

    def _read(self, connection: Connection, _: object) -> None:
        """Take what has arrived."""
        if connection not in self._connections:  # it was dropped in this round of the loop
            return
        try:
            data = connection.sock.arrived()
        except BlockingIOError:
            return
        except OSError:
            self._drop(connection)
            return
        inbox, before = connection.inbox, len(connection.inbox)
        if not before and connection.request is None and self._at_once(connection, data):
            return
        inbox += data
        if not data and not inbox and connection.request is None:
            self._drop(connection)
        elif not data or connection.arrived(inbox, before):  # the parser refuses what ends too early
            self._leave(connection)
            self._work(connection)
        elif connection.request is None and len(inbox) > HEAD_LIMIT:
            self._leave(connection)
            self.refuse(connection, _too_long(inbox))
        else:
            self._note_received(connection, len(data), first=not before)

    def _note_received(self, connection: Connection, size: int, *, first: bool) -> None:
        """Note that more of a request has arrived."""
        now = self._ticks()
        connection.moved += size
        connection.deadline = now + CLIENT_TIMEOUT if first else extend(connection.deadline, now, size)
        if first:
            self._connections.move_to_end(connection)
        self._account(connection, connection.kept + size)

    def _send(self, connection: Connection, _: object) -> None:
        """Send as much as the system takes."""
        if connection not in self._connections:
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
        connection.deadline = extend(connection.deadline, self._ticks(), sent)
        self._connections.move_to_end(connection)
        self._account(connection, connection.size())

    def _account(self, connection: Connection, kept: int) -> None:
        """Note the memory that a connection takes; drop some connections if all take too much."""
        self._kept += kept - connection.kept
        connection.kept = kept
        now = self._ticks()
        if self._kept > MAX_KEPT_QUICK or (self._kept > MAX_KEPT and now >= self._next_search):
            self._next_search = now + GRACE
            self._make_room(now)

    def _make_room(self, now: float) -> None:
        """Drop the slowest ones, and quick ones only above `MAX_KEPT_QUICK`."""
        for speed, other in sorted(
            ((_speed(each, now), each) for each in self._connections if each.kept), key=lambda pair: pair[0]
        ):
            if self._kept <= (MAX_KEPT_QUICK if speed >= QUICK else MAX_KEPT * 3 // 4):
                break
            self._drop(other)


def _speed(connection: Connection, now: float) -> float:
    """Bytes a second that a client has taken or sent since waiting for it began."""
    seconds = now - connection.since
    return QUICK if seconds < GRACE else connection.moved / seconds


def _too_long(inbox: bytearray) -> ParseException:
    """The error for a head that does not end."""
    return LimitRequestHeaders("no end") if b"\r\n" in inbox[2:HEAD_LIMIT] else LimitRequestLine(len(inbox), HEAD_LIMIT)

"""The worker: accepts connections, and gives a thread to each request that has arrived."""

from __future__ import annotations

import selectors
import socket
from collections.abc import Callable, Sequence
from errno import EMFILE, ENFILE, ENOBUFS, ENOMEM
from functools import partial
from secrets import token_hex
from time import monotonic
from typing import Any

from gunicorn.http.errors import NoMoreData
from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker
from structlog.contextvars import bound_contextvars

from inventory import malloc_arenas
from inventory.gunicorn_worker.at_once import AtOnce
from inventory.gunicorn_worker.bodies import Bodies
from inventory.gunicorn_worker.connections import ClientSocket, Connection, Pieces, nothing
from inventory.gunicorn_worker.descriptors import max_connections
from inventory.gunicorn_worker.draining import DROP_INTERVAL
from inventory.gunicorn_worker.grouped import MAX_DELAY, Grouped
from inventory.gunicorn_worker.malformed import answer, is_ours
from inventory.gunicorn_worker.siblings import WAIT, Siblings
from inventory.gunicorn_worker.waiting import Waiting
from inventory.web_api.shortcut import Groupable, Shortcut

SECOND = 1.0
MIN_ACCEPTED = 32
"""Connections that one round may accept after the first one. A process that has more than these may accept as many again."""
EXHAUSTED = {EMFILE, ENFILE, ENOBUFS, ENOMEM}


class InventoryWorker(ThreadWorker):  # type: ignore[misc]
    """A threaded worker whose loop waits for clients, so that its threads need not."""

    body_limit: Callable[[str, str], int | None] = staticmethod(lambda _method, _path: None)
    """The limit in bytes, by method and path, of a body that the application reads piece by piece; None if it does not."""
    small_body = 64 * 1024
    """The limit in bytes of a body that the application takes whole."""

    shortcut: Shortcut | None = None
    """Answers some requests without a thread and without WSGI."""

    def init_process(self) -> None:
        """Allow as many connections as the system does, give free memory back, and run."""
        self.worker_connections = self.max_keepalived = max_connections(self.cfg.threads)
        malloc_arenas.give_large_blocks_back()
        super().init_process()

    def run(self) -> None:
        """Serve until told to stop, then answer the requests that have begun."""
        self._begin()
        while self.alive and self._run_once():
            pass
        self._finish()

    def _begin(self) -> None:
        """Make what the loop consists of, and accept connections."""
        self.waiting = Waiting(self.poller, self.enqueue_req, self._closed, self._problem, self._take_at_once)
        self.at_once = AtOnce(self.shortcut, self.waiting.send, self.waiting.hand_over) if self.shortcut else None
        self.grouped = Grouped(self.tpool.submit, self._answer_group, partial(self.method_queue.defer, self._group_handled))
        self.bodies = Bodies(self.body_limit, self.small_body)
        self.siblings = Siblings(self.age)
        self.siblings.tell(0)
        self._tick = 0.0
        self._left_to_siblings = False
        """Whether a new connection was left to them, which is offered again in a moment."""
        self.poller.register(self.method_queue.fileno(), selectors.EVENT_READ, self.method_queue.run_callbacks)
        self.set_accept_enabled(True)

    def _finish(self) -> None:
        """Answer the requests that have begun, as long as is allowed, and close everything."""
        self.set_accept_enabled(False)
        self.siblings.leave()
        self.waiting.hurry(monotonic() + STOP_KEEPALIVE_LINGER)
        until = monotonic() + self.cfg.graceful_timeout
        while self.nr_conns > 0 and monotonic() < until:
            self._run_once()
        self.waiting.close()
        self.tpool.shutdown(wait=False)
        self.poller.close()
        self.method_queue.close()
        for listener in self.sockets:
            listener.close()

    def _run_once(self) -> bool:
        """Run one round of the loop, which takes a second at most; whether to go on."""
        now, going_on = monotonic(), True
        if now >= self._tick:
            self._tick = now + SECOND
            self.notify()
            self.waiting.sweep(now)
            going_on = self.is_parent_alive()
            self.set_accept_enabled(self.alive)
        if self._left_to_siblings:
            self._left_to_siblings = False
            self.wait_for_and_dispatch_events(WAIT)
            self.set_accept_enabled(self.alive)
        else:
            longest = MAX_DELAY if self.grouped.waiting else SECOND
            self.wait_for_and_dispatch_events(DROP_INTERVAL if self.waiting.draining else longest)
        if self.at_once:
            self.at_once.flush()
            self.grouped.start()
        self.waiting.draining.drop_some()
        self.waiting.pipelined.start_next()
        return going_on

    def accept(self, listener: socket.socket) -> None:
        """Accept connections; where there is no room, close the one that has waited longest for its client.

        A round accepts several: under load it is long, and hundreds of connections may wait.
        """
        if not self.siblings.should_accept(monotonic()):
            self.set_accept_enabled(False)  # for a round
            self._left_to_siblings = True
            return
        if self.nr_conns >= self.worker_connections and not self.waiting.evict():
            self.set_accept_enabled(False)  # until the next tick
            return
        more = max(MIN_ACCEPTED, self.nr_conns)
        while self._accept_one(listener) and more and self.nr_conns < self.worker_connections and self.siblings.is_near():
            more -= 1

    def _accept_one(self, listener: socket.socket) -> bool:
        """Accept a connection; whether one was waiting."""
        try:
            client, address = listener.accept()
        except OSError as error:
            if error.errno in EXHAUSTED and not self.waiting.evict():
                self.set_accept_enabled(False)
            return False
        self.nr_conns += 1
        self.siblings.tell(self.nr_conns)
        self.waiting.receive(Connection(self.cfg, ClientSocket(client), address, listener.getsockname()))
        return True

    def _take_at_once(self, connection: Connection, data: bytes) -> bool:
        """Whether a request is answered in the loop; a connection that is to be closed is left to a thread."""
        if self.at_once is None or not self.alive or self.nr >= self.max_requests - 1:
            return False
        taken = self.at_once.take(connection, data)
        self.nr += taken or connection.later is not None
        return taken

    def enqueue_req(self, connection: Connection) -> None:
        """Have a thread handle what has arrived of a request."""
        if isinstance(connection.later, Groupable):
            self.grouped.add(connection)
        else:
            self.tpool.submit(self._work, connection)

    def _work(self, connection: Connection) -> None:
        """Handle a request, in a thread, which then hands the connection back to the loop."""
        usable = False
        try:
            connection.keep = self.handle(connection)
            if connection.sock.unsent:
                connection.sock.flush()
            usable = True
        except OSError:
            pass  # the client is gone
        finally:
            self.method_queue.defer(self._handled, connection, usable)

    def _handled(self, connection: Connection, usable: bool) -> None:
        """Continue, in the loop, with a connection that a thread has handed back."""
        self.waiting.pipelined.handled(connection)
        if not usable or connection.sock.taken_over:
            self._closed(connection)
        elif connection.request is not None:
            self.waiting.receive(connection)
        else:
            self.waiting.finish(connection)

    def _group_handled(self, handled: Sequence[tuple[Connection, bool]]) -> None:
        self.grouped.ended(len(handled))
        for connection, usable in handled:
            self._handled(connection, usable)

    def _closed(self, connection: Connection) -> None:
        connection.sock.close()
        self.nr_conns -= 1
        if self.alive:
            self.siblings.tell(self.nr_conns)

    def handle(self, connection: Connection) -> bool:
        """Handle a request that has arrived, or begin to wait for its body; whether the connection may be kept."""
        request, connection.request = connection.request, None
        try:
            if connection.later is not None:
                return self._answer_later(connection)
            if request is None:
                connection.feed()
                request = next(connection.parser)
                if self.bodies.must_wait(connection, request):
                    return True
            else:
                self.bodies.give(connection, request)
            kept = self.handle_request(request, connection) and connection.parser.finish_body()
        except (NoMoreData, StopIteration, ConnectionError, TimeoutError, BlockingIOError) as error:
            self.log.debug("The client is gone, or too slow: %s", error)
        except OSError:
            self.log.exception("The answer could not be sent")
        except Exception as error:  # noqa: BLE001 - the outermost boundary: it is logged and answered
            self.handle_error(request, connection.sock, connection.client, error)
        else:
            return bool(kept)
        return False

    def handle_request(self, request: Any, connection: Connection) -> bool:
        """Have the application answer. A stream ends the connection, which the head of its answer has to say."""
        connection.sock.when_taken_over = request.force_close
        try:
            return bool(super().handle_request(request, connection))
        finally:  # gunicorn sets a timeout, too, where it reads what is left of a body
            connection.sock.when_taken_over = nothing

    def _answer_later(self, connection: Connection) -> bool:
        """Answer a request by the shortcut; the connection is kept unless the process is to stop."""
        assert self.at_once is not None
        connection.inbox.clear()
        kept: bool = self.alive
        connection.sock.put(self.at_once.answer_later(connection, kept=kept))
        return kept

    def _answer_group(self, group: Sequence[Connection]) -> Sequence[Pieces]:
        """The answers to requests that are answered together; the connections are kept unless the process is to stop."""
        assert self.at_once is not None
        kept: bool = self.alive
        for connection in group:
            connection.keep = kept
        try:
            return self.at_once.answer_group(group, kept=kept)
        except Exception as error:  # noqa: BLE001 - the outermost boundary: it is logged and answered
            for connection in group:
                connection.keep = False
            return [[self._problem(connection.client, error)] for connection in group]

    def handle_error(self, request: Any, client: ClientSocket, address: Any, error: Exception) -> None:
        """Answer a request that could not be read, or whose answer was not valid."""
        client.sendall(self._problem(address, error))

    def _problem(self, address: Any, error: Exception) -> bytes:
        request_id = token_hex(16)
        with bound_contextvars(request_id=request_id):  # that of an earlier request may be bound in this thread
            if is_ours(error):
                self.log.error("Error %s while answering a request", request_id, exc_info=error)
            else:
                self.log.warning("Unreadable request %s from %s: %s", request_id, address, error)
        return answer(error, request_id)

"""Answers of any bytes: from an upstream that sends the same to every connection and closes it, or without a network."""

from __future__ import annotations

import contextlib
import io
import socket
import ssl
from types import TracebackType

from inventory.errors import SourceFailure
from inventory.http_client.deadline import Deadline
from inventory.http_client.response_reader import ResponseReader, SocketReader
from tests.upstreams.accepting import read_head, serve_each, stop_accepting


class Raw:
    """`with Raw() as upstream: upstream.answer = b"..."` sends that to each client of `upstream.url()`.

    `context` makes it speak TLS, which it ends with close_notify if `politely`.
    """

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.answer = b""
        self.politely = True
        self._context = context
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Raw:
        self._thread = serve_each(self._listener, self._answer)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        stop_accepting(self._listener)
        self._thread.join(10)

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        """A URL that is answered so."""
        return f"{'https' if self._context else 'http'}://{host}:{self.port}{path}"

    def _answer(self, connection: socket.socket) -> None:
        connection.settimeout(10)
        if self._context is not None:
            self._answer_secretly(self._context, connection)
        elif read_head(connection):
            connection.sendall(self.answer)
            connection.shutdown(socket.SHUT_WR)
            while connection.recv(65_536):  # what is unread when it is closed would reset it
                pass

    def _answer_secretly(self, context: ssl.SSLContext, connection: socket.socket) -> None:
        with context.wrap_socket(connection, server_side=True) as secret:
            if read_head(secret):
                secret.sendall(self.answer)
                if self.politely:
                    with contextlib.suppress(ssl.SSLError, OSError):  # the client may not wait for it
                        secret.unwrap()


class Sent(io.BytesIO):
    """A socket from which these bytes come, as far as `SocketReader` looks at one."""

    recv_into = io.BytesIO.readinto

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0


def reader_of(sent: bytes) -> ResponseReader:
    """What reads these bytes as a response."""
    source, deadline = Sent(sent), Deadline(60)
    reader = SocketReader(source, deadline, lambda error: SourceFailure("", str(error)), timeout=60)  # type: ignore[arg-type]
    return ResponseReader(reader, deadline)

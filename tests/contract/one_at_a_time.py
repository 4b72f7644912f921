"""A server between the tests and one of MongoDB's protocol, which lets FerretDB 1 have one command at a time.

MongoDB changes a document in one step. FerretDB 1 reads it, changes it, and writes it back, and two that do so at once both
succeed. So what the contract says of workers that meet can be tested on it only if their commands do not meet. Other servers
get all that come.
"""

from __future__ import annotations

import socket
import socketserver
import struct
from contextlib import AbstractContextManager, nullcontext, suppress
from threading import Lock, Thread
from typing import Self
from urllib.parse import urlsplit

from pymongo.errors import PyMongoError

from tests.real_mongo import is_ferretdb

HEADER = struct.Struct("<iiii")


class OneAtATime:
    """Listens on a free port of loopback until the block ends; `url` is to be used instead of the server's.

    While `shut`, it drops every connection. A command whose name is in `unanswered` is done, and its answer is lost.
    """

    def __init__(self, server: str) -> None:
        parts = urlsplit(server)
        self._behind = (parts.hostname or "127.0.0.1", parts.port or 27017)
        self._server = server
        self._turn = Lock()
        self._takes_turns: bool | None = None
        self.shut = False
        self.unanswered: tuple[str, ...] = ()
        between = self

        class Connection(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with suppress(OSError, PyMongoError):
                    between.serve(self.request)

        class Listener(socketserver.ThreadingTCPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

        self._listener = Listener(("127.0.0.1", 0), Connection)

    @property
    def url(self) -> str:
        host, port = self._listener.server_address[:2]
        return f"mongodb://{host}:{port}"

    def serve(self, client: socket.socket) -> None:
        """Pass questions and answers on, until an end is reached: `OSError`."""
        turn = self._turns()
        with socket.create_connection(self._behind) as server:
            while not self.shut:
                question = _message(client)
                if self.shut:
                    break
                with turn:
                    server.sendall(question)
                    answer = _message(server)
                if _command(question) in self.unanswered:
                    break
                client.sendall(answer)

    def _turns(self) -> AbstractContextManager[object]:
        """What a command holds. Which server it is can be known only once it runs."""
        if self._takes_turns is None:
            self._takes_turns = is_ferretdb(self._server)
        return self._turn if self._takes_turns else nullcontext()

    def __enter__(self) -> Self:
        Thread(target=self._listener.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown()
        self._listener.server_close()


def _command(message: bytes) -> str:
    """The name of the command in an OP_MSG: that of the first member of its document."""
    return message[26 : message.index(b"\0", 26)].decode("ascii", "replace")


def _message(source: socket.socket) -> bytes:
    """One whole message of MongoDB's wire protocol; `ConnectionError` at the end."""
    header = _read(source, HEADER.size)
    return header + _read(source, HEADER.unpack(header)[0] - HEADER.size)


def _read(source: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size:
        part = source.recv(size - len(parts))
        if not part:
            raise ConnectionError
        parts += part
    return bytes(parts)

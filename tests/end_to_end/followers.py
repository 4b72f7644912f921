"""Clients that follow a job of a running API, each in a thread of its own."""

from __future__ import annotations

import json
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import requests
from wsproto import ConnectionType, WSConnection
from wsproto.events import CloseConnection, Ping, RejectConnection, Request, TextMessage

HANDSHAKE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


@dataclass(frozen=True)
class Told:
    """A message as it arrived, and when."""

    at: float
    event: str
    id: str
    document: dict[str, Any]


@dataclass
class Follower:
    """What a client was told until its stream was closed; `closed` is how."""

    url: str
    last: str = ""
    told: list[Told] = field(default_factory=list)
    closed: object = None

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def wait(self, seconds: float = 120) -> Follower:
        """Return when the stream is closed."""
        self._thread.join(seconds)
        assert not self._thread.is_alive(), f"{self.url} was told {self.told} and nothing more"
        return self

    def _follow(self) -> None:
        """Try until a stream slot is free: those of clients that have just left are free in a moment."""
        attempt = self._listen if self.url.startswith("ws:") else self._read
        while not attempt():
            time.sleep(0.1)

    def _listen(self) -> bool:
        address = urlsplit(self.url)
        assert address.port
        headers = [(b"Last-Event-ID", self.last.encode())] if self.last else []
        protocol = WSConnection(ConnectionType.CLIENT)
        with socket.create_connection(("127.0.0.1", address.port), timeout=60) as connection:
            connection.sendall(protocol.send(Request("localhost", address.path, extra_headers=headers)))
            while True:
                protocol.receive_data(connection.recv(65_536) or None)
                for event in protocol.events():
                    match event:
                        case RejectConnection():
                            assert event.status_code == 503
                            return False
                        case TextMessage():
                            message = json.loads(event.data)
                            self.told.append(Told(time.monotonic(), message["event"], message["id"], message["data"]))
                        case Ping():
                            connection.sendall(protocol.send(event.response()))
                        case CloseConnection():
                            self.closed = int(event.code)
                            connection.sendall(protocol.send(event.response()))
                            return True

    def _read(self) -> bool:
        headers = {"Last-Event-ID": self.last} if self.last else {}
        with requests.get(self.url, stream=True, headers=headers, timeout=60) as answer:
            if answer.status_code == 503:
                return False
            event: dict[str, str] = {}
            for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
                if line:
                    name, _, value = line.partition(": ")
                    event[name] = value
                    continue
                if "data" in event:
                    self.told.append(Told(time.monotonic(), event["event"], event["id"], json.loads(event["data"])))
                event = {}
            self.closed = answer.status_code
        return True


def silent(port: int, path: str, *, websocket: bool = False) -> tuple[socket.socket, int]:
    """A client that asks for a stream, reads the status of the answer and no more; its own system keeps little for it."""
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    client.connect(("127.0.0.1", port))
    client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{HANDSHAKE if websocket else ''}\r\n".encode())
    return client, int(client.recv(12)[9:])

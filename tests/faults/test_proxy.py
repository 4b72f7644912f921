"""The proxy does what it is told, with real sockets."""

from __future__ import annotations

import contextlib
import gc
import socket
import socketserver
import threading
from collections.abc import Iterator

import pytest

from tests.end_to_end.stack import wait_until
from tests.faults.proxy import Proxy


class Echo(socketserver.BaseRequestHandler):
    heard: list[bytes]

    def handle(self) -> None:
        while piece := self.request.recv(1024):
            self.server.heard.append(piece)  # type: ignore[attr-defined]
            self.request.sendall(piece)


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False


@pytest.fixture
def echo() -> Iterator[Server]:
    with Server(("127.0.0.1", 0), Echo) as server:
        server.heard = []  # type: ignore[attr-defined]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture
def proxy(echo: Server) -> Iterator[Proxy]:
    with Proxy(("127.0.0.1", int(echo.server_address[1]))) as proxy:
        yield proxy


def connect(proxy: Proxy, timeout: float = 60.0) -> socket.socket:
    return socket.create_connection(("127.0.0.1", proxy.port), timeout)


def all_of(connection: socket.socket) -> bytes:
    """What comes until the connection ends."""
    got = b""
    try:
        while piece := connection.recv(1024):
            got += piece
    except ConnectionResetError:
        pass
    return got


def test_it_passes_everything_on(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        connection.sendall(b"hello")
        assert connection.recv(100) == b"hello"


def test_it_refuses_and_resets_what_was_open(proxy: Proxy) -> None:
    with connect(proxy) as connection:
        connection.sendall(b"hello")
        connection.recv(100)

        proxy.behave("refuse")

        assert all_of(connection) == b""
        with pytest.raises(ConnectionRefusedError):
            connect(proxy)
        proxy.behave("pass")
        with connect(proxy) as again:
            again.sendall(b"again")
            assert again.recv(100) == b"again"


def test_a_black_hole_takes_everything_and_answers_nothing(proxy: Proxy, echo: Server) -> None:
    proxy.behave("black hole")
    with connect(proxy, timeout=0.3) as connection:
        connection.sendall(b"hello")
        with pytest.raises(TimeoutError):
            connection.recv(100)
        assert echo.heard == []  # type: ignore[attr-defined]
        proxy.behave("pass")
        assert all_of(connection) == b"", "what was swallowed does not come back"


def test_it_delays(proxy: Proxy) -> None:
    proxy.behave("delay", seconds=0.2)
    with connect(proxy, timeout=0.1) as connection:
        connection.sendall(b"hello")
        with pytest.raises(TimeoutError):
            connection.recv(100)
        connection.settimeout(60)
        assert connection.recv(100) == b"hello"


def test_it_cuts_after_so_many_bytes(proxy: Proxy) -> None:
    proxy.behave("cut", replied=3)
    with connect(proxy) as connection:
        connection.sendall(b"hello")
        assert all_of(connection) == b"hel"


def test_it_drops_the_reply_only(proxy: Proxy, echo: Server) -> None:
    proxy.behave("drop replies")
    with connect(proxy) as connection:
        connection.sendall(b"hello")
        assert all_of(connection) == b""
    wait_until(lambda: echo.heard == [b"hello"], "it arrived")  # type: ignore[attr-defined]


def test_it_ends_with_nothing_left_open_while_clients_connect(echo: Server) -> None:
    for some in range(0, 20, 3):
        clients: list[socket.socket] = []
        with Proxy(("127.0.0.1", int(echo.server_address[1]))) as proxy:
            several = threading.Thread(target=connect_several, args=(proxy.port, clients))
            several.start()
            while len(clients) < some:
                pass  # no pause: the proxy is to end while it accepts
        several.join()
        for client in clients:
            client.close()
        del proxy
        gc.collect()  # a connection that nobody closed is a warning, and a warning is a failure


def connect_several(port: int, clients: list[socket.socket]) -> None:
    for _ in range(20):
        client = socket.socket()
        clients.append(client)
        client.settimeout(60)
        with contextlib.suppress(OSError):
            client.connect(("127.0.0.1", port))

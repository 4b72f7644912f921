"""A kept connection carries another request only if nothing came after the last response, wherever it would wait."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import trustme

from inventory import urls
from tests.http_client.conftest import make_fetcher
from tests.upstreams.accepting import read_head, serve_each, stop_accepting

FORGED = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged"
HONEST = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhonest"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

SURPLUS = {
    "all at once": [HEAD + b"hello" + FORGED],
    "with the body": [HEAD, b"hello" + FORGED],
    "with the end of the body": [HEAD + b"he", b"llo" + FORGED],
    "with the last chunk": [CHUNKED, b"5\r\nhello\r\n0\r\n\r\n" + FORGED],
    "where no body is": [b"HTTP/1.1 204 No Content\r\n\r\n" + FORGED],
}


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def upstream(sent: list[bytes], context: ssl.SSLContext | None) -> Iterator[int]:
    """Answers `/first` with these pieces, each a record of TLS, and everything else honestly; the port."""

    def answer(connection: socket.socket) -> None:
        connection.settimeout(20)
        with connection if context is None else context.wrap_socket(connection, server_side=True) as client:
            while head := read_head(client):
                for piece in sent if head.startswith(b"GET /first ") else [HONEST]:
                    client.sendall(piece)

    listener = socket.create_server(("127.0.0.1", 0))
    thread = serve_each(listener, answer)
    try:
        yield listener.getsockname()[1]
    finally:
        stop_accepting(listener)
        thread.join(10)


@pytest.mark.parametrize("sent", SURPLUS.values(), ids=SURPLUS)
@pytest.mark.parametrize("secure", [False, True], ids=["http", "https"])
def test_a_response_that_nobody_asked_for_is_taken_for_no_other(
    authority: trustme.CA, secure: bool, sent: list[bytes]
) -> None:
    trusting, serving = ssl.create_default_context(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.configure_trust(trusting)
    authority.issue_cert("page.test").configure_cert(serving)
    fetcher = make_fetcher(tls=trusting, resolve=lambda host: ["127.0.0.1"])

    with upstream(sent, serving if secure else None) as port:
        page = f"{'https' if secure else 'http'}://page.test:{port}"
        first = fetcher.fetch(urls.parse(f"{page}/first"))
        second = fetcher.fetch(urls.parse(f"{page}/second"))

    assert first.body.content in (b"hello", b"")
    assert second.body.content == b"honest"
    assert not secure or "bytes after the end of the response were ignored" in first.body.defects

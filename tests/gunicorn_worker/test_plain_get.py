"""What is read without gunicorn's parser, that parser reads to the same; everything unusual is left to it."""

from __future__ import annotations

import random
import socket
from contextlib import closing

import pytest
from gunicorn.config import Config
from gunicorn.http import get_parser

from inventory.gunicorn_worker import plain_get
from inventory.gunicorn_worker.arriving import SizedBody, body_of
from inventory.gunicorn_worker.connections import ClientSocket

HEAD = b"GET /a?url=b HTTP/1.1\r\nHost: h:80\r\nAccept: */*\r\nConnection: keep-alive\r\nX-Request-ID: mine\r\n\r\n"
LEFT = [
    b"POST" + HEAD[3:],
    b"HEAD" + HEAD[3:],
    b"\r\n" + HEAD,
    HEAD + b"x",
    HEAD + HEAD,
    HEAD[:-2],
    HEAD.replace(b"\r\n", b"\n"),
    HEAD.replace(b"1.1", b"1.0"),
    HEAD.replace(b"1.1", b"2.0"),
    HEAD.replace(b"/a", b"http://h/a"),
    HEAD.replace(b"/a", b"*"),
    HEAD.replace(b"url=b", b"url=\xc3\xbc"),
    HEAD.replace(b"url=b", b"url=b#c"),
    HEAD.replace(b"GET /", b"GET  /"),
    HEAD.replace(b"mine", b"a\tb"),
    HEAD.replace(b"mine", b"a\x00b"),
    HEAD.replace(b"mine", b"a\rb"),
    HEAD.replace(b"mine", b"a\nb"),
    HEAD.replace(b"mine", b"\xff"),
    HEAD.replace(b"mine", b"a\r\n b"),
    HEAD.replace(b"X-Request-ID:", b"X-Request-ID :"),
    HEAD.replace(b"X-Request-ID:", b"X_Request_ID:"),
    HEAD.replace(b"X-Request-ID:", b":"),
    HEAD.replace(b"X-Request-ID: mine", b"host: h"),
    HEAD.replace(b"X-Request-ID: mine", b"Content-Length: 0"),
    HEAD.replace(b"X-Request-ID: mine", b"Transfer-Encoding: chunked"),
    HEAD.replace(b"X-Request-ID: mine", b"Expect: 100-continue"),
    HEAD.replace(b"X-Request-ID: mine", b"Upgrade: websocket"),
    HEAD.replace(b"X-Request-ID: mine", b"X-Forwarded-Proto: https\r\nX-Forwarded-Ssl: off"),
    HEAD.replace(b"X-Request-ID: mine", b"X-Forwarded-Proto: https\r\nX-Forwarded-Protocol: http"),
    HEAD.replace(b"keep-alive", b"close"),
    HEAD.replace(b"keep-alive", b"Upgrade"),
    HEAD.replace(b"keep-alive", b"keep-alive, x-y"),
    HEAD[:-2] + b"X: " + b"y" * 8_190 + b"\r\n\r\n",
    HEAD[:-2] + b"".join(b"X-%d: y\r\n" % number for number in range(100)) + b"\r\n",
]
PIECES = [
    b"GET", b"POST", b" ", b"  ", b"\t", b"/", b"/a?url=b", b"*", b"HTTP/1.1", b"HTTP/1.0", b"\r\n", b"\n", b"\r",
    b"\r\n\r\n", b"Host: h", b"Host", b"Connection: close", b"Content-Length: 5", b"Content-Length: 0",
    b"Transfer-Encoding: chunked", b"Expect: 100-continue", b"X-Forwarded-Proto: https", b"X-Forwarded-Ssl: off",
    b"X-Forwarded-Protocol: ssl",
    b"X_Y: z", b":", b": ", b"\x00", b"\xff", b"#",
]  # fmt: skip


def gunicorns(head: bytes) -> tuple[str, dict[str, str]] | None:
    """Target and fields by gunicorn's parser, if it is a GET without a body on a connection that is kept."""
    ours, theirs = socket.socketpair()
    with closing(theirs), closing(ClientSocket(ours)) as client:
        client.pushed_back += head
        request = next(get_parser(Config(), client, ("127.0.0.1", 1)))
        if request.method != "GET" or request.should_close():
            return None
        body = body_of(request)
        assert isinstance(body, SizedBody)
        assert body.length == 0
        return request.uri, {name.lower(): value for name, value in request.headers}


@pytest.mark.parametrize(
    "head", [HEAD, HEAD.replace(b": ", b":"), HEAD.replace(b"mine", b""), HEAD.replace(b"mine", b"a  b")]
)
def test_a_plain_get_is_read_as_by_gunicorn(head: bytes) -> None:
    assert plain_get.read(head) == gunicorns(head)


@pytest.mark.parametrize("head", LEFT, ids=repr)
def test_anything_else_is_left_to_gunicorn(head: bytes) -> None:
    assert plain_get.read(head) is None


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_changed_in_a_head_it_is_read_as_by_gunicorn_or_left(seed: int) -> None:
    chance, read = random.Random(seed), 0
    for _ in range(500):
        head = bytearray(HEAD)
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(head))
            head[at : at + chance.choice((0, 0, 1, 5))] = chance.choice((*PIECES, bytes([chance.randrange(256)])))
        plain = plain_get.read(bytes(head))
        if plain is not None:
            read += 1
            assert plain == gunicorns(bytes(head)), head
    assert read

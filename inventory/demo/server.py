"""HTTP/1.1 for a demo upstream: kept connections, requests of each answered one after the other."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from inventory.demo.exchange import Answer, Request
from inventory.demo.upstream import Upstream

MOST_HEAD = 65_536
"""Bytes of a request's head."""
MOST_BODY = 1_048_576
"""Bytes of a request's body, which is read and not looked at."""
UNREADABLE = Answer(
    400, (("Content-Type", "text/plain"), ("Connection", "close")), b"This is no request that is served here."
)

ENDS = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
"""How the end of a client shows, and that of the server: streams of Python 3.11 log a cancelled connection as an error."""


async def serve(upstream: Upstream, host: str, port: int) -> asyncio.Server:
    """Listen; the requests of all connections are the upstream's."""
    return await asyncio.start_server(partial(_converse, upstream), host, port, limit=MOST_HEAD, backlog=1_024)


async def _converse(upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection until either side ends it."""
    try:
        with contextlib.suppress(*ENDS):
            while await _exchange(upstream, reader, writer):
                pass
    finally:
        writer.close()


async def _exchange(upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer one request; whether another one may follow."""
    try:
        request = _read(await reader.readuntil(b"\r\n\r\n"))
        size = int(request.headers.get("content-length", "0"))
        if not 0 <= size <= MOST_BODY:
            raise ValueError("too much to read")
    except (ValueError, asyncio.LimitOverrunError):
        writer.write(UNREADABLE.encode())
        return False
    answer = upstream.respond(request)
    await reader.readexactly(size)
    await asyncio.sleep(answer.wait)
    writer.write(answer.encode(with_body=request.method != "HEAD"))
    await writer.drain()
    return answer.cut is None and request.headers.get("connection", "").lower() != "close"


def _read(head: bytes) -> Request:
    """The request of a head; `ValueError` if it is none."""
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, version = first.split(" ")
    if not version.startswith("HTTP/1.") or not target.startswith("/"):
        raise ValueError("neither HTTP/1.0 nor HTTP/1.1")
    return Request(
        method, target, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    )

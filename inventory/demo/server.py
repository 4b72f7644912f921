"""HTTP/1.1 for a demo upstream: connections are kept, and the requests of each are answered in order."""

from __future__ import annotations

import asyncio
import contextlib
from functools import partial

from inventory.demo.exchange import Request, Response
from inventory.demo.upstream import Upstream

MAX_HEAD = 65_536
"""Bytes of a request's head."""
MAX_BODY = 1_048_576
"""Bytes of a request's body, which is read and ignored."""
UNREADABLE = Response(
    400, (("Content-Type", "text/plain"), ("Connection", "close")), b"This is not a request that is served here."
)

ENDS = (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError)
"""How a client or the server ends a connection. Python 3.11 would log a cancelled one as an error."""


async def serve(upstream: Upstream, host: str, port: int) -> asyncio.Server:
    """Listen, and have the upstream answer the requests of all connections."""
    return await asyncio.start_server(partial(_serve_connection, upstream), host, port, limit=MAX_HEAD, backlog=1_024)


async def _serve_connection(upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the requests of one connection until either side ends it."""
    try:
        with contextlib.suppress(*ENDS):
            while await _exchange(upstream, reader, writer):
                pass
    finally:
        writer.close()


async def _exchange(upstream: Upstream, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
    """Answer one request; whether another may follow."""
    try:
        request = _read(await reader.readuntil(b"\r\n\r\n"))
        size = int(request.headers.get("content-length", "0"))
        if not 0 <= size <= MAX_BODY:
            raise ValueError("too much to read")
    except (ValueError, asyncio.LimitOverrunError):
        writer.write(UNREADABLE.encode())
        return False
    answer = upstream.respond(request)
    await reader.readexactly(size)
    await asyncio.sleep(answer.wait)
    writer.write(answer.encode(with_body=request.method != "HEAD"))
    await writer.drain()
    return answer.disconnect is None and request.headers.get("connection", "").lower() != "close"


def _read(head: bytes) -> Request:
    """The request with this head; `ValueError` if it is malformed."""
    first, *lines = head.decode("latin-1").split("\r\n")[:-2]
    method, target, version = first.split(" ")
    if not version.startswith("HTTP/1.") or not target.startswith("/"):
        raise ValueError("neither HTTP/1.0 nor HTTP/1.1")
    return Request(
        method, target, {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    )

"""How servers of asyncio end, in tests, without leaving connections open."""

from __future__ import annotations

import asyncio


async def close(server: asyncio.Server) -> None:
    """Accept no more and close the server, once the connections that it has just accepted are made.

    `Server.close` alone loses those connections in Python 3.11: their sockets stay open until they are collected as garbage
    (https://github.com/python/cpython/issues/109564).
    """
    loop = asyncio.get_running_loop()
    for listening in server.sockets:
        loop.remove_reader(listening.fileno())
    for _ in range(5):  # the turns of the loop from accept to connection_made, and some
        await asyncio.sleep(0)
    server.close()

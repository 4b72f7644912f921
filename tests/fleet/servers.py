"""Servers of many named sites on loopback, over HTTP and HTTPS, and a transport that finds them."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from types import TracebackType

from inventory.http_client.transport import Request, Response, Transport

Answer = Callable[[str, str | None], bytes]
"""The response of a host to a request with that `If-None-Match`."""


class Servers:
    """`with Servers(addresses, answer) as servers:` serves named hosts until the block ends.

    Each address has a port for HTTP and one for HTTPS. `certificates` has what each host speaks TLS by, and may be changed.
    """

    def __init__(self, addresses: Sequence[str], answer: Answer) -> None:
        self.certificates: dict[str, ssl.SSLContext] = {}
        self.ports: dict[tuple[str, str], int] = {}
        self._addresses = addresses
        self._answer = answer
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="servers", daemon=True)

    def __enter__(self) -> Servers:
        self._thread.start()
        assert self._ready.wait(10), "the servers did not start within 10 s"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.sni_callback = self._choose
        servers = [
            self._loop.run_until_complete(self._listen(address, scheme, context))
            for address in self._addresses
            for scheme, context in (("http", None), ("https", tls))
        ]
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._shut(servers))
        self._loop.close()

    async def _listen(self, address: str, scheme: str, context: ssl.SSLContext | None) -> asyncio.Server:
        server = await asyncio.start_server(self._respond, address, 0, ssl=context, backlog=1_000)
        self.ports[address, scheme] = server.sockets[0].getsockname()[1]
        return server

    async def _shut(self, servers: Sequence[asyncio.Server]) -> None:
        for server in servers:
            server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, host: str | None, _context: ssl.SSLContext) -> None:
        connection.context = self.certificates[host or ""]

    async def _respond(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request of a connection, which is closed after it."""
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            lines = (line.partition(":") for line in head.split("\r\n")[1:])
            headers = {name.lower(): value.strip() for name, _, value in lines}
            writer.write(self._answer(headers["host"], headers.get("if-none-match")))
            await writer.drain()
        finally:
            writer.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A transport that connects to the ports of servers in place of 80 and 443, which only root may listen on."""

    transport: Transport
    addresses: Mapping[str, str]
    ports: Mapping[tuple[str, str], int]

    def send(self, request: Request) -> Response:
        url = request.url
        port = self.ports[self.addresses[url.host], url.scheme]
        return self.transport.send(replace(request, url=replace(url, port=port)))

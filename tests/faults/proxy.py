"""A TCP proxy that misbehaves on command: it stands in front of Redis and of the store's server."""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import threading
from dataclasses import dataclass
from typing import Literal, Self

from tests.accepting import close

Mode = Literal["pass", "refuse", "black hole", "delay", "slow replies", "cut", "drop replies"]


@dataclass(frozen=True)
class Behaviour:
    """What the proxy does from now on.

    `refuse`: nobody listens, and open connections are reset. `black hole`: bytes are taken and go nowhere. `delay`: each
    piece waits `seconds`. `slow replies`: each piece of a reply waits for `seconds` at most, and a quarter of that at least;
    those of several connections wait beside each other. `cut`: a connection is reset after `replied` bytes of replies.
    `drop replies`: requests arrive and are carried out, then the connection is reset instead of the reply.
    """

    mode: Mode = "pass"
    seconds: float = 0.2
    replied: int = 100


class Proxy:
    """`with Proxy(("127.0.0.1", 6379)) as proxy:` listens on `proxy.port` of loopback until the block ends."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.connections = 0
        # Bound, and never listening: it keeps the port while nobody listens.
        self._placeholder = _bound(0)
        self.port: int = self._placeholder.getsockname()[1]
        self._behaviour = Behaviour()
        self._rng = random.Random(7)
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._server: asyncio.Server | None = None

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self.behave("refuse")
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)
        self._loop.close()
        self._placeholder.close()

    def behave(self, mode: Mode = "pass", *, seconds: float = 0.2, replied: int = 100) -> None:
        """Do this from now on; connections that were swallowed or half cut are reset on the way."""
        self._do(self._change(Behaviour(mode, seconds, replied)))

    def _do(self, step: object) -> None:
        asyncio.run_coroutine_threadsafe(step, self._loop).result(10)  # type: ignore[arg-type]

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accepted, sock=_bound(self.port), backlog=512)

    async def _end(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._open:
            writer.transport.abort()
        for _ in range(2):
            await asyncio.sleep(0)

    async def _change(self, behaviour: Behaviour) -> None:
        before, self._behaviour = self._behaviour, behaviour
        if behaviour.mode == "refuse" and self._server is not None:
            server, self._server = self._server, None
            await close(server)
        if "refuse" in (before.mode, behaviour.mode) or before.mode == "black hole":
            for writer in list(self._open):
                writer.transport.abort()
        if behaviour.mode != "refuse" and self._server is None:
            await self._listen()

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Know the connection before its task begins: one that is cancelled before that runs nothing, not even `finally`."""
        self.connections += 1
        self._open.add(writer)
        task = self._loop.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server = None
        try:
            answers, server = await asyncio.open_connection(*self.target)
            self._open.add(server)
            pumps = [
                asyncio.create_task(self._requests(reader, server)),
                asyncio.create_task(self._replies(answers, writer)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
                with contextlib.suppress(asyncio.CancelledError, OSError):
                    await pump
        except OSError:
            pass  # nobody listens there: the client finds its connection reset
        finally:
            for end in (writer, server):
                if end is not None:
                    self._open.discard(end)
                    end.transport.abort()

    async def _requests(self, reader: asyncio.StreamReader, server: asyncio.StreamWriter) -> None:
        while piece := await reader.read(65536):
            if self._behaviour.mode == "black hole":
                continue
            if self._behaviour.mode == "delay":
                await asyncio.sleep(self._behaviour.seconds)
            server.write(piece)
            await server.drain()

    async def _replies(self, answers: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        replied = 0
        while piece := await answers.read(65536):
            behaviour = self._behaviour
            if behaviour.mode == "black hole":
                continue
            if behaviour.mode == "drop replies":
                return
            if behaviour.mode == "delay":
                await asyncio.sleep(behaviour.seconds)
            if behaviour.mode == "slow replies":
                await asyncio.sleep(self._rng.uniform(behaviour.seconds / 4, behaviour.seconds))
            if behaviour.mode == "cut":
                piece = piece[: max(0, behaviour.replied - replied)]
                replied += len(piece)
            writer.write(piece)
            await writer.drain()
            if behaviour.mode == "cut" and replied >= behaviour.replied:
                return


def _bound(port: int) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    return bound

"""The demo upstreams in a thread of their own, and requests to them without a network."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from inventory.demo import addresses
from inventory.demo.exchange import Request, Response
from inventory.demo.upstream import Upstream
from inventory.demo.upstreams import Choices, build, listen, listening_on

NOW = datetime(2026, 1, 31, 12, 7, 0, tzinfo=UTC)
AUTHORITY = "127.0.0.1:1"


class Time:
    """A clock that only tests move."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def unserved(choices: Choices = Choices(), clock: Time | None = None) -> Mapping[str, Upstream]:  # noqa: B008
    """The upstreams without a network, with a clock of their own."""
    return build(choices, clock=clock or Time(), now=lambda: NOW)


def ask(upstream: Upstream, target: str, method: str = "GET", **headers: str) -> Response:
    """The answer of an upstream to one request."""
    return upstream.respond(Request(method, target, {"host": AUTHORITY} | headers))


def document(answer: Response) -> Any:
    return json.loads(answer.body)


@contextmanager
def served(choices: Choices = Choices()) -> Iterator[Mapping[str, str]]:  # noqa: B008
    """The URLs of upstreams that are served until the block ends."""
    started, ports = threading.Event(), dict.fromkeys(addresses.NAMES, 0)
    loop, stopped = asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        servers = await listen(build(choices), ports)
        ports.update(listening_on(servers))
        started.set()
        await stopped.wait()
        for server in servers.values():
            server.close()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    assert started.wait(120)
    try:
        yield addresses.urls(ports)
    finally:
        loop.call_soon_threadsafe(stopped.set)
        thread.join(60)

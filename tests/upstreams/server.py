"""An HTTP/1.1 server in a thread of its own: kept connections, counted requests, answers that tests can script."""

from __future__ import annotations

import asyncio
import threading
import time
from bisect import bisect_left
from collections import Counter, defaultdict, deque
from types import TracebackType

from tests.accepting import close
from tests.upstreams.answers import Answer, Request, answer_to

KEPT_REQUESTS = 10_000
"""How many of the latest requests can be looked at."""


class Upstream:
    """`with Upstream() as upstream:` serves the routes of `answers` on loopback until the block ends.

    >>> upstream.url("/page")               # "http://127.0.0.1:40123/page"
    >>> upstream.count("/page")             # how often that path was asked for
    >>> upstream.script("/a", Answer(503))  # the next request of that path gets this; then the routes again
    >>> upstream.hold("/b")                 # requests of that path wait until release("/b")
    """

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self.host, self.port = host, port
        self.requests: deque[Request] = deque(maxlen=KEPT_REQUESTS)
        self.arrivals: deque[float] = deque(maxlen=KEPT_REQUESTS)
        self.connections = 0
        self._counts: Counter[str] = Counter()
        self._scripts: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self._gates: dict[str, asyncio.Event] = {}
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._serve, name="upstream", daemon=True)
        self._ready = threading.Event()
        self._open: set[asyncio.Transport] = set()

    def __enter__(self) -> Upstream:
        self._thread.start()
        if not self._ready.wait(60):
            raise RuntimeError("the upstream did not start within 10 s")
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(60)

    def url(self, path: str = "/page", *, host: str | None = None) -> str:
        """The URL of a path, under another name of this host if one is given."""
        name = host or self.host
        return f"http://{f'[{name}]' if ':' in name else name}:{self.port}{path}"

    def count(self, path: str | None = None) -> int:
        """How many requests there were: of this path (without query), or of all."""
        with self._changed:
            return self._counts[path] if path is not None else self._counts.total()

    def most_within(self, seconds: float) -> int:
        """The most requests within any period of so many seconds."""
        with self._changed:
            arrivals = list(self.arrivals)
        return max((bisect_left(arrivals, begun + seconds) - at for at, begun in enumerate(arrivals)), default=0)

    def wait_for(self, path: str, count: int = 1, timeout: float = 120.0) -> bool:
        """Wait until that many requests of the path have come; False when they did not in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._counts[path] >= count, timeout)

    def script(self, path: str, *answers: Answer) -> None:
        """Answer the next requests of a path with these, in order."""
        self._scripts[path].extend(answers)

    def hold(self, path: str) -> None:
        """Keep the answers to a path back until `release`."""
        self._gates[path] = asyncio.Event()

    def release(self, path: str) -> None:
        """Send the responses of a path that were held back."""
        self._loop.call_soon_threadsafe(self._gates.pop(path).set)

    def drop_connections(self) -> None:
        """Close every kept connection from this side."""
        self._loop.call_soon_threadsafe(lambda: [transport.abort() for transport in list(self._open)])

    def respond(self, request: Request) -> tuple[Answer, asyncio.Event | None]:
        """Count the request and choose its answer; the event, if any, is what holds it back."""
        with self._changed:
            self.requests.append(request)
            self.arrivals.append(time.monotonic())
            self._counts[request.path] += 1
            self._changed.notify_all()
        script = self._scripts.get(request.path)
        return (script.popleft() if script else answer_to(request)), self._gates.get(request.path)

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Connection(self), self.host, self.port, backlog=4096, reuse_address=True)
        )
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(self._shut(server))
        self._loop.close()

    async def _shut(self, server: asyncio.Server) -> None:
        await close(server)
        for transport in list(self._open):
            transport.abort()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        for _ in range(2):
            await asyncio.sleep(0)


class _Connection(asyncio.Protocol):
    """One connection: requests are answered one after the other."""

    def __init__(self, upstream: Upstream) -> None:
        self._upstream = upstream
        self._buffer = b""
        self._busy: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._upstream.connections += 1
        self._upstream._open.add(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._upstream._open.discard(self._transport)
        if self._busy is not None:
            self._busy.cancel()

    def data_received(self, received: bytes) -> None:
        self._buffer += received
        self._take_request()

    def _take_request(self) -> None:
        while self._busy is None and b"\r\n\r\n" in self._buffer:
            head, _, rest = self._buffer.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            method, target, _ = first.split(" ", 2)
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
            size = int(headers.get("content-length", "0"))
            if len(rest) < size:
                return
            self._buffer = rest[size:]
            request = Request(method, target, headers, rest[:size])
            answer, gate = self._upstream.respond(request)
            if answer.wait or gate:
                self._busy = asyncio.get_running_loop().create_task(self._answer_later(request, answer, gate))
            else:
                self._send(request, answer)

    async def _answer_later(self, request: Request, answer: Answer, gate: asyncio.Event | None) -> None:
        await asyncio.sleep(answer.wait)
        if gate is not None:
            await gate.wait()
        self._send(request, answer)
        self._busy = None
        self._take_request()

    def _send(self, request: Request, answer: Answer) -> None:
        if answer.lost:
            self._transport.abort()
            return
        self._transport.write(answer.encode(with_body=request.method != "HEAD"))
        if request.headers.get("connection", "").lower() == "close":
            self._transport.close()

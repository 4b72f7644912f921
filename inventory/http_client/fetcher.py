"""One collection from the outside: a GET, its redirects, the body, and everything that was seen on the way."""

from __future__ import annotations

import os
import ssl
import threading
from collections.abc import Mapping
from datetime import datetime

from inventory.clock import Clock, utc_now
from inventory.errors import SourceFailure
from inventory.http_client import cookies, redirects
from inventory.http_client.adapter import GuardedAdapter, default_tls
from inventory.http_client.body import read_body
from inventory.http_client.connector import Exchange, Road
from inventory.http_client.deadline import Deadline
from inventory.http_client.failures import FOREIGN, failure_of
from inventory.http_client.fetched import Fetched, Hop, Timing, Validators
from inventory.http_client.guard import Guard
from inventory.http_client.jar import Jar
from inventory.http_client.resolver import Resolve, Resolver, resolve
from inventory.http_client.retry_after import host_pause
from inventory.rate_limits.calls import Calls
from inventory.urls import Url

__all__ = ["Fetched", "Fetcher", "Hop", "Resolve", "Timing", "Validators", "resolve"]

REQUEST_HEADERS: Mapping[str, str] = {
    "User-Agent": "Inventory/0.1 (HTTP metadata inventory)",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}

_STALE = frozenset({"invalid_response", "incomplete_response"})
"""How a request fails on a kept connection that the upstream closed at that moment."""


class Fetcher:
    """Fetches URLs where the guard allows it. Threads may share it; its kept connections do not cross a fork.

    `deadline` is in seconds and covers a whole collection; `body_limit` is in bytes, decoded. A request comes out of the
    budget of its host, whatever the port: nobody gets more by naming many ports. Without `resend`, a request that a kept
    connection did not carry is not made again: the upstream may have counted it.
    """

    def __init__(
        self,
        guard: Guard,
        *,
        deadline: float,
        body_limit: int,
        resolve: Resolve = resolve,
        max_redirects: int = 5,
        tls: ssl.SSLContext | None = None,
        resend: bool = True,
        clock: Clock = utc_now,
    ) -> None:
        self._guard = guard
        self._deadline = deadline
        self._body_limit = body_limit
        self._resolve = resolve
        self._max_redirects = max_redirects
        self._tls = tls
        self._resend = resend
        self._clock = clock
        self._lock = threading.Lock()
        self._made: tuple[int, GuardedAdapter] | None = None

    def fetch(
        self,
        url: Url,
        headers: Mapping[str, str] | None = None,
        *,
        validators: Validators | None = None,
        calls: Calls | None = None,
    ) -> Fetched:
        """GET a URL and follow its redirects, each request as `calls` permit. Raises `SourceFailure`, and their `Deferred`.

        `headers` are sent besides our own; with `validators` the answer may be a 304.
        """
        if calls is not None:
            calls.begin(url.host)
        self._adapter()  # made on first use, which must not count as the upstream's time
        sent = {**REQUEST_HEADERS, **(headers or {})}
        trip = _Trip(url, sent, validators, Deadline(self._deadline), self._clock())
        try:
            return self._collect(trip, calls)
        except SourceFailure as failure:
            if failure.evidence:
                failure.evidence = {"host": trip.url.host, **failure.evidence}
            raise

    def _collect(self, trip: _Trip, calls: Calls | None) -> Fetched:
        exchange = self._follow(trip, calls)
        try:
            headed = trip.deadline.now()
            body = read_body(exchange.answer, self._body_limit)
        except FOREIGN as error:
            raise failure_of(error, exchange.url.host) from error
        finally:
            exchange.finish()
        return Fetched(tuple(trip.hops[:-1]), trip.hops[-1], body, exchange.answer.trailers, trip.timing(headed))

    def _follow(self, trip: _Trip, calls: Calls | None) -> Exchange:
        """Ask until an answer is no redirect; that answer, its body unread."""
        while True:
            exchange = self._ask(trip)
            trip.note(exchange)
            if calls is not None and (pause := host_pause(exchange.answer.head, self._clock())) is not None:
                calls.paused(pause)
            location = redirects.location(exchange.answer.head)
            if location is None:
                return exchange
            exchange.finish()
            if len(trip.hops) > self._max_redirects:
                start = trip.hops[0].url.host
                raise SourceFailure(
                    "too_many_redirects", f"{start} redirects more than {self._max_redirects} times", permanent=True
                )
            trip.url = redirects.following(trip.url, location)
            if calls is not None:
                calls.begin(trip.url.host)

    def _ask(self, trip: _Trip) -> Exchange:
        """One request, its response read up to the body; on a fresh connection if a kept one turns out to be closed."""
        while True:
            exchange = trip.exchange()
            try:
                self._send(exchange)
            except SourceFailure as failure:
                if exchange.connected or not self._resend or failure.code not in _STALE:
                    raise
            else:
                return exchange

    def _send(self, exchange: Exchange) -> None:
        try:
            self._adapter().exchange(exchange)
        except FOREIGN as error:
            raise failure_of(error, exchange.url.host) from error

    def _adapter(self) -> GuardedAdapter:
        """This process's connections: a fork must not share its parent's."""
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                road = Road(self._guard, Resolver(self._resolve), self._tls or default_tls())
                self._made = os.getpid(), GuardedAdapter(road)
            return self._made[1]


class _Trip:
    """One collection on its way: where it is, and what it has seen."""

    def __init__(
        self, url: Url, headers: Mapping[str, str], validators: Validators | None, deadline: Deadline, now: datetime
    ) -> None:
        self.url = url
        self._validators = validators
        self.deadline = deadline
        self.hops: list[Hop] = []
        self._headers = headers
        self._now = now
        self._begun = deadline.now()
        self._jar = Jar()
        self._cookies = 0
        self._exchanges: list[Exchange] = []

    def exchange(self) -> Exchange:
        """The next request: to the current URL, with the cookies that the hops before it set."""
        headers = {"Host": self.url.authority, **self._headers}
        if self._validators is not None:
            headers |= self._validators.headers(self.url)
        if cookie := self._jar.header(self.url):
            headers["Cookie"] = cookie
        return Exchange(self.url, headers, self.deadline)

    def note(self, exchange: Exchange) -> None:
        """Keep what an exchange has shown."""
        head = exchange.answer.head
        lines = head.values("set-cookie")
        room = max(0, cookies.MAX_COOKIES - self._cookies)
        self._cookies += len(lines)
        found = tuple(cookies.parse(line, exchange.url) for line in lines[:room])
        self._exchanges.append(exchange)
        kept, unread = self._jar.keep(found, self._now), len(lines) - len(found)
        self.hops.append(Hop(exchange.url, head, kept, exchange.remote_address, exchange.tls, unread))

    def timing(self, headed: float) -> Timing:
        """How long it took; `headed` is when the last head was complete."""
        ended = self.deadline.now()
        made = self._exchanges
        return Timing(
            elapsed_ms=_milliseconds(ended - self._begun),
            dns_ms=_milliseconds(sum(one.dns for one in made)),
            connect_ms=_milliseconds(sum(one.connecting for one in made)),
            tls_ms=_milliseconds(sum(one.handshake for one in made)),
            first_byte_ms=_milliseconds(sum(one.waited for one in made)),
            body_ms=_milliseconds(ended - headed),
        )


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)

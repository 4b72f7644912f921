"""Fetches a URL: a GET, its redirects, the body, and everything that was observed on the way."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from inventory.clock import Clock, utc_now
from inventory.errors import SourceFailure
from inventory.http_client import cookies, redirects
from inventory.http_client.body import Body, read_body
from inventory.http_client.cookies import Cookie
from inventory.http_client.deadline import Deadline
from inventory.http_client.fetched import Fetched, Hop, RedirectsFailed, Timing, Validators
from inventory.http_client.head import Fields, Head
from inventory.http_client.hsts import StrictHosts
from inventory.http_client.jar import Jar
from inventory.http_client.retry_after import host_pause
from inventory.http_client.transport import Request, RequestTiming, Response, Transport
from inventory.rate_limits.calls import Calls
from inventory.urls import Url

REQUEST_HEADERS: Mapping[str, str] = {
    "User-Agent": "Inventory/0.1 (HTTP metadata inventory)",
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br, zstd",
}


MAX_REDIRECT_CHARACTERS = 2 * 1024 * 1024
"""Of the heads of redirects that a collection holds: no fewer than what a snapshot keeps of their lines."""


@dataclass(frozen=True, slots=True)
class Fetcher:
    """Fetches URLs through a transport. Threads may share it.

    `deadline` is in seconds and covers a whole collection; `body_limit` is in bytes, decoded. With `keep_wire` a coded body
    comes as it was sent, too.
    """

    transport: Transport
    deadline: float
    body_limit: int
    max_redirects: int = 20
    clock: Clock = utc_now
    keep_wire: bool = False

    def fetch(
        self,
        url: Url,
        headers: Mapping[str, str] | None = None,
        *,
        validators: Validators | None = None,
        calls: Calls | None = None,
    ) -> Fetched:
        """GET a URL and follow its redirects, each request as `calls` permit. Raises `SourceFailure`, and their `Deferred`.

        `headers` are sent besides our own; with `validators` the response may be a 304. After redirects the failure is a
        `RedirectsFailed`.
        """
        if calls is not None:  # the budget is the host's, whatever the port: nobody gets more by naming many ports
            calls.begin(url.host)
        sent = {**REQUEST_HEADERS, **(headers or {})}
        chain = _RedirectChain(url, sent, validators, Deadline(self.deadline), self.clock())
        try:
            response = self._follow(chain, calls)
            try:
                head_read_at = chain.deadline.now()
                room = None if calls is None else calls.room
                body = read_body(response.reader, self.body_limit, room, chain.deadline, keep_wire=self.keep_wire)
            finally:
                response.close()
        except SourceFailure as failure:
            if failure.evidence:
                failure.evidence = {"host": chain.url.host, **failure.evidence}
            if chain.redirects:
                raise RedirectsFailed(failure, chain.redirects) from failure
            raise
        return chain.fetched(response, body, head_read_at)

    def _follow(self, chain: _RedirectChain, calls: Calls | None) -> Response:
        """Send requests until a response is not a redirect; returns it with its body unread."""
        while True:
            response = self.transport.send(chain.request())
            now = self.clock()
            if chain.refuses_conditions(response.head, now):
                response.close()
                chain.drop_conditions(response)
                if calls is not None:
                    calls.begin(chain.url.host)
                continue
            chain.add(response)
            if calls is not None and (pause := host_pause(response.head, now)) is not None:
                calls.paused(pause)
            location = redirects.location(response.head)
            if location is None:
                return response
            response.close()
            chain.redirects = tuple(chain.hops)
            if len(chain.hops) > self.max_redirects:
                start = chain.hops[0].url.host
                raise SourceFailure(
                    "too_many_redirects", f"{start} redirects more than {self.max_redirects} times", permanent=True
                )
            chain.follow(location)
            if calls is not None:
                calls.redirected(chain.url)


class _RedirectChain:
    """The requests of one collection: where it is, and what it has observed."""

    def __init__(
        self, url: Url, headers: Mapping[str, str], validators: Validators | None, deadline: Deadline, now: datetime
    ) -> None:
        self.url = url
        self.deadline = deadline
        self.hops: list[Hop] = []
        self.redirects: tuple[Hop, ...] = ()
        self._headers = headers
        self._validators = validators
        self._now = now
        self._begun = deadline.now()
        self._jar = Jar()
        self._strict_hosts = StrictHosts()
        self._cookies = 0
        self._timing = RequestTiming()
        self._room = MAX_REDIRECT_CHARACTERS
        self._refusal: Head | None = None
        self._sent: Fields = ()
        self._refused: Fields = ()

    def request(self) -> Request:
        """The next request: to the current URL, with the cookies that the hops before it set."""
        headers = {"Host": self.url.authority, **self._headers, **self._conditions()}
        if cookie := self._jar.header(self.url):
            headers["Cookie"] = cookie
        self._sent = tuple(headers.items())
        return Request(url=self.url, headers=headers, deadline=self.deadline)

    def _conditions(self) -> dict[str, str]:
        return {} if self._validators is None else self._validators.headers(self.url)

    def refuses_conditions(self, head: Head, now: datetime) -> bool:
        """Whether a conditional request failed, and may be sent again at once without its conditions."""
        failed = head.status in (400, 412) or head.status >= 500
        return failed and bool(self._conditions()) and host_pause(head, now) is None

    def drop_conditions(self, refusal: Response) -> None:
        """Send no conditions any more, and keep the head that is the reason for the next response."""
        self._validators = None
        self._timing += refusal.timing
        self._refusal, self._refused = refusal.head, self._sent

    def add(self, response: Response) -> None:
        """Note a response and its cookies."""
        conditional = bool(self._conditions())
        head, refusal, refused = response.head, self._refusal, self._refused
        self._refusal, self._refused = None, ()
        self._strict_hosts.note(self.url, head)
        found, unread = self._read_cookies([head] if refusal is None else [refusal, head])
        kept = self._jar.keep(found, self._now)
        if added := (*redirects.defects(head), *_refusal_defects(refusal)):
            head = replace(head, defects=(*head.defects, *added))
        self._timing += response.timing
        self.hops.append(
            Hop(
                self.url,
                head,
                kept,
                response.remote_address,
                response.tls,
                unread_cookies=unread,
                conditional=conditional,
                refusal=refusal,
                sent=self._sent,
                refused=refused,
            )
        )

    def _read_cookies(self, heads: Iterable[Head]) -> tuple[list[Cookie], int]:
        """The cookies of responses of the current URL, in the order received, and how many were left unread."""
        found: list[Cookie] = []
        unread = 0
        for head in heads:
            for one in (*head.interim, head):
                lines = one.values("set-cookie")
                read = lines[: max(0, cookies.MAX_COOKIES - self._cookies)]
                self._cookies += len(read)
                unread += len(lines) - len(read)
                found += [cookies.parse(line, self.url, interim=one is not head) for line in read]
        return found, unread

    def follow(self, location: str) -> None:
        """Go where a redirect leads; `SourceFailure` if nothing may be fetched there.

        The heads of all redirects are held at once, so they share a limit.
        """
        head = self.hops[-1].head.within(self._room)
        self._room = max(0, self._room - head.size)
        self.hops[-1] = replace(self.hops[-1], head=head)
        self.url = self._strict_hosts.secured(redirects.following(self.url, location))

    def fetched(self, final: Response, body: Body, head_read_at: float) -> Fetched:
        """The whole collection; `head_read_at` is when the last head was complete."""
        ended, waited = self.deadline.now(), self.deadline.extended
        spent = self._timing
        timing = Timing(
            elapsed_ms=_milliseconds(ended - self._begun - waited),
            dns_ms=_milliseconds(spent.dns),
            connect_ms=_milliseconds(spent.connect),
            tls_ms=_milliseconds(spent.tls),
            first_byte_ms=_milliseconds(spent.first_byte),
            body_ms=_milliseconds(ended - head_read_at - waited),
            waited_ms=_milliseconds(waited),
        )
        return Fetched(tuple(self.hops[:-1]), self.hops[-1], body, final.reader.trailers, timing)


def _refusal_defects(refusal: Head | None) -> tuple[str, ...]:
    """What a response without conditions tells of the one with them."""
    if refusal is None:
        return ()
    told = f"with conditions it answered {refusal.status}; this is its answer without them"
    return (told, *(f"with conditions: {defect}" for defect in refusal.defects))


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1000, 1)

"""One demo upstream: a site, its random failures, its rate limit and its counts.

It has three more routes, which are neither counted nor limited: `GET /_counts`, `GET /_log` (the latest requests), and
`POST /_switch?dead=true`, which makes it cut every connection without an answer until `?dead=false`.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from inventory.demo.exchange import Disconnect, Request, Response, Site, as_json, seeded

SECOND = 1.0
KEPT_REQUESTS = 2_000
BEFORE_RESPONSE = Response(status=502, disconnect=Disconnect.BEFORE)


@dataclass(frozen=True, slots=True)
class Trouble:
    """The share of requests that fail, and the bounds of the delay of each, in seconds."""

    failures: float = 0.0
    fastest: float = 0.005
    slowest: float = 0.05

    def failure(self, rng: random.Random) -> Response | None:
        """How a request fails; None if it does not."""
        if rng.random() >= self.failures:
            return None
        weights = {
            as_json({"error": "internal server error"}, 500): 4,
            as_json({"error": "overloaded"}, 503, (("Retry-After", "1"),)): 3,
            BEFORE_RESPONSE: 1,
            Response(200, (("Content-Type", "application/json"),), b"{" + b" " * 998 + b"}", disconnect=Disconnect.AMID): 2,
        }
        return rng.choices(list(weights), list(weights.values()))[0]


class Window:
    """The requests of the last second, without those that came a whole second ago."""

    def __init__(self) -> None:
        self._instants: deque[float] = deque()

    def count(self, now: float) -> int:
        """How many came in the second that ends now."""
        while self._instants and self._instants[0] <= now - SECOND:
            self._instants.popleft()
        return len(self._instants)

    def add(self, now: float) -> int:
        """Add one that comes now; how many there are with it."""
        self._instants.append(now)
        return self.count(now)

    def wait_for_room(self, now: float) -> float:
        """Seconds until the oldest one no longer counts."""
        return self._instants[0] + SECOND - now


class Upstream:
    """Answers requests, one at a time; `limit` is how many a second it accepts, None for any number.

    Only accepted requests count towards the limit, so that `Retry-After` holds. The worst second counts all requests.
    """

    def __init__(
        self,
        name: str,
        site: Site,
        *,
        seed: int,
        clock: Callable[[], float],
        trouble: Trouble = Trouble(),
        limit: int | None = None,
        dead: bool = False,
    ) -> None:
        self.name = name
        self._site = site
        self._seed = seed
        self._clock = clock
        self._trouble = trouble
        self._limit = limit
        self._dead = dead
        self._arrived, self._accepted_times = Window(), Window()
        self._tally: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._worst = 0
        self._log: deque[tuple[float, str, str]] = deque(maxlen=KEPT_REQUESTS)

    def respond(self, request: Request) -> Response:
        """Count a request and answer it."""
        if request.path in CONTROLS:
            return CONTROLS[request.path](self, request)
        now = self._clock()
        self._tally["requests"] += 1
        self._worst = max(self._worst, self._arrived.add(now))
        answer = BEFORE_RESPONSE if self._dead else self._refusal(now) or self._accepted(request, now)
        outcome = "cut" if answer.disconnect else str(answer.status)
        self._statuses[outcome] += 1
        self._tally["asked_to_wait_seconds"] += int(dict(answer.headers).get("Retry-After", 0))
        self._log.append((now, request.target, outcome))
        return answer

    def counts(self) -> Mapping[str, Any]:
        """Requests and outcomes; `worst_second` is the most requests in any second, refused ones included."""
        return {
            "name": self.name,
            "requests": self._tally["requests"],
            "outcomes": dict(self._statuses),
            "worst_second": self._worst,
            "limit": self._limit,
            "asked_to_wait_seconds": self._tally["asked_to_wait_seconds"],
            "dead": self._dead,
            "site": self._site.about(),
        }

    def log(self) -> list[Mapping[str, Any]]:
        """The latest requests, oldest first; `at` is in seconds on a clock of its own."""
        return [{"at": at, "target": target, "outcome": outcome} for at, target, outcome in self._log]

    def switch(self, request: Request) -> Response:
        """Make it dead, or alive again."""
        wanted = {"true": True, "false": False}.get(request.query("dead"))
        if request.method != "POST" or wanted is None:
            return as_json({"error": "POST /_switch?dead=true or /_switch?dead=false"}, 400)
        self._dead = wanted
        return as_json({"name": self.name, "dead": wanted})

    def _refusal(self, now: float) -> Response | None:
        if self._limit is None or self._accepted_times.count(now) < self._limit:
            return None
        wait = str(ceil(self._accepted_times.wait_for_room(now)))
        return as_json({"error": f"more than {self._limit} requests in a second"}, 429, (("Retry-After", wait),))

    def _accepted(self, request: Request, now: float) -> Response:
        """The answer to an accepted request; its number seeds its failure and its delay."""
        self._accepted_times.add(now)
        self._tally["taken"] += 1
        rng = seeded(self._seed, self.name, self._tally["taken"])
        delay = rng.uniform(self._trouble.fastest, self._trouble.slowest)
        answer = self._trouble.failure(rng) or self._site.respond(request, rng)
        return replace(answer, wait=answer.wait + delay)


CONTROLS: Mapping[str, Callable[[Upstream, Request], Response]] = {
    "/_counts": lambda upstream, _: as_json(upstream.counts()),
    "/_log": lambda upstream, _: as_json(upstream.log()),
    "/_switch": Upstream.switch,
}

"""One demo upstream: a site, what befalls its requests, its rate limit, and what it counts.

Beside the site there are, neither counted nor limited: `GET /_counts`, `GET /_log` (the latest requests), and
`POST /_switch?dead=true`, from which on every connection is cut without an answer, until `?dead=false`.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from math import ceil
from typing import Any

from inventory.demo.exchange import Answer, Cut, Request, Site, as_json, dice

SECOND = 1.0
KEPT_REQUESTS = 2_000
BEFORE_ANSWER = Answer(status=502, cut=Cut.BEFORE)


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls the requests of an upstream: a share of `failures`, and a delay between two bounds in seconds."""

    failures: float = 0.0
    fastest: float = 0.005
    slowest: float = 0.05

    def failure(self, rng: random.Random) -> Answer | None:
        """How a request fails, None for most of them."""
        if rng.random() >= self.failures:
            return None
        kinds = {
            as_json({"error": "internal server error"}, 500): 4,
            as_json({"error": "overloaded"}, 503, (("Retry-After", "1"),)): 3,
            BEFORE_ANSWER: 1,
            Answer(200, (("Content-Type", "application/json"),), b"{" + b" " * 998 + b"}", cut=Cut.AMID): 2,
        }
        return rng.choices(list(kinds), list(kinds.values()))[0]


class Window:
    """Instants of the last second: one that was a whole second ago is no longer among them."""

    def __init__(self) -> None:
        self._instants: deque[float] = deque()

    def count(self, now: float) -> int:
        """How many there are in the second that ends now."""
        while self._instants and self._instants[0] <= now - SECOND:
            self._instants.popleft()
        return len(self._instants)

    def add(self, now: float) -> int:
        """Add this instant; how many there are with it."""
        self._instants.append(now)
        return self.count(now)

    def room_in(self, now: float) -> float:
        """Seconds until the oldest one is gone."""
        return self._instants[0] + SECOND - now


class Upstream:
    """Answers requests, one at a time; `limit` is how many a second it takes, None for any number.

    Only what it takes counts towards the limit, so that `Retry-After` holds; the worst second counts all that came.
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
        self._arrived, self._taken = Window(), Window()
        self._tally: Counter[str] = Counter()
        self._statuses: Counter[str] = Counter()
        self._worst = 0
        self._log: deque[tuple[float, str, str]] = deque(maxlen=KEPT_REQUESTS)

    def respond(self, request: Request) -> Answer:
        """Count a request that arrives now and answer it."""
        if request.path in CONTROLS:
            return CONTROLS[request.path](self, request)
        now = self._clock()
        self._tally["requests"] += 1
        self._worst = max(self._worst, self._arrived.add(now))
        answer = BEFORE_ANSWER if self._dead else self._refusal(now) or self._fated(request, now)
        outcome = "cut" if answer.cut else str(answer.status)
        self._statuses[outcome] += 1
        self._tally["asked_to_wait_seconds"] += int(dict(answer.headers).get("Retry-After", 0))
        self._log.append((now, request.target, outcome))
        return answer

    def counts(self) -> Mapping[str, Any]:
        """What came and what became of it; `worst_second` is the most requests in any second, refused ones included."""
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

    def switch(self, request: Request) -> Answer:
        """Make it dead, or alive again."""
        wanted = {"true": True, "false": False}.get(request.query("dead"))
        if request.method != "POST" or wanted is None:
            return as_json({"error": "POST /_switch?dead=true or /_switch?dead=false"}, 400)
        self._dead = wanted
        return as_json({"name": self.name, "dead": wanted})

    def _refusal(self, now: float) -> Answer | None:
        if self._limit is None or self._taken.count(now) < self._limit:
            return None
        wait = str(ceil(self._taken.room_in(now)))
        return as_json({"error": f"more than {self._limit} requests in a second"}, 429, (("Retry-After", wait),))

    def _fated(self, request: Request, now: float) -> Answer:
        """The answer to a request that is taken: its number decides what befalls it."""
        self._taken.add(now)
        self._tally["taken"] += 1
        rng = dice(self._seed, self.name, self._tally["taken"])
        delay = rng.uniform(self._trouble.fastest, self._trouble.slowest)
        answer = self._trouble.failure(rng) or self._site.answer(request, rng)
        return replace(answer, wait=answer.wait + delay)


CONTROLS: Mapping[str, Callable[[Upstream, Request], Answer]] = {
    "/_counts": lambda upstream, _: as_json(upstream.counts()),
    "/_log": lambda upstream, _: as_json(upstream.log()),
    "/_switch": Upstream.switch,
}

"""What the record of a robots.txt means for the URLs of its origin: decisions without a store or a clock of their own."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from inventory.errors import SourceFailure
from inventory.records.lookup import DISALLOWED_BY_ROBOTS, is_stale
from inventory.records.model import Failure, Record, RecordWithSnapshot, State
from inventory.robots.rules import Rules
from inventory.urls import Url

PATH = "/robots.txt"
FRESH_FOR = timedelta(hours=24)
"""How long a robots.txt counts (RFC 9309, section 2.4)."""
UNKNOWN_FOR = timedelta(minutes=5)
"""How long an answer counts that is no robots.txt and may soon be one."""
SHORTEST_WAIT, LONGEST_WAIT = 1.0, 30.0
"""Seconds after which the URLs of an origin whose robots.txt is being collected are looked at again."""
OF_THE_HOST = frozenset({"dns_failure", "connection_refused", "connection_failed", "tls_failure", "forbidden_address"})
"""Failures that a page of the origin would meet as well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Robots:
    """What one answer for a robots.txt says, which `url` gave after all redirects; without `rules` it says nothing.

    `unknown` is why it is not known what the site wants: then nothing is allowed for now.
    """

    url: str
    rules: Rules | None = None
    unknown: str | None = None

    @property
    def size(self) -> int:
        """About how much memory it takes."""
        return 500 + (self.rules.size if self.rules else 0)

    def refusal(self, url: Url) -> SourceFailure | None:
        """Why a URL may not be fetched."""
        if self.unknown is not None:
            return _disallowed(f"Nothing of {url.authority} is fetched for now, because {self.unknown}", permanent=False)
        if self.rules is None or self.rules.allow(url.target):
            return None
        return _disallowed(f"{self.url} disallows this URL", permanent=True)


def robots_url(url: Url) -> str:
    """Where the robots.txt of a URL's origin is."""
    return f"{url.scheme}://{url.authority}{PATH}"


def is_robots(url: Url) -> bool:
    """Whether a URL is that of a robots.txt, which may always be fetched, wherever it redirects to."""
    return url.target == PATH


def robots_of(found: RecordWithSnapshot) -> Robots:
    """What the latest answer says (section 2.3.1).

    A 4xx allows everything. A 429 does not: it says that this is no time to ask.
    """
    assert found.snapshot is not None
    content = found.snapshot.content
    status, url = content["response"]["status"], content["response"]["final_url"]
    if status == 429 or status >= 500:
        return Robots(url=url, unknown=f"{url} answered {status}")
    if not 200 <= status < 300:
        return Robots(url=url)
    if content["body"]["undecoded"] is not None:
        return Robots(url=url, unknown=f"the answer of {url} cannot be decoded")
    return Robots(url=url, rules=Rules(found.body or b"", truncated=content["body"]["truncated"]))


def counts(robots: Robots, record: Record, now: datetime) -> bool:
    """Whether the latest answer still counts: a day, or less if it is `unknown`, and while asking again fails."""
    fresh_for = FRESH_FOR if robots.unknown is None else UNKNOWN_FOR
    if not is_stale(record, fresh_for=fresh_for, now=now):
        return True
    return record.state is State.FAILED and failure_that_stands(record, now) is not None


def failure_that_stands(record: Record, now: datetime) -> Failure | None:
    """The failure of the last collection, if it is too soon for another one."""
    failure = record.failure
    return failure if record.state is State.FAILED and failure is not None and failure.stands(now) else None


def refusal_after(failure: Failure, url: Url) -> SourceFailure | None:
    """Why a URL may not be fetched after its robots.txt could not be collected; None if it may.

    Endless redirects lead to no robots.txt, as a 404 does. A failure of the host is that of its pages, too.
    """
    if failure.code == "too_many_redirects":
        return None
    detail = f"{robots_url(url)} could not be collected: {failure.detail}"
    if failure.code in OF_THE_HOST and not failure.redirects:
        return SourceFailure(failure.code, detail, permanent=failure.permanent)
    return _disallowed(f"Nothing of {url.authority} is fetched for now, because {detail}", permanent=False)


def wait_for(record: Record, now: datetime, *, lease_for: timedelta) -> float:
    """Seconds until the collection of a robots.txt that is due may be over.

    While it is running, each wait is twice as long as the one before.
    """
    due_in = timedelta(0) if record.due_at is None else record.due_at - now
    if record.state is State.RUNNING:
        running_for = (lease_for - due_in).total_seconds()
        return min(max(SHORTEST_WAIT, running_for), LONGEST_WAIT)
    return max(timedelta(0), due_in).total_seconds() + SHORTEST_WAIT


def _disallowed(detail: str, *, permanent: bool) -> SourceFailure:
    return SourceFailure(
        DISALLOWED_BY_ROBOTS,
        f"{detail}. robots.txt counts for imports and watches; a lookup of this URL collects it all the same",
        permanent=permanent,
    )

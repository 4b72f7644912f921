"""Asks the robots.txt of an origin before its pages are collected for jobs and watches.

A robots.txt is a target like any other: what is not known yet is accepted, and its pages are deferred until it is there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from inventory import urls
from inventory.clock import Clock
from inventory.errors import Deferred, ForbiddenAddress
from inventory.records.admission import Refusal
from inventory.records.model import Failure, Record, Target
from inventory.records.ports import Records
from inventory.records.source import Source
from inventory.robots import decisions
from inventory.robots.decisions import Robots
from inventory.robots.known import KnownRobots
from inventory.urls import Url

REASON = "robots"
"""Why pages are deferred whose robots.txt is not known yet."""
WAIT_AT_REDIRECT = 5.0
"""Seconds for which a redirect waits at least: it is requested again afterwards."""


Verdict = Robots | Failure | Deferred
"""What is known of a robots.txt: what it says, why it could not be collected, or when that is known."""


class RobotsGate:
    """Refuses the webpages of jobs and watches that robots.txt disallows. Threads share it."""

    def __init__(self, records: Records, source: Source, *, lease_for: timedelta, clock: Clock) -> None:
        """`source` is that of webpages, `lease_for` how long a claim lasts."""
        self._records, self._source = records, source
        self._lease_for, self._clock = lease_for, clock
        self._known = KnownRobots()

    def refusals(self, claims: Sequence[Record]) -> Sequence[Refusal | None]:
        """Why each claim may not be collected, or not yet: the records of all robots.txt are read at once."""
        asked = {claim.id: url for claim in claims if (url := self._asked_for(claim)) is not None}
        if not asked:
            return [None] * len(claims)
        targets = {record_id: self._target(url) for record_id, url in asked.items()}
        since = min(claim.requested_at for claim in claims if claim.id in asked)
        owned = [(target, claim.owner) for claim in claims if (target := targets.get(claim.id)) is not None]
        found = self._verdicts(owned, since)
        refusals: list[Refusal | None] = []
        for claim in claims:
            target = targets.get(claim.id)
            refusals.append(None if target is None else _refusal(found[target.id], asked[claim.id]))
        return refusals

    def check_redirect(self, claim: Record, url: Url) -> None:
        """Raise why a redirect may not be followed, or not yet."""
        origin = self._asked_for(claim)
        if origin is None or decisions.is_robots(url):
            return
        target = self._target(url)
        if target is None:
            return
        verdict = self._read_for(origin, target) or self._verdicts([(target, claim.owner)], claim.requested_at)[target.id]
        refusal = _refusal(verdict, url)
        if isinstance(refusal, Deferred):
            refusal = Deferred(refusal.host, refusal.reason, max(refusal.wait, WAIT_AT_REDIRECT))
        if refusal is not None:
            raise refusal

    def _asked_for(self, claim: Record) -> Url | None:
        """The URL of a claim that robots.txt has a say in."""
        if not claim.bulk or claim.target.source != self._source.name:
            return None
        url = urls.known(claim.target.key)
        return None if decisions.is_robots(url) else url

    def _target(self, url: Url) -> Target | None:
        """The robots.txt of a URL's origin; None if that may not be fetched, and then the URL cannot be, either."""
        try:
            return self._source.target(decisions.robots_url(url))
        except ForbiddenAddress:
            return None

    def _read_for(self, origin: Url, target: Target) -> Robots | None:
        """The robots.txt that the one of `origin` redirected to: most sites have one for http and https."""
        asked = self._target(origin)
        record = None if asked is None else self._records.find(asked.id)
        robots = None if record is None else self._current(record, self._clock())
        return robots if robots is not None and robots.url == target.key else None

    def _verdicts(self, owned: Sequence[tuple[Target, str]], since: datetime) -> Mapping[str, Verdict]:
        """What is known of each robots.txt; those that are to be collected are accepted for their owners, and deferred."""
        now, wanted = self._clock(), {target.id: target for target, _ in owned}
        owners = {target.id: owner for target, owner in owned}
        records = self._records.find_all(list(wanted))
        needed: list[tuple[Target, Record | None]] = []
        verdicts: dict[str, Verdict] = {}
        for record_id, target in wanted.items():
            record = records.get(record_id)
            verdict = None if record is None else self._verdict(record, now)
            if verdict is None:
                needed.append((target, record))
            verdicts[record_id] = verdict or Deferred(target.host, REASON, decisions.SHORTEST_WAIT)
        if needed:  # as if it had been requested with the page: so it comes before the rest of a job
            owners_of_needed = [owners[target.id] for target, _ in needed]
            self._records.accept_all(needed, now=min(since, now), owners=owners_of_needed)
        return verdicts

    def _verdict(self, record: Record, now: datetime) -> Verdict | None:
        """What is known of a robots.txt by its record; None if it is to be collected."""
        if robots := self._current(record, now):
            return robots
        if record.due_at is not None:
            wait = decisions.wait_for(record, now, lease_for=self._lease_for)
            return Deferred(record.target.host, REASON, wait)
        return decisions.failure_that_stands(record, now)

    def _current(self, record: Record, now: datetime) -> Robots | None:
        """What the latest answer says, while that counts."""
        if record.snapshot_id is None:
            return None
        robots = self._known.find(record.snapshot_id)
        if robots is None:
            found = self._records.look_up(record.id)
            if found is None or found.snapshot is None:
                return None
            robots = decisions.robots_of(found)
            self._known.keep(found.snapshot.id, robots)
        return robots if decisions.counts(robots, record, now) else None


def _refusal(verdict: Verdict, url: Url) -> Refusal | None:
    if isinstance(verdict, Deferred):
        return verdict
    return verdict.refusal(url) if isinstance(verdict, Robots) else decisions.refusal_after(verdict, url)

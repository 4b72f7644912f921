"""300 sites whose every response has headers that differ, collected 50 times: watches tell what is planted, and no more."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from hashlib import sha256

from inventory.rate_limits.calls import Calls
from inventory.records.model import Content
from inventory.records.source import Collected
from inventory.services import Services
from inventory.watches.model import Finding, On, Watch
from inventory.watches.settings import WatchSettings
from tests.conftest import Build
from tests.fakes import FakeClock, FakeWeb, content
from tests.fleet import sites
from tests.fleet.sites import FIRST, SHOPS, SITES
from workers.watching import BackgroundWatching

COLLECTIONS, BEFORE = 50, 3
"""How often each site is collected before anything is planted, and how often before there is a watch."""
BY_URL = {site.url: site for site in SITES}
FLAPS = SHOPS[0]
"""A site with a header that is there in every other collection, and comes to stay in the end."""
MOVED = (*SHOPS[10:13], sites.MAGAZINES[9])
"""Sites with another server in the end."""
VOLATILE = re.compile(r"date|etag|last-modified|expires|age|x-request-id|traceparent|x-cache|server-timing|content-.*")


class NoisyWeb(FakeWeb):
    """Answers as the sites do."""

    def __init__(self, clock: FakeClock) -> None:
        super().__init__()
        self._clock = clock
        self.server: dict[str, str] = {}

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        site = BY_URL[key]
        self.asked[key] += 1
        head, _, body = sites.answer(site, FIRST, self._clock.now).partition(b"\r\n\r\n")
        lines = [line.partition(": ")[::2] for line in head.decode("latin-1").split("\r\n")[1:]]
        headers = [{"name": name, "value": value} for name, value in lines if name != "Server"]
        headers.append({"name": "Server", "value": self.server.get(key, sites.server(site, FIRST))})
        if site is FLAPS and self.asked[key] > 5 and (self.asked[key] % 2 or self.asked[key] > COLLECTIONS):
            headers.append({"name": "X-Flaps", "value": "yes"})
        seen = content(key, headers=headers)
        return Collected(seen | {"body": seen["body"] | {"sha256": sha256(body).hexdigest()}}, body)


class Days:
    """A fleet that is collected for its watches, once a day."""

    def __init__(self, services: Services, clock: FakeClock) -> None:
        self.services, self.clock = services, clock
        self._watching = BackgroundWatching(services)

    def watch(self, name: str, **settings: object) -> Watch:
        chosen = WatchSettings(name=name, query="", every=86_400, on=list(On), cooldown=0)
        return self.services.watches.create(replace(chosen, **settings)).watch  # type: ignore[arg-type]

    def collect_all(self) -> None:
        self.clock.forward(86_400)
        for site in SITES:
            self.services.acceptances.collect_soon(self.services.records.target("webpage", site.url))
        self._work()

    def pass_by(self, days: int) -> None:
        for _ in range(days):
            self._watching.enrol()
            self.clock.forward(86_400)
            self._watching.collect()
            self._work()

    def found(self, watch: Watch) -> list[Finding]:
        """All that it told."""
        messages = self.services.watches.messages(watch.id, limit=999, after=None)
        return [
            finding
            for each in messages
            for finding in self.services.watches.findings(watch.id, each.number, limit=9_999, after=None)
        ]

    def _work(self) -> None:
        self.services.collector.collect_due(slots=40, stopping=lambda: False)
        self._watching.look()
        self.clock.forward(11)
        self._watching.compose()


def test_fifty_collections_of_300_noisy_sites_tell_nothing_until_something_is_planted(
    make_services: Build, clock: FakeClock
) -> None:
    web = NoisyWeb(clock)
    days = Days(make_services(sources=[web]), clock)
    for _ in range(BEFORE):
        days.collect_all()
    all_of_it, patient = days.watch("all of it", query="NOT url:*shop-001*"), days.watch("patient", persist=3)

    days.pass_by(COLLECTIONS - BEFORE)

    assert set(web.asked.values()) == {COLLECTIONS}
    assert [(each.on, each.field) for each in days.found(all_of_it)] == []
    assert [(each.on, each.field) for each in days.found(patient)] == []

    web.server = dict.fromkeys([site.url for site in MOVED], "moved")
    days.pass_by(5)

    moved = {days.services.records.target("webpage", site.url).id for site in MOVED}
    assert {(each.record_id, each.on, each.field, each.new) for each in days.found(all_of_it)} == {
        (record_id, On.CHANGES, "header.server", ("moved",)) for record_id in moved
    }
    flapped = days.services.records.target("webpage", FLAPS.url).id
    assert Counter((each.record_id, each.field) for each in days.found(patient)) == {
        **{(record_id, "header.server"): 1 for record_id in moved},
        (flapped, "header.x-flaps"): 1,
    }
    [message, *_] = days.services.watches.messages(all_of_it.id, limit=9, after=None)
    assert (message.number, message.findings, message.targets) == (1, len(MOVED), len(MOVED))

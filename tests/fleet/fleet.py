"""An inventory that collects the sites week by week, with everything real but the calendar."""

from __future__ import annotations

import io
import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from flask.testing import FlaskClient

from inventory import create_app
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.services import Services
from inventory.store import Store
from inventory.webpages.source import Webpage
from tests.conftest import Build
from tests.fakes import FakeClock
from tests.fleet import sites
from tests.fleet.authority import Authority
from tests.fleet.servers import Servers, Standing
from tests.fleet.sites import DEVICES, EXPIRING, FIRST, MAGAZINES, OFFICES, SECOND, SHOPS, SITES, THIRD, Site
from tests.jobs.actions import work_to_the_end

TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
"""The weeks end today, so that commands, which know no other clock than the machine's, ask on the same day."""
WEEKS: Mapping[int, datetime] = {week: TODAY - timedelta(days=1 + 7 * (THIRD - week)) for week in (FIRST, SECOND, THIRD)}
"""The days on which the sites are collected, from three in the morning on."""
LISTS = (SHOPS[:60], SHOPS[60:], MAGAZINES, OFFICES, DEVICES)
"""Files of URLs that are imported one after the other, half an hour apart; each has the name of its family as a tag."""

HOSTS: Mapping[str, Site] = {site.host: site for site in SITES}


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """The sites, an inventory of them, and the clock of both."""

    services: Services
    client: FlaskClient
    clock: FakeClock
    servers: Servers
    authority: Authority

    def collect(self, week: int) -> None:
        """Import all lists, as of that week, and work until everything is collected."""
        for number, listed in enumerate(LISTS):
            self.clock.now = WEEKS[week] + timedelta(hours=3, minutes=30 * number)
            job = work_to_the_end(self.services, self.clock, self._upload(listed))
            assert (job.counts.succeeded, job.counts.failed, job.counts.rejected) == (len(listed), 0, 0)

    def renew(self, some: Sequence[Site]) -> None:
        """Give these sites new certificates, as of the day before the third week."""
        begin = WEEKS[THIRD] - timedelta(days=1)
        for site in some:
            self.servers.certificates[site.host] = self.authority.issue(site.host, begin, begin + timedelta(days=90))

    def get(self, path: str, **query: Any) -> Any:
        """The document that a route answers."""
        answer = self.client.get(path, query_string={name.rstrip("_"): value for name, value in query.items()})
        assert answer.status_code == 200, answer.text
        return answer.json

    def all(self, path: str, member: str, **query: Any) -> list[Any]:
        """What all pages of a route have in a member."""
        found, cursor = [], {}
        while True:
            page = self.get(path, **query, **cursor)
            found += page[member]
            if page["next_cursor"] is None:
                return found
            cursor = {"cursor": page["next_cursor"]}

    def found(self, q: str = "", **query: Any) -> list[str]:
        """The URLs that a search finds, in order."""
        return sorted(each["url"] for each in self.all("/api/v1/search", "targets", q=q, **query))

    def values(self, field: str, **query: Any) -> dict[str, int]:
        """The values of a field, each with how many targets show it."""
        facet = self.get("/api/v1/search/facets", field=field, **query)
        assert not facet["has_more"]
        return {each["value"]: each["count"] for each in facet["values"]}

    def groups(self, **query: Any) -> list[Any]:
        """The groups of what changed, all of them."""
        document = self.get("/api/v1/changes/groups", **query)
        assert document["omitted"] == 0
        return list(document["groups"])

    def shared(self, group: Any) -> dict[str, str]:
        """What all targets of a group have in common."""
        return {each["field"]: each["value"] for each in group["shared"] if each["targets"] == group["targets"]}

    def followed(self, link: str, member: str) -> list[Any]:
        """What all pages have in a member to which a link leads."""
        url = urlsplit(link)
        return self.all(url.path, member, **dict(parse_qsl(url.query)))

    def week(self, instant: str) -> int:
        """The week in which a site was collected at this instant."""
        day = datetime.fromisoformat(instant).replace(hour=0, minute=0, second=0, microsecond=0)
        return {WEEKS[week]: week for week in WEEKS}[day]

    def _upload(self, listed: Sequence[Site]) -> str:
        family = listed[0].family
        file = io.BytesIO("".join(f"{site.url}\n" for site in listed).encode()), f"{family}s.txt"
        query = {"kind": "urls", "fresh_for": 0, "tag": family}
        answer = self.client.post("/api/v1/imports", query_string=query, data={"file": file})
        assert answer.status_code == 202, answer.text
        return str(answer.json["job_id"])


@contextmanager
def fleet_on(store: Store, make_services: Build) -> Iterator[Fleet]:
    """The sites as they are before the first week, and an inventory on an empty store."""
    clock, authority = FakeClock(), Authority("Example Trust", WEEKS[FIRST])
    addresses = {site.host: site.address for site in SITES}
    with Servers(sorted(set(addresses.values())), lambda host, validator: _answer(host, clock, validator)) as servers:
        servers.certificates.update(
            (site.host, _first_certificate(authority, site)) for site in SITES if site.scheme == "https"
        )
        guard = Guard([ipaddress.ip_network("127.0.0.0/8")])
        transport = RequestsTransport(guard, resolve=lambda host: [addresses[host]], tls=authority.trusted())
        standing = Standing(transport=transport, addresses=addresses, ports=servers.ports)
        fetcher = Fetcher(standing, deadline=20, body_limit=65_536, clock=clock)
        services = make_services(store=store, sources=[Webpage(fetcher, guard, clock)], clock=clock)
        client = create_app(services=services).test_client()
        yield Fleet(services=services, client=client, clock=clock, servers=servers, authority=authority)


def _answer(host: str, clock: FakeClock, validator: str | None) -> bytes:
    week = max(week for week, day in WEEKS.items() if day <= clock.now)
    return sites.answer(HOSTS[host], week, clock.now, validator=validator)


def _first_certificate(authority: Authority, site: Site) -> Any:
    """One that ends within two weeks from now, for some, or in half a year."""
    days = 4 + site.number if site in EXPIRING else 180
    return authority.issue(site.host, WEEKS[FIRST] - timedelta(days=60), TODAY + timedelta(days=days, hours=12))

"""The source `weather`: the current weather of a city, found by its name.

A name that several cities have means the most populous one, and the content says so. The key of a provider is sent to the
provider and nowhere else: no content, no failure and no log line has it. Failures do not name the provider's host either,
which may be on a private network; the log does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import structlog

from inventory import urls
from inventory.errors import InvalidUrl, SourceFailure
from inventory.http_client.failures import log_evidence
from inventory.http_client.fetched import Fetched
from inventory.http_client.fetcher import Fetcher
from inventory.rate_limits.calls import Calls
from inventory.records.model import Content, Target
from inventory.records.source import Collected
from inventory.urls import Url
from inventory.weather.cities import City
from inventory.weather.masking import without_secrets
from inventory.weather.providers import Provider
from inventory.weather.readings import stated_error

log = structlog.get_logger(__name__)

MAX_BYTES = 1024 * 1024
"""Bytes of an answer: the cities of a common name, with all their postcodes, are a tenth of that."""

ANSWERED = (200, 404)
"""Statuses of what a provider found, and of an unknown city."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Collects weather from a provider, by four fetches at most: all must fit into a lease."""

    fetcher: Fetcher
    provider: Provider
    name: str = "weather"

    def target(self, text: str) -> Target:
        """The target of a city's name; `InvalidRequest` if it is none. No I/O."""
        return Target(self.name, City.read(text).key, urls.parse(self.provider.url).host)

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        """Ask the provider for the city's weather now."""
        content = self.provider.current(City.read(key), partial(self._get, calls))
        secret = self.provider.secret
        if secret and secret in json.dumps(content, ensure_ascii=False):
            raise SourceFailure("invalid_response", "The weather provider repeated the key in its answer")
        return Collected(content, None)

    def _get(self, calls: Calls | None, url: str, parameters: Mapping[str, Any]) -> tuple[int, Any]:
        try:
            request_url = urls.parse(f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}")
        except InvalidUrl as error:
            raise SourceFailure(
                "connection_failed", "The weather provider has no valid URL for this city", permanent=True
            ) from error
        fetched = self._fetch(request_url, calls)
        status = fetched.final.head.status
        try:
            found = json.loads(fetched.body.content)
        except (ValueError, RecursionError) as fault:
            if status in ANSWERED:
                raise SourceFailure("invalid_response", "The weather provider did not answer with JSON") from fault
            found = None
        stated = stated_error(found)
        if status in ANSWERED and (stated is None or stated.code == 404):
            return status, found
        raise self._refused(stated.code if stated and status == 200 else status, stated.words if stated else "")

    def _refused(self, status: int | None, words: str) -> SourceFailure:
        """The failure that a provider states, in its own words, but without keys."""
        told = f"answered {status} instead of 200" if status else "answered with an error"
        secrets = [self.provider.secret, *dict(parse_qsl(urlsplit(self.provider.url).query)).values()]
        shown = without_secrets(words, secrets)
        permanent = status is not None and 400 <= status < 500 and status not in (408, 429)
        detail = f"The weather provider {told}{f': {shown}' if shown else ''}"
        return SourceFailure("invalid_response", detail, permanent=permanent)

    def _fetch(self, url: Url, calls: Calls | None) -> Fetched:
        """What the provider answers. A failure tells its code alone: its detail may name hosts, or repeat the key."""
        try:
            return self.fetcher.fetch(url, {"Accept": "application/json"}, calls=calls)
        except SourceFailure as error:
            has_secret = bool(self.provider.secret)
            log.warning("weather_not_asked", host=url.host, code=error.code, error=None if has_secret else str(error))
            if not has_secret:
                log_evidence(error, url.host)
            detail = f"The weather provider could not be called: {error.code.replace('_', ' ')}"
            raise SourceFailure(error.code, detail, permanent=error.permanent) from None

"""The source `weather`: the current weather of a city, found by its name.

A name that several places have means the most populous one, and the content says so. The key of a provider is sent to it
and nowhere else: no content, no failure and no log line has it. Where the provider is, which may be inside of somebody's
network, no failure says either: that is in the log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlencode

import structlog

from inventory import urls
from inventory.errors import InvalidUrl, SourceFailure
from inventory.http_client.failures import log_evidence
from inventory.http_client.fetcher import Fetched, Fetcher
from inventory.rate_limits.calls import Calls
from inventory.records.model import Content, Target
from inventory.records.source import Collected
from inventory.urls import Url
from inventory.weather.cities import LONGEST, City
from inventory.weather.providers import UNKNOWN_CITY, OpenMeteo, OpenWeather, Provider

__all__ = ["LARGEST", "LONGEST", "UNKNOWN_CITY", "OpenMeteo", "OpenWeather", "Weather"]

log = structlog.get_logger(__name__)

LARGEST = 1024 * 1024
"""Bytes of an answer: the places of a common name, with all their postcodes, are a tenth of that."""
_PLACE = re.compile(r"\w[.:/@]\w")
"""What a name, an address or a URL has, and no plain sentence."""


@dataclass(frozen=True, slots=True)
class Weather:
    """Collects weather from a provider, by two fetches at most: `fetcher` must leave room for both within a lease."""

    fetcher: Fetcher
    provider: Provider
    name: str = "weather"

    def target(self, text: str) -> Target:
        """The target of a city's name; `InvalidRequest` if it is none. No I/O."""
        return Target(self.name, City.read(text).key, urls.parse(self.provider.url).host)

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        """Ask the provider for the city's weather now."""
        content = self.provider.look(City.read(key), partial(self._get, calls))
        secret = self.provider.secret
        if secret and secret in json.dumps(content, ensure_ascii=False):
            raise SourceFailure("invalid_response", "The weather came with the key in it that it was asked with")
        return Collected(content, None)

    def _get(self, calls: Calls | None, url: str, parameters: Mapping[str, Any]) -> tuple[int, Any]:
        try:
            asked = urls.parse(f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}")
        except InvalidUrl as error:
            raise SourceFailure("connection_failed", "The weather has no URL that can be asked", permanent=True) from error
        fetched = self._fetch(asked, calls)
        status = fetched.final.head.status
        if status not in (200, 404):
            permanent = 400 <= status < 500 and status not in (408, 429)
            detail = f"The weather provider answered {status}, where 200 was expected"
            raise SourceFailure("invalid_response", detail, permanent=permanent)
        try:
            return status, json.loads(fetched.body.content)
        except (ValueError, RecursionError) as error:
            raise SourceFailure("invalid_response", "The weather provider answered what is no JSON") from error

    def _fetch(self, asked: Url, calls: Calls | None) -> Fetched:
        """The fetcher's failures may say where it was led, as an upstream likes: then their codes alone are told."""
        try:
            return self.fetcher.fetch(asked, {"Accept": "application/json"}, calls=calls)
        except SourceFailure as error:
            said = None if self.provider.secret else str(error)
            log.warning("weather_not_asked", host=asked.host, code=error.code, error=said)
            if not self.provider.secret:
                log_evidence(error, asked.host)
            named = said is None or asked.host in said or _PLACE.search(said)
            why = error.code.replace("_", " ") if named else said
            detail = f"The weather provider could not be asked: {why}"
            raise SourceFailure(error.code, detail, permanent=error.permanent) from None

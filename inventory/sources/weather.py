"""The source `weather`: the current weather of a city, found by its name.

Open-Meteo by default, which needs no key; OpenWeather where a key is given. The key is sent and nowhere else: no content,
no failure and no log line has it. A name that several places have means the most populous one, and the content says so.
"""

from __future__ import annotations

import json
import math
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol
from urllib.parse import urlencode

from inventory.clock import rfc3339
from inventory.errors import InvalidRequest, SourceFailure
from inventory.records.model import Content, Target
from inventory.sources import Collected
from inventory.sources.weather_codes import CONDITIONS
from inventory.upstream import urls
from inventory.upstream.fetcher import Fetcher

UNKNOWN_CITY = "unknown_city"
LONGEST = 120
"""Characters of a city's name, country included; the longest official one has 85."""

_DIACRITICS = re.compile("[\u0300-\u036f]")
_LETTER = re.compile(r"[^\W\d_]")

GetJson = Callable[[str, Mapping[str, Any]], Any]
"""The JSON that a URL with these parameters answers, None for a 404; `SourceFailure` for every other answer."""


@dataclass(frozen=True, slots=True)
class City:
    """A city as it was asked for; both parts are folded: lower case, without diacritics. `country` may be empty."""

    name: str
    country: str

    @classmethod
    def read(cls, text: str) -> City:
        """The city of a text such as `Zürich` or `zurich, CH`; `InvalidRequest` if it can be none."""
        name, _, country = (part.strip() for part in text.partition(","))
        city = cls(_folded(name), _folded(country))
        if len(text) > LONGEST or not _LETTER.search(city.name) or not text.isprintable():
            wanted = f"Send a name of up to {LONGEST} characters, with a country if need be: Paris or Paris, US."
            raise InvalidRequest("The city cannot be one.", {"city": [wanted]})
        return city

    @property
    def key(self) -> str:
        """The same for every spelling."""
        return f"{self.name},{self.country}" if self.country else self.name

    def is_in(self, code: object, country: object) -> bool:
        """Whether a place in that country, by code or name, may be meant."""
        return not self.country or self.country in (_folded(str(code)), _folded(str(country)))


class Provider(Protocol):
    """Who knows the weather."""

    @property
    def url(self) -> str:
        """What is asked first."""
        ...

    def look(self, city: City, get: GetJson) -> Content:
        """The weather there; `SourceFailure` with the code `unknown_city` when there is no such place."""
        ...


@dataclass(frozen=True, slots=True)
class OpenMeteo:
    """open-meteo.com: one call finds the place, another one its weather."""

    url: str
    forecast_url: str

    def look(self, city: City, get: GetJson) -> Content:
        """See `Provider`."""
        found = get(self.url, {"name": city.name, "count": 10, "language": "en", "format": "json"})
        places = [each for each in _list(found, "results") if city.is_in(each.get("country_code"), each.get("country"))]
        if not places:
            raise _unknown(city)
        place = max(places, key=_population)
        where = {"latitude": _number(place, "latitude"), "longitude": _number(place, "longitude")}
        wanted = "temperature_2m,relative_humidity_2m,weather_code,wind_speed_10m"
        forecast = get(self.forecast_url, where | {"current": wanted, "wind_speed_unit": "kmh", "timeformat": "unixtime"})
        now = _object(forecast, "current")
        return {
            "city": {"name": str(place.get("name")), "country": place.get("country_code"), "region": place.get("admin1")}
            | {**where, "population": place.get("population"), "candidates": len(places)},
            "weather": {
                "temperature_c": _number(now, "temperature_2m"),
                "condition": CONDITIONS.get(int(_number(now, "weather_code")), "unknown"),
                "humidity_percent": _number(now, "relative_humidity_2m"),
                "wind_kph": _number(now, "wind_speed_10m"),
                "observed_at": _instant(now, "time"),
            },
        }


@dataclass(frozen=True, slots=True)
class OpenWeather:
    """openweathermap.org, which finds the place itself and wants a key."""

    url: str
    key: str

    def look(self, city: City, get: GetJson) -> Content:
        """See `Provider`."""
        found = get(self.url, {"q": city.key, "units": "metric", "appid": self.key})
        if found is None:
            raise _unknown(city)
        wind, main, conditions = _object(found, "wind"), _object(found, "main"), _list(found, "weather")
        place = _object(found, "coord")
        where = {"latitude": _number(place, "lat"), "longitude": _number(place, "lon")}
        return {
            "city": {"name": str(found.get("name")), "country": _object(found, "sys").get("country"), "region": None}
            | {**where, "population": None, "candidates": 1},
            "weather": {
                "temperature_c": _number(main, "temp"),
                "condition": str(conditions[0].get("description")) if conditions else "unknown",
                "humidity_percent": _number(main, "humidity"),
                "wind_kph": round(_number(wind, "speed") * 3.6, 1),  # metres a second, as sent
                "observed_at": _instant(found, "dt"),
            },
        }


@dataclass(frozen=True, slots=True)
class Weather:
    """Collects weather from a provider. `fetcher` must leave room for two fetches within a lease."""

    fetcher: Fetcher
    provider: Provider
    secret: str = ""
    name: str = "weather"

    def target(self, text: str) -> Target:
        """The target of a city's name. No I/O."""
        return Target(self.name, City.read(text).key, urls.parse(self.provider.url).host)

    def collect(self, key: str, previous: Content | None = None) -> Collected:
        """Ask the provider for the city's weather now."""
        try:
            return Collected(self.provider.look(City.read(key), self._get), None)
        except SourceFailure as error:
            if not self.secret or self.secret not in str(error):
                raise
            hidden = str(error).replace(self.secret, "***")
            raise SourceFailure(error.code, hidden, permanent=error.permanent) from None

    def _get(self, url: str, parameters: Mapping[str, Any]) -> Any:
        asked = urls.parse(f"{url}{'&' if '?' in url else '?'}{urlencode(parameters)}")
        fetched = self.fetcher.fetch(asked, {"Accept": "application/json"})
        status = fetched.final.head.status
        if status == 404:
            return None
        if status != 200:
            raise SourceFailure("invalid_response", f"{asked.host} answered {status}, where 200 and JSON were expected")
        try:
            return json.loads(fetched.body.content)
        except (ValueError, RecursionError) as error:
            raise SourceFailure("invalid_response", f"{asked.host} answered what is no JSON") from error


def _folded(text: str) -> str:
    """Lower case, without the diacritics of European scripts, single spaces."""
    bare = _DIACRITICS.sub("", unicodedata.normalize("NFKD", text))
    return " ".join(unicodedata.normalize("NFC", bare).casefold().split())


def _unknown(city: City) -> SourceFailure:
    return SourceFailure(UNKNOWN_CITY, f"No place is known by the name {city.key!r}", permanent=True)


def _wrong(member: str) -> SourceFailure:
    return SourceFailure("invalid_response", f"The weather came without a usable {member!r}")


def _object(found: Any, member: str) -> dict[str, Any]:
    inner = found.get(member) if isinstance(found, dict) else None
    if not isinstance(inner, dict):
        raise _wrong(member)
    return inner


def _list(found: Any, member: str) -> list[dict[str, Any]]:
    """A list of objects; a missing one is an empty one."""
    inner = found.get(member, []) if isinstance(found, dict) else None
    if not isinstance(inner, list) or not all(isinstance(each, dict) for each in inner):
        raise _wrong(member)
    return inner


def _number(found: Mapping[str, Any], member: str) -> float:
    number = found.get(member)
    if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
        raise _wrong(member)
    return float(number)


def _population(place: Mapping[str, Any]) -> float:
    return _number(place, "population") if place.get("population") is not None else 0.0


def _instant(found: Mapping[str, Any], member: str) -> str:
    try:
        return rfc3339(datetime.fromtimestamp(_number(found, member), UTC))
    except (ValueError, OverflowError, OSError) as error:
        raise _wrong(member) from error

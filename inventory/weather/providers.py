"""Who knows the weather: Open-Meteo, which needs no key, and OpenWeather, which does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from inventory.errors import SourceFailure
from inventory.records.model import Content
from inventory.weather.cities import City, folded
from inventory.weather.codes import CONDITIONS
from inventory.weather.readings import (
    Document,
    instant,
    number,
    object_in,
    objects_in,
    people,
    text,
    text_or_none,
    wrong,
)

UNKNOWN_CITY = "unknown_city"
FEW, MANY = 10, 100
"""Places that Open-Meteo is asked for. It picks that many before it looks at the country, so of one country it is asked for
as many as it gives: Lancaster in the United Kingdom is its 19th."""

CURRENT: Mapping[str, Any] = {
    "current": "temperature_2m,relative_humidity_2m,weather_code,wind_speed_10m",
    "wind_speed_unit": "kmh",
    "timeformat": "unixtime",
}
"""What Open-Meteo is asked of the weather, and in which units."""

GetJson = Callable[[str, Mapping[str, Any]], tuple[int, Any]]
"""The status, 200 or 404, and the JSON that a URL with these parameters answers; `SourceFailure` for all else."""


class Provider(Protocol):
    """Who knows the weather."""

    @property
    def url(self) -> str:
        """What is asked first."""
        ...

    @property
    def secret(self) -> str:
        """What must not be told to anybody else; empty if there is nothing."""
        ...

    def look(self, city: City, get: GetJson) -> Content:
        """The weather there, and which place it is; `SourceFailure` with the code `unknown_city` when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class OpenMeteo:
    """open-meteo.com: one call finds the place, another one its weather."""

    url: str
    forecast_url: str
    secret: str = ""

    def look(self, city: City, get: GetJson) -> Content:
        """See `Provider`. Of several places of one name it is the most populous one, and `candidates` says how many."""
        wanted = {"name": city.name, "count": MANY if city.country else FEW, "language": city.language, "format": "json"}
        if len(city.country) == 2:
            wanted["countryCode"] = city.country.upper()
        candidates = _candidates(city, objects_in(_found(get(self.url, wanted)), "results"))
        if not candidates:
            raise unknown(city)
        place = max(candidates, key=lambda each: people(each, "population") or 0)
        where = {"latitude": number(place, "latitude", -90, 90), "longitude": number(place, "longitude", -180, 180)}
        found = {
            "name": text(place, "name"),
            "country": text_or_none(place, "country_code"),
            "region": text_or_none(place, "admin1"),
            **where,
            "population": people(place, "population"),
            "candidates": len(candidates),
        }
        return {"city": found, "weather": _current(_found(get(self.forecast_url, {**where, **CURRENT})))}


@dataclass(frozen=True, slots=True)
class OpenWeather:
    """openweathermap.org, which finds the place itself and wants a key. It does not say what else has that name."""

    url: str
    secret: str = field(repr=False)

    def look(self, city: City, get: GetJson) -> Content:
        """See `Provider`."""
        status, found = get(self.url, {"q": city.key, "units": "metric", "appid": self.secret})
        if isinstance(found, dict) and str(found.get("cod")) == "404":
            raise unknown(city)
        if status != 200:
            raise SourceFailure("invalid_response", f"OpenWeather answered {status}, and not about a city", permanent=True)
        main, wind, place = object_in(found, "main"), object_in(found, "wind"), object_in(found, "coord")
        conditions = objects_in(found, "weather")
        return {
            "city": {
                "name": text(found, "name"),
                "country": text_or_none(object_in(found, "sys"), "country"),
                "region": None,
                "latitude": number(place, "lat", -90, 90),
                "longitude": number(place, "lon", -180, 180),
                "population": None,
                "candidates": 1,
            },
            "weather": {
                "temperature_c": number(main, "temp", -150, 100),
                "condition": text(conditions[0], "description") if conditions else "unknown",
                "humidity_percent": number(main, "humidity", 0, 110),
                "wind_kph": round(number(wind, "speed", 0, 300) * 3.6, 1),  # metres a second, as sent
                "observed_at": instant(found, "dt"),
            },
        }


def unknown(city: City) -> SourceFailure:
    """The failure that a city is of which nobody knows."""
    return SourceFailure(UNKNOWN_CITY, f"No place is known by the name {city.key!r}", permanent=True)


def _found(answer: tuple[int, Any]) -> Document:
    """What Open-Meteo answers when nothing is wrong."""
    status, found = answer
    if status != 200:
        raise SourceFailure("invalid_response", f"Open-Meteo answered {status}, where 200 was expected", permanent=True)
    if not isinstance(found, dict) or found.get("error"):
        raise wrong("results")
    return found


def _candidates(city: City, places: Sequence[Document]) -> Sequence[Document]:
    """The places that may be meant: in the country, populated if any of them is, and called just so if the best match is.

    Open-Meteo finds what a name begins too (Bathinda for Bath), countries, islands and mountains (GeoNames' `feature_code`).
    But its best match may have another name in English (Vienna for Wien), which a hamlet of just that name must not beat.
    """
    there = [each for each in places if city.may_be_in(text_or_none(each, "country_code"), text_or_none(each, "country"))]
    populated = [place for place in there if str(place.get("feature_code", "PPL")).startswith("PPL")] or there
    named = [place for place in populated if folded(text(place, "name")) == city.name]
    return named if named and named[0] is populated[0] else populated


def _current(forecast: Document) -> dict[str, Any]:
    now = object_in(forecast, "current")
    return {
        "temperature_c": number(now, "temperature_2m", -150, 100),
        "condition": CONDITIONS.get(int(number(now, "weather_code", 0, 99)), "unknown"),
        "humidity_percent": number(now, "relative_humidity_2m", 0, 110),
        "wind_kph": number(now, "wind_speed_10m", 0, 1_000),
        "observed_at": instant(now, "time"),
    }

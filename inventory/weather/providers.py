"""The providers of weather: Open-Meteo, which needs no key, and OpenWeather, which does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inventory.errors import SourceFailure
from inventory.records.model import Content
from inventory.weather.cities import City, folded
from inventory.weather.readings import Document, instant, number, object_in, objects_in, people, text, text_or_none, wrong
from inventory.weather.tables import conditions

UNKNOWN_CITY = "unknown_city"
CANDIDATES, MAX_CANDIDATES = 10, 100
"""Cities that Open-Meteo is asked for. It picks that many before it filters by country, so with a country it is asked for as
many as it gives: Lancaster in the United Kingdom is its 19th."""

CURRENT: Mapping[str, Any] = {
    "current": "temperature_2m,relative_humidity_2m,weather_code,wind_speed_10m",
    "wind_speed_unit": "kmh",
    "timeformat": "unixtime",
}
"""The values and units that Open-Meteo is asked for."""

GetJson = Callable[[str, Mapping[str, Any]], tuple[int, Any]]
"""GETs a URL with these parameters: the status, 200 or 404, and the JSON; `SourceFailure` for everything else."""


@dataclass(frozen=True, slots=True)
class OpenMeteo:
    """open-meteo.com, which has no key: one request, to `url`, finds the city, another one its weather."""

    url: str
    forecast_url: str
    secret: str = ""

    def current(self, city: City, get: GetJson) -> Content:
        """The weather in a city, and which one it is: of several of that name the most populous; `unknown_city` if none."""
        query = {
            "name": city.name,
            "count": MAX_CANDIDATES if city.country else CANDIDATES,
            "language": city.language,
            "format": "json",
        }
        if len(city.country) == 2:
            query["countryCode"] = city.country.upper()
        candidates = _candidates(city, objects_in(_found(get(self.url, query)), "results"))
        if not candidates:
            raise unknown(city)
        best = max(candidates, key=lambda each: people(each, "population") or 0)
        where = {"latitude": number(best, "latitude", -90, 90), "longitude": number(best, "longitude", -180, 180)}
        found = {
            "name": text(best, "name"),
            "country": text_or_none(best, "country_code"),
            "region": text_or_none(best, "admin1"),
            **where,
            "population": people(best, "population"),
            "candidates": len(candidates),
        }
        return {"city": found, "weather": _current(_found(get(self.forecast_url, {**where, **CURRENT})))}


@dataclass(frozen=True, slots=True)
class OpenWeather:
    """openweathermap.org, which finds the city itself, of which there may be others, and requires a key."""

    url: str
    secret: str = field(repr=False)

    def current(self, city: City, get: GetJson) -> Content:
        status, found = get(self.url, {"q": city.key, "units": "metric", "appid": self.secret})
        if isinstance(found, dict) and str(found.get("cod")) == "404":
            raise unknown(city)
        if status != 200:
            raise SourceFailure("invalid_response", f"OpenWeather answered {status} without naming a city", permanent=True)
        main, wind, where = object_in(found, "main"), object_in(found, "wind"), object_in(found, "coord")
        conditions = objects_in(found, "weather")
        return {
            "city": {
                "name": text(found, "name"),
                "country": text_or_none(object_in(found, "sys"), "country"),
                "region": None,
                "latitude": number(where, "lat", -90, 90),
                "longitude": number(where, "lon", -180, 180),
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


Provider = OpenMeteo | OpenWeather
"""`secret` is the key, which nobody else may learn."""


def unknown(city: City) -> SourceFailure:
    """The failure of a city that was not found."""
    return SourceFailure(UNKNOWN_CITY, f"No city named {city.key!r} was found", permanent=True)


def _found(answer: tuple[int, Any]) -> Document:
    """A successful answer of Open-Meteo."""
    status, found = answer
    if status != 200:
        raise SourceFailure("invalid_response", f"Open-Meteo answered {status} instead of 200", permanent=True)
    if not isinstance(found, dict) or found.get("error"):
        raise wrong("results")
    return found


def _candidates(city: City, results: Sequence[Document]) -> Sequence[Document]:
    """The results that may be meant: in the country, populated if any of them is, and of that exact name if the first is.

    Open-Meteo also finds what begins with a name (Bathinda for Bath), countries, islands and mountains (GeoNames'
    `feature_code`). Its first result may have another name in English (Vienna for Wien): a hamlet of the exact name must
    not beat it.
    """
    there = [each for each in results if city.may_be_in(text_or_none(each, "country_code"), text_or_none(each, "country"))]
    populated = [each for each in there if str(each.get("feature_code", "PPL")).startswith("PPL")] or there
    named = [each for each in populated if folded(text(each, "name")) == city.name]
    return named if named and named[0] is populated[0] else populated


def _current(forecast: Document) -> dict[str, Any]:
    now = object_in(forecast, "current")
    return {
        "temperature_c": number(now, "temperature_2m", -150, 100),
        "condition": conditions().get(int(number(now, "weather_code", 0, 99)), "unknown"),
        "humidity_percent": number(now, "relative_humidity_2m", 0, 110),
        "wind_kph": number(now, "wind_speed_10m", 0, 1_000),
        "observed_at": instant(now, "time"),
    }

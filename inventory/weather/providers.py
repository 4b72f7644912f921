"""The providers of weather: Open-Meteo, which needs no key, and OpenWeather, which does."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from inventory.errors import SourceFailure
from inventory.records.model import Content
from inventory.weather.areas import AFTER_COUNTRIES, Area
from inventory.weather.cities import City
from inventory.weather.matching import candidates, is_named
from inventory.weather.readings import (
    Document,
    instant_or_none,
    number,
    number_or_none,
    object_in,
    object_or_empty,
    objects_in,
    people,
    text,
    text_or_none,
    wrong,
)
from inventory.weather.spelling import styles, written_out
from inventory.weather.tables import conditions

UNKNOWN_CITY = "unknown_city"
MAX_QUERIES = 2
"""Searches for one city after the first one: they and the call for its weather share one deadline."""
NICKNAMES = {
    "cdmx": "ciudad de mexico",
    "hcmc": "ho chi minh city",
    "kl": "kuala lumpur",
    "la": "los angeles",
    "nyc": "new york city",
    "sf": "san francisco",
}
"""Abbreviations of cities that are searched in full if no place is called so."""
MAX_CANDIDATES = 100
"""Cities that Open-Meteo is asked for, as many as it gives: it picks that many before it filters by country."""

CURRENT: Mapping[str, Any] = {
    "current": "temperature_2m,relative_humidity_2m,weather_code,wind_speed_10m",
    "wind_speed_unit": "kmh",
    "timeformat": "unixtime",
}
"""The values and units that Open-Meteo is asked for."""

GetJson = Callable[[str, Mapping[str, Any]], tuple[int, Any]]
"""GETs a URL with these parameters: the status, 200 or 404, and the JSON.

`SourceFailure` for everything else, and for JSON that is an error other than an unknown city.
"""


@dataclass(frozen=True, slots=True)
class OpenMeteo:
    """open-meteo.com, which has no key: one request to `url`, or two, finds the city, another one its weather."""

    url: str
    forecast_url: str
    secret: str = ""

    def current(self, city: City, get: GetJson) -> Content:
        """The weather in a city, and which one it is: of several of that name the most populous; `unknown_city` if none."""
        meant, found = city, self._find(city, city.name, city.country, get)
        for other, name, country in wider_searches(city):
            if found and is_named(meant, found[0]):
                break
            if again := self._find(other, name, country, get):
                meant, found = other, again
        if not found:
            raise unknown(city)
        best = found[0]
        where = {"latitude": number(best, "latitude", -90, 90), "longitude": number(best, "longitude", -180, 180)}
        place = {
            "name": text(best, "name"),
            "country": text_or_none(best, "country_code"),
            "region": text_or_none(best, "admin1"),
            **where,
            "population": people(best, "population"),
            "candidates": len(found),
        }
        return {"city": place, "weather": _current(_found(get(self.forecast_url, {**where, **CURRENT})))}

    def _find(self, city: City, name: str, country: str | None, get: GetJson) -> Sequence[Document]:
        query = {"name": name, "count": MAX_CANDIDATES, "language": city.language, "format": "json"}
        if country:
            query["countryCode"] = country.upper()
        return candidates(city, objects_in(_found(get(self.url, query)), "results"))


def wider_searches(city: City) -> Iterator[tuple[City, str, str | None]]:
    """Which city is searched if one was not found as it was written, by which name, in which country: `MAX_QUERIES` at most.

    All guesses count then, and the end of the name may be where the city is.
    """
    searched = {(city.name, city.country)}
    for other, name in _other_names(city):
        country = None if any(area.is_guess for area in other.areas) else other.country
        if len(searched) <= MAX_QUERIES and (name, country) not in searched:
            searched.add((name, country))
            yield other, name, country


def _other_names(city: City) -> Iterator[tuple[City, str]]:
    for other in city.apart():
        yield other, written_out(other.name)
    name = NICKNAMES.get(city.name.replace(".", ""), city.name)
    yield city, written_out(name)
    yield from ((city, style) for style in styles(name, city.country))


@dataclass(frozen=True, slots=True)
class OpenWeather:
    """openweathermap.org, which finds the city itself, of which there may be others, and requires a key."""

    url: str
    secret: str = field(repr=False)

    def current(self, city: City, get: GetJson) -> Content:
        for query in _queries(city):
            status, found = get(self.url, {"q": query, "units": "metric", "appid": self.secret})
            if not isinstance(found, dict) or str(found.get("cod")) != "404":
                return self._content(status, found)
        raise unknown(city)

    def _content(self, status: int, found: Any) -> Content:
        if status != 200:
            raise SourceFailure("invalid_response", f"OpenWeather answered {status} without naming a city", permanent=True)
        main, wind, where = object_or_empty(found, "main"), object_or_empty(found, "wind"), object_in(found, "coord")
        speed = number_or_none(wind, "speed", 0, 300)
        return {
            "city": {
                "name": text(found, "name"),
                "country": text_or_none(object_or_empty(found, "sys"), "country"),
                "region": None,
                "latitude": number(where, "lat", -90, 90),
                "longitude": number(where, "lon", -180, 180),
                "population": None,
                "candidates": 1,
            },
            "weather": _some(
                {
                    "temperature_c": number_or_none(main, "temp", -150, 100),
                    "condition": _condition(found),
                    "humidity_percent": number_or_none(main, "humidity", 0, 110),
                    "wind_kph": None if speed is None else round(speed * 3.6, 1),  # metres a second, as sent
                    "observed_at": instant_or_none(found, "dt"),
                }
            ),
        }


Provider = OpenMeteo | OpenWeather
"""`secret` is the key, which nobody else may learn."""


def unknown(city: City) -> SourceFailure:
    """The failure of a city that was not found."""
    return SourceFailure(UNKNOWN_CITY, f"No city named {city.key!r} was found", permanent=True)


def _queries(city: City) -> Sequence[str]:
    """What OpenWeather is asked for, one after the other until it finds a city: by name, state and country.

    Letters that a country and a state share mean the country first. OpenWeather takes a state only with its country, and
    no county.
    """
    if len(city.areas) == 1 and city.areas[0].regions and city.areas[0].others:
        return [_query(city, city.areas[0])]
    named = [area for area in city.areas if area.is_named or not area.country]
    beyond = [area for area in city.areas if area.is_guess and not area.regions]
    is_known = any(area.country and not area.is_guess for area in city.areas)
    states = [
        _query(city, area)
        for area in city.areas
        if not (area.is_guess and is_known) or area.country in AFTER_COUNTRIES
        if area.regions and not area.others
    ]
    own = [city.key] if named or len(city.areas) < 2 else []
    other = [_query(city, area) for area in beyond if len(beyond) == 1]
    apart = [query for each in city.apart() for query in _queries(each)[-1:]]
    return list(dict.fromkeys((*own, *(states if len(city.areas) > 1 else ()), *other, *apart)))[: MAX_QUERIES + 1]


def _query(city: City, area: Area) -> str:
    codes = [codes[0].partition("-")[2] for codes in area.regions[:1]]
    return ",".join((city.name, *codes, area.country))


def _condition(found: Document) -> str | None:
    """OpenWeather's words for the weather; None if they are null."""
    if found.get("weather") is None:
        return None
    conditions = objects_in(found, "weather")
    return text_or_none(conditions[0], "description") if conditions else "unknown"


def _found(answer: tuple[int, Any]) -> Document:
    """A successful answer of Open-Meteo."""
    status, found = answer
    if status != 200:
        raise SourceFailure("invalid_response", f"Open-Meteo answered {status} instead of 200", permanent=True)
    if not isinstance(found, dict):
        raise wrong("results")
    return found


def _current(forecast: Document) -> dict[str, Any]:
    now = object_in(forecast, "current")
    code = number_or_none(now, "weather_code", 0, 99)
    return _some(
        {
            "temperature_c": number_or_none(now, "temperature_2m", -150, 100),
            "condition": None if code is None else conditions().get(int(code), "unknown"),
            "humidity_percent": number_or_none(now, "relative_humidity_2m", 0, 110),
            "wind_kph": number_or_none(now, "wind_speed_10m", 0, 1_000),
            "observed_at": instant_or_none(now, "time"),
        }
    )


def _some(weather: dict[str, Any]) -> dict[str, Any]:
    """The weather, unless nothing of it is known but when that was."""
    if all(value in (None, "unknown") for member, value in weather.items() if member != "observed_at"):
        raise SourceFailure("invalid_response", "The weather provider's answer has no value of the weather: all are null")
    return weather

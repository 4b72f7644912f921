"""The demo's weather, in the documented formats of Open-Meteo's geocoding and forecast APIs."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from math import cos, isfinite, radians
from typing import Any
from zlib import crc32

from inventory.clock import Clock
from inventory.demo.cities import Cities, City, Oddity
from inventory.demo.exchange import Request, Response, as_json, seeded

INTERVAL = 900
"""Seconds for which the current weather stays the same."""
SLOW = 30.0
SPEED_UNITS = {"kmh": ("km/h", 1.0), "ms": ("m/s", 1 / 3.6), "mph": ("mp/h", 0.621371), "kn": ("kn", 0.539957)}
CODES = (0, 0, 1, 1, 2, 2, 3, 3, 45, 51, 61, 61, 63, 71, 80, 95)
"""Weather codes; common ones occur more often."""


_cities = cache(Cities)  # the same with every seed


class Weather:
    """Serves both APIs, and `GET /cities.csv?count=`, a file to import."""

    def __init__(self, seed: int, *, now: Clock) -> None:
        self._seed = seed
        self._now = now
        self._cities = _cities()
        self._routes: Mapping[str, Callable[[Request], Response]] = {
            "/v1/search": self._search,
            "/v1/forecast": self._forecast,
            "/cities.csv": self._csv,
        }

    def respond(self, request: Request, rng: random.Random) -> Response:
        route = self._routes.get(request.path)
        try:
            return route(request) if route else _wrong("Not Found", 404)
        except ValueError as error:
            return _wrong(str(error))

    def about(self) -> Mapping[str, Any]:
        return {"places": len(self._cities.all)}

    def _search(self, request: Request) -> Response:
        """Cities by their whole name; without any, `results` is missing."""
        count = int(request.query("count", "10"))
        if not 1 <= count <= 100:
            raise ValueError("Parameter count must be between 1 and 100.")
        found = [_result(city) for city in self._cities.named(request.query("name"))[:count]]
        return as_json({"results": found} | TOOK if found else TOOK)

    def _forecast(self, request: Request) -> Response:
        """The current weather at coordinates: the variables that `current` names."""
        latitude, longitude = _coordinate(request, "latitude", 90), _coordinate(request, "longitude", 180)
        unit, factor = SPEED_UNITS[_one_of(request, "wind_speed_unit", *SPEED_UNITS)]
        in_seconds = _one_of(request, "timeformat", "iso8601", "unixtime") == "unixtime"
        since = int(self._now().timestamp()) // INTERVAL * INTERVAL
        known = self._variables(latitude, longitude, since, unit, factor)
        names = [name for name in request.query("current").split(",") if name]
        if unknown := [name for name in names if name not in known]:
            raise ValueError(f"Cannot initialize current variable from invalid String value {unknown[0]}.")
        moment = since if in_seconds else datetime.fromtimestamp(since, UTC).strftime("%Y-%m-%dT%H:%M")
        units = {"time": "unixtime" if in_seconds else "iso8601", "interval": "seconds"}
        document = TOOK | {"latitude": latitude, "longitude": longitude, "elevation": 38.0}
        document |= {"utc_offset_seconds": 0, "timezone": "GMT", "timezone_abbreviation": "GMT"}
        if names:
            document["current_units"] = units | {name: known[name][1] for name in names}
            document["current"] = {"time": moment, "interval": INTERVAL} | {name: known[name][0] for name in names}
        return _misbehaving(as_json(document), self._cities.oddity_at(latitude, longitude))

    def _variables(
        self, latitude: float, longitude: float, since: int, unit: str, factor: float
    ) -> Mapping[str, tuple[float, str]]:
        """The value and unit of each variable; the same for the same seed, coordinates and quarter of an hour."""
        rng = seeded(self._seed, "weather", latitude, longitude, since)
        warmth = 40 * cos(radians(latitude)) - 12
        return {
            "temperature_2m": (round(warmth + rng.uniform(-8, 8), 1), "°C"),
            "relative_humidity_2m": (rng.randint(25, 98), "%"),
            "weather_code": (rng.choice(CODES), "wmo code"),
            "wind_speed_10m": (round(rng.uniform(0, 45) * factor, 1), unit),
        }

    def _csv(self, request: Request) -> Response:
        text = "\n".join([*self._cities.lines(int(request.query("count", "300"))), ""])
        return Response(headers=(("Content-Type", "text/csv; charset=utf-8"),), body=text.encode())


TOOK: dict[str, Any] = {"generationtime_ms": 0.25}


def _result(city: City) -> Mapping[str, Any]:
    return {
        "id": crc32(f"{city.name}{city.latitude}{city.longitude}".encode()),
        "name": city.name,
        "latitude": city.latitude,
        "longitude": city.longitude,
        "elevation": 38.0,
        "feature_code": "PPL",
        "country_code": city.country_code,
        "population": city.population,
        "country": city.country,
        "admin1": city.region,
    }


def _coordinate(request: Request, name: str, limit: int) -> float:
    text = request.query(name)
    if not text:
        raise ValueError(f"Parameter '{name}' is missing.")
    value = float(text)
    if not isfinite(value) or abs(value) > limit:
        raise ValueError(f"Parameter '{name}' must be in range of -{limit} to {limit}°. Given: {text}.")
    return value


def _one_of(request: Request, name: str, *allowed: str) -> str:
    """A parameter with one of these values, by default the first."""
    value = request.query(name, allowed[0])
    if value not in allowed:
        raise ValueError(f"Cannot initialize {name} from invalid String value {value}.")
    return value


def _misbehaving(answer: Response, oddity: Oddity | None) -> Response:
    match oddity:
        case Oddity.SLOW:
            return replace(answer, wait=SLOW)
        case Oddity.GARBAGE:
            return replace(answer, body=answer.body[:-40])
        case Oddity.BROKEN:
            return _wrong("Internal Server Error", 500)
        case _:
            return answer


def _wrong(reason: str, status: int = 400) -> Response:
    return as_json({"error": True, "reason": reason}, status)

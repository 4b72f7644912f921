"""The cities that the demo's weather knows: real ones, thousands of invented ones, and three odd ones."""

from __future__ import annotations

import csv
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice, product
from pathlib import Path
from zlib import crc32

PREFIXES = ("", "New", "North", "South", "East", "West", "Upper", "Lower", "Old", "Port", "Lake", "Fort", "Mount")
ENDS = ("", "Bay", "Falls", "Hill", "Springs", "Valley", "Junction", "Park", "Heights", "Grove", "Bridge", "Ford", "Mills")
UNDECOMPOSED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i"})
"""Letters that Unicode does not decompose."""
UNKNOWN = ("Atlantis", "El Dorado", "Camelot", "Shangri-La")
"""Names of no city."""


class Oddity(StrEnum):
    """How the forecast of a city misbehaves."""

    SLOW = "answers after half a minute"
    GARBAGE = "answers invalid JSON"
    BROKEN = "answers 500"


@dataclass(frozen=True, slots=True)
class City:
    """A city; `region` is what Open-Meteo calls `admin1`."""

    name: str
    country_code: str
    country: str
    region: str
    latitude: float
    longitude: float
    population: int
    oddity: Oddity | None = None


ODD = (
    City("Slowtown", "US", "United States", "Nevada", 39.1111, -117.1111, 900, Oddity.SLOW),
    City("Garbage City", "EG", "Egypt", "Cairo", 30.2222, 31.2222, 262_000, Oddity.GARBAGE),
    City("Brokenburg", "DE", "Germany", "Brandenburg", 52.3333, 12.3333, 4_100, Oddity.BROKEN),
)


class Cities:
    """The cities by name; those of one name are in the order of the table, not of their population."""

    def __init__(self) -> None:
        self._by_name: defaultdict[str, list[City]] = defaultdict(list)
        self.all: Sequence[City] = [*_real(), *ODD, *_invented()]
        for city in self.all:
            self._by_name[fold(city.name)].append(city)
        self._oddities: Mapping[tuple[float, float], Oddity | None] = {
            (city.latitude, city.longitude): city.oddity for city in ODD
        }

    def named(self, name: str) -> Sequence[City]:
        """The cities of a name, in any spelling."""
        return self._by_name.get(fold(name), ())

    def oddity_at(self, latitude: float, longitude: float) -> Oddity | None:
        """How the forecast of these coordinates misbehaves; None for most of them."""
        return self._oddities.get((latitude, longitude))

    def lines(self, count: int) -> Iterator[str]:
        """A CSV with a header and `count` cities, or as many as there are; every fiftieth is an unknown one."""
        yield "city,country"
        for number, city in enumerate(islice(self.all, count), 1):
            unknown = UNKNOWN[number // 50 % len(UNKNOWN)]
            yield f"{unknown} {number}," if number % 50 == 0 else f"{city.name},{city.country_code}"


def fold(text: str) -> str:
    """The text in lower case, without diacritics, with single spaces."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return " ".join(bare.translate(UNDECOMPOSED).split())


def _real() -> Iterator[City]:
    """Real cities, with rounded populations; several may have the same name."""
    table = Path(__file__).with_name("cities.csv").read_text(encoding="utf-8")
    for name, code, country, region, latitude, longitude, population in csv.reader(table.splitlines()):
        yield City(name, code, country, region, float(latitude), float(longitude), int(population))


def _invented() -> Iterator[City]:
    """Cities such as `New Lyon Falls`, each near the city that it is named after."""
    named_after = {city.name: city for city in _real()}
    for prefix, ending, city in product(PREFIXES, ENDS, named_after.values()):
        if not prefix and not ending:
            continue
        name = f"{prefix} {city.name} {ending}".strip()
        number = crc32(name.encode())
        yield replace(
            city,
            name=name,
            latitude=round(city.latitude + (number % 2_000 - 1_000) / 1_000, 4),
            longitude=round(city.longitude + (number // 2_000 % 2_000 - 1_000) / 1_000, 4),
            population=500 + number % 80_000,
        )

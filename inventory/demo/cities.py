"""The places that the demo's weather knows: real cities, thousands of invented ones, and three odd ones."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice, product
from zlib import crc32

from inventory.demo.city_table import COUNTRIES, TABLE

BEFORE = ("", "New", "North", "South", "East", "West", "Upper", "Lower", "Old", "Port", "Lake", "Fort", "Mount")
BEHIND = ("", "Bay", "Falls", "Hill", "Springs", "Valley", "Junction", "Park", "Heights", "Grove", "Bridge", "Ford", "Mills")
UNDECOMPOSED = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ı": "i"})
"""Letters with a stroke, and others that Unicode does not take apart."""
UNKNOWN = ("Atlantis", "El Dorado", "Camelot", "Shangri-La")
"""Names that no place has."""


class Oddity(StrEnum):
    """What the forecast of a place does."""

    SLOW = "answers after half a minute"
    GARBAGE = "answers what is no JSON"
    BROKEN = "answers 500"


@dataclass(frozen=True, slots=True)
class City:
    """A place; `region` is what Open-Meteo calls `admin1`."""

    name: str
    country_code: str
    region: str
    latitude: float
    longitude: float
    population: int
    oddity: Oddity | None = None

    @property
    def country(self) -> str:
        """The name of the country."""
        return COUNTRIES[self.country_code]


ODD = (
    City("Slowtown", "US", "Nevada", 39.1111, -117.1111, 900, Oddity.SLOW),
    City("Garbage City", "EG", "Cairo", 30.2222, 31.2222, 262_000, Oddity.GARBAGE),
    City("Brokenburg", "DE", "Brandenburg", 52.3333, 12.3333, 4_100, Oddity.BROKEN),
)


class Cities:
    """The places by name; those of one name are in the order of the table, whatever their population."""

    def __init__(self) -> None:
        self._by_name: defaultdict[str, list[City]] = defaultdict(list)
        self.all: Sequence[City] = [*_real(), *ODD, *_invented()]
        for city in self.all:
            self._by_name[fold(city.name)].append(city)
        self._oddities: Mapping[tuple[float, float], Oddity | None] = {
            (city.latitude, city.longitude): city.oddity for city in ODD
        }

    def named(self, name: str) -> Sequence[City]:
        """The places of a name, in whatever spelling."""
        return self._by_name.get(fold(name), ())

    def oddity_at(self, latitude: float, longitude: float) -> Oddity | None:
        """What the forecast of these coordinates does, None for the most."""
        return self._oddities.get((latitude, longitude))

    def lines(self, count: int) -> Iterator[str]:
        """A CSV of `count` cities, or as many as there are, with their header; every fiftieth is none that is known."""
        yield "city,country"
        for number, city in enumerate(islice(self.all, count), 1):
            unknown = UNKNOWN[number // 50 % len(UNKNOWN)]
            yield f"{unknown} {number}," if number % 50 == 0 else f"{city.name},{city.country_code}"


def fold(text: str) -> str:
    """Lower case, without diacritics, single spaces."""
    bare = "".join(char for char in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(char))
    return " ".join(bare.translate(UNDECOMPOSED).split())


def _real() -> Iterator[City]:
    for line in TABLE.strip().splitlines():
        name, code, region, latitude, longitude, population = line.split("|")
        yield City(name, code, region, float(latitude), float(longitude), int(population))


def _invented() -> Iterator[City]:
    """`New Lyon Falls` and the like, each near the city that it is named after."""
    named_after = {city.name: city for city in _real()}
    for before, behind, city in product(BEFORE, BEHIND, named_after.values()):
        if not before and not behind:
            continue
        name = f"{before} {city.name} {behind}".strip()
        chance = crc32(name.encode())
        yield replace(
            city,
            name=name,
            latitude=round(city.latitude + (chance % 2_000 - 1_000) / 1_000, 4),
            longitude=round(city.longitude + (chance // 2_000 % 2_000 - 1_000) / 1_000, 4),
            population=500 + chance % 80_000,
        )

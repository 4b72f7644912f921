"""Which of the world's places is meant, as people and lists write it: held against what Open-Meteo finds by each name.

`places.csv` has places of GeoNames (CC BY 4.0, <https://www.geonames.org>), each with the names by which it is found, and
`asked.csv` has what is asked and the place that is right.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.errors import InvalidRequest, SourceFailure
from inventory.weather.cities import City
from inventory.weather.providers import MAX_QUERIES, OpenMeteo, wider_searches
from inventory.weather.spelling import region_name, spellings
from inventory.weather.tables import country_codes, regions

HERE = Path(__file__).parent
NAMES = HERE.parents[1] / "tools" / "names.csv"


def rows(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


PLACES = [
    {member: value for member, value in row.items() if value}
    | {"latitude": 1.5, "longitude": 2.5, "feature_code": "PPL", "population": int(row["population"])}
    for row in rows("places.csv")
]


class World:
    """An Open-Meteo that has these places, and the names that it was asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def get(self, _url: str, parameters: Mapping[str, Any]) -> tuple[int, Any]:
        """What it answers: the places of a name in a country, or everywhere, or the weather."""
        if "name" not in parameters:
            return 200, {"current": {"time": 1769860800, "temperature_2m": 3.4}}
        self.asked.append(parameters["name"])
        found = [place for place in PLACES if parameters["name"] in place["found_by"].split("|")]
        country = parameters.get("countryCode")
        return 200, {"results": [place for place in found if country in (None, place["country_code"])]}


def found(text: str, world: World | None = None) -> Any:
    return OpenMeteo("search", "forecast").current(City.read(text), (world or World()).get)["city"]


@pytest.mark.parametrize("row", rows("asked.csv"), ids=lambda row: row["asked"].encode("unicode-escape").decode())
def test_the_right_place_is_meant(row: dict[str, str]) -> None:
    world = World()
    place = found(row["asked"], world)

    assert (place["name"], place["region"] or "", place["country"]) == (row["name"], row["region"], row["country"])
    assert len(world.asked) <= 1 + MAX_QUERIES
    assert found(City.read(row["asked"]).key) == place


def test_what_is_found_as_it_is_written_is_asked_for_once() -> None:
    world = World()
    found("Paris, TX", world)

    assert world.asked == ["paris"]


def test_where_a_city_is_may_follow_it_without_a_comma() -> None:
    world = World()

    assert found("toronto canada", world)["region"] == "Ontario"
    assert world.asked == ["toronto canada", "toronto"]
    with pytest.raises(SourceFailure, match="No city named 'toronto bavaria'"):
        found("toronto bavaria")


@pytest.mark.parametrize(
    "text",
    [
        "48.85,2.35",
        "48.85, 2.35",
        "-33.86 151.2",
        "48°51'N 2°21'E",
        "75001",
        "10115, Germany",
        "SW1A 1AA",
        "12345-678",
    ],
)
def test_coordinates_and_postcodes_are_refused_as_what_they_are(text: str) -> None:
    with pytest.raises(InvalidRequest, match="Cities are not found by coordinates or postcodes"):
        City.read(text)


@pytest.mark.parametrize("text", ["# a comment", ", France", "Paris, 75"])
def test_what_is_no_city_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="neither a city nor"):
        City.read(text)


PIECES = st.sampled_from(
    [
        *(
            "Paris",
            "PARIS",
            "St.",
            "N.",
            "a.M.",
            "a.d.",
            "75001",
            "1012 AB",
            "SW1A 1AA",
            "CEDEX",
            "TX",
            "usa",
            "D.C.",
            "Korea",
        ),
        *(
            "New",
            "of",
            "City",
            "'s",
            "L'",
            "(",
            ")",
            "[",
            "]",
            "-",
            " - ",
            ",",
            ";",
            "/",
            "|",
            '"',
            "“",
            "°",
            "48.85",
            "#",
            "•",
        ),
        *(
            "東京",
            "市",
            "г.",
            "Georgia",
            "GE",
            "(SP)",
            "-SP",
            "Rep.",
            "\u200f",
            "，",
            "１２３",
            "＂",
            "texas",
            "north rhine",
        ),
    ]
)


@given(st.lists(PIECES, max_size=8), st.sampled_from(["", " ", ", "]))
@settings(max_examples=2_000, deadline=None)
def test_whatever_is_written_has_a_key_that_is_its_own_and_is_searched_a_few_times(pieces: list[str], between: str) -> None:
    try:
        city = City.read(between.join(pieces))
    except InvalidRequest:
        return
    assert City.read(city.key) == city
    searches = list(wider_searches(city))
    assert len(searches) <= MAX_QUERIES
    assert all(name.strip() for _, name, _ in searches)


def test_every_name_that_only_lists_have_is_in_the_tables_that_are_made_of_it() -> None:
    table, missing = regions(), []
    for code, *names in csv.reader(NAMES.read_text(encoding="utf-8").splitlines()):
        for spelled in {spelling for name in names for spelling in spellings(name)}:
            name = region_name(spelled)
            known = (
                code in (*table.named.get(name, ()), *table.short.get(name, ()))
                if "-" in code
                else spelled in country_codes()
            )
            missing += [] if known else [(code, spelled)]

    assert missing == []

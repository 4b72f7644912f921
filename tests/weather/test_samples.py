"""Lists of cities as public tables write them: what each row says, and which city that is."""

from __future__ import annotations

from pathlib import Path

import pytest

from inventory.weather.cities import City
from tests.imports.actions import texts

SAMPLES = Path(__file__).parents[1] / "samples" / "cities"
KEYS = {
    "worldcities.csv": ["tokyo,tokyo,jp", "lodz,lodz,pl", "sao paulo,sp,br", "xi'an,sn,cn"],
    "uscities.csv": ["springfield,il,us", "augusta,ge", "portland,or,us"],
    "city_state_country.csv": [
        "paris,tx,us",
        "paris,fr",
        "springfield,il,us",
        "toronto,on,ca",
        "seoul,kr",
        "washington,dc,us",
    ],
    "staedte.csv": ["munchen,by,de", "zurich,zh,ch", "wien,at"],
    "openweather.jsonl": ["springfield,mo,us", "paris,fr"],
    "countries_states_cities.csv": ["wil,sg,ch", "athens,ga,us"],
    "places.txt": [
        "springfield,il",
        "paris,tx,us",
        "portland,or",
        "london,eng,gb",
        "abidjan,ci",
        "東京,jp",
        "tbilisi,ge",
    ],
    "nested.json": ["paris,fr", "springfield,il,us"],
    "places.geojson": ["lodz,lodz,pl", "kinshasa,cd"],
    "comuni.csv": ["roma,rm", "forli,fc"],
    "addresses.txt": ["toronto canada", "paris", "austin,tx,us", "frankfurt a.m.", "sao paulo,sp", "sydney,nsw,au"],
    "regions.tsv": ["honolulu,us", "istanbul,tr"],
}


@pytest.mark.parametrize(("name", "keys"), KEYS.items(), ids=KEYS)
def test_a_list_of_cities_is_read(name: str, keys: list[str]) -> None:
    rows = texts((SAMPLES / name).read_bytes(), name, kind="cities")

    assert [City.read(row).key for row in rows] == keys


def test_every_sample_is_read() -> None:
    assert sorted(KEYS) == sorted(path.name for path in SAMPLES.iterdir())

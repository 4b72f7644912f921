"""Imports of kind `cities`: which columns say where a city is, and what becomes of each row."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from flask.testing import FlaskClient

from inventory.errors import SourceFailure
from inventory.imports.file_format import FileFormat
from inventory.imports.rows import read as rows_of
from inventory.records.source import Collected
from inventory.services import Services
from tests.fakes import FakeClock, FakeWeather, weather_content
from tests.imports.actions import texts
from tests.jobs.actions import found, work_to_the_end
from tests.weather.actions import NO_CITY, TIMEOUT, get, outcomes


def send(client: FlaskClient, content: str, name: str = "cities.csv", **options: object) -> str:
    """The id of the job that a file became."""
    file = (io.BytesIO(content.encode()), name)
    answer = client.post("/api/v1/imports", query_string={"kind": "cities", **options}, data={"file": file})
    assert answer.status_code == 202, answer.json
    return str(answer.json["job_id"])


def rows(client: FlaskClient, job_id: str) -> list[tuple[int, str, str, str | None]]:
    """Row, input, outcome and code of all rows."""
    listed = client.get(f"/api/v1/jobs/{job_id}/rows", query_string={"limit": 200}).json["rows"]
    return [(row["row"], row["input"], row["outcome"], row["code"]) for row in listed]


PLACE = ["Paris, TX, US"] * 2


@pytest.mark.parametrize(
    ("header", "cells", "column", "read"),
    [
        ("City,State/Region,Country", "Paris,TX,US", None, PLACE),
        ("City,State / Province,Country", "Paris,TX,US", None, PLACE),
        ("City,State (Full),Country/Region", "Paris,TX,US", None, PLACE),
        ("City,Prov,Country/Territory", "Paris,TX,US", None, PLACE),
        ("city,admin1_code,countryCode", "Paris,TX,US", None, PLACE),
        ("name,country,subcountry,geonameid", "Paris,US,TX,4717560", None, PLACE),
        ("CITY*,STATE[c],2020[1],COUNTRY (ISO)", "Paris,TX,25171,US", None, PLACE),
        ("CityName,StateProvince,CountryCode", "Paris,TX,US", None, PLACE),
        ("Name,BillingCity,BillingState,BillingCountry", "Acme,Paris,TX,US", None, PLACE),
        ("Name,BillingCity,BillingState,BillingCountry", "Acme,Paris,TX,US", "BillingCity", PLACE),
        ("Name,Shipping City,Shipping Province,Shipping Country", "#1,Paris,TX,US", None, PLACE),
        ("Billing City,Billing State,Shipping City,Shipping State,Country", "Rome,GA,Paris,TX,US", "Shipping City", PLACE),
        ("Billing City,Billing State,Shipping City", "Rome,GA,Paris", "Shipping City", ["Paris", "Paris"]),
        ("Default Address City,Default Address Province Code,Default Address Country Code", "Paris,TX,US", None, PLACE),
        ("Name,Capital City,Country", "Texas,Paris,US", None, ["Paris, US"] * 2),
    ],
)
def test_names_of_columns_are_known_in_any_style(header: str, cells: str, column: str | None, read: list[str]) -> None:
    assert texts(f"{header}\n{cells}\n{cells}\n".encode(), "a.csv", kind="cities", column=column) == read


def test_the_format_of_a_job_tells_the_columns_that_are_added(client: FlaskClient) -> None:
    job_id = send(client, "Country,City,State\nUS,Paris,TX\n")

    assert client.get(f"/api/v1/jobs/{job_id}").json["format"]["column"] == "City, State, Country"


@pytest.mark.parametrize(
    ("content", "name", "read"),
    [
        ("city,country\nParis,FR\nParis,US\n", "a.csv", ["Paris, FR", "Paris, US"]),
        ("Country;City\nFrance;Paris\n", "a.csv", ["Paris, France"]),
        ("country,country_code,city\nFrance,FR,Paris\n", "a.csv", ["Paris, FR"]),
        ("city,country\nParis,\nParis,  \nParis\n", "a.csv", ["Paris", "Paris", "Paris"]),
        ('city,country\n"Paris, TX",US\n', "a.csv", ["Paris, TX, US"]),
        ('city,country\n"Paris, US",US\n"Paris, us",US\n', "a.csv", ["Paris, US", "Paris, us"]),
        ("City,State,Country\nParis,TX,US\nParis,,FR\nOslo,N/A,NO\n", "a.csv", ["Paris, TX, US", "Paris, FR", "Oslo, NO"]),
        ("Country;State;City\nUnited States;Illinois;Springfield\n", "a.csv", ["Springfield, Illinois, United States"]),
        ("city,state\nPortland,OR\nPortland,ME\n", "a.csv", ["Portland, OR", "Portland, ME"]),
        ("name,admin1,cc\nParis,11,FR\nBern,-,CH\nRome,NULL,IT\n", "a.csv", ["Paris, FR", "Bern, CH", "Rome, IT"]),
        (
            "city,city_ascii,lat,lng,country,iso2,iso3,admin_name,capital,population\n"
            "Łódź,Lodz,51.7,19.4,Poland,PL,POL,Łódzkie,admin,768755\n",
            "worldcities.csv",
            ["Łódź, Łódzkie, PL"],
        ),
        ("city,state_id,state_name,county_name\nAugusta,GA,Georgia,Richmond\n", "uscities.csv", ["Augusta, Georgia"]),
        ("id,name,state_id,state_code,country_id,country_code\n1,Bern,11,BE,214,CH\n", "cities.csv", ["Bern, BE, CH"]),
        ("Stadt,city,Land\nx,Wien,Österreich\n", "a.csv", ["Wien, Österreich"]),
        ("city,iso_region,iso_country\nSalem,US-MA,US\n", "airports.csv", ["Salem, US-MA, US"]),
        (
            '{"name": "Salem", "state": "OR", "country": "US"}\n{"name": "Oslo", "state": "", "country": "NO"}\n',
            "a.jsonl",
            ["Salem, OR, US", "Oslo, NO"],
        ),
        ('"city","country"\n"Saint-Denis","Réunion"\n', "a.csv", ["Saint-Denis, Réunion"]),
        ("town\tiso2\nBern\tCH\n", "a.csv", ["Bern, CH"]),
        ("city,population\nParis,2000000\n", "a.csv", ["Paris"]),
        ("city\nParis\nRome\n", "a.csv", ["Paris", "Rome"]),
        ("Paris\nRome, IT\n", "a.txt", ["Paris", "Rome, IT"]),
        ('"Paris"\n- Rome, IT\n• „Wien“,\n1. Oslo # capital\n', "a.txt", ["Paris", "Rome, IT", "Wien", "Oslo"]),
        ("Paris\tFR\t2100000\n's-Gravenhage\n'Bern';\n", "a.txt", ["Paris, FR", "'s-Gravenhage", "Bern"]),
        ('{"city": "Paris", "country": "FR"}\n{"city": "Rome"}\n"Bern"\n', "a.jsonl", ["Paris, FR", "Rome", "Bern"]),
        (
            '{"name": "Paris", "country_code": "fr"}\n{"name": "Rome", "country_code": null}\n',
            "a.jsonl",
            ["Paris, fr", "Rome"],
        ),
        ('{"city": "Paris", "country": 33}\n', "a.jsonl", ["Paris"]),
        ('{"City": "Paris", "State": "TX", "Country": "US"}\n', "a.jsonl", ["Paris, TX, US"]),
        ("geonameid,name,asciiname,country code\n1,Łódź,Lodz,PL\n", "a.csv", ["Łódź, PL"]),
    ],
)
def test_a_column_of_countries_says_which_city_is_meant(content: str, name: str, read: list[str]) -> None:
    assert texts(content.encode(), name, kind="cities") == read


def test_a_column_that_is_asked_for_has_its_country_too() -> None:
    content = b"id,where,country\n1,Paris,FR\n"

    assert texts(content, "a.csv", kind="cities", column="where") == ["Paris, FR"]
    assert texts(content, "a.csv", kind="cities", column="country") == ["FR"]
    assert texts(b"Paris,FR\nRome,IT\n", "a.csv", kind="cities", column="1") == ["Paris", "Rome"], "there is no header"


def test_a_format_that_an_earlier_version_kept_has_its_one_qualifier() -> None:
    kept = {
        "line_format": "csv",
        "gzipped": False,
        "encoding": "utf-8",
        "newline": "\n",
        "delimiter": ",",
        "header": True,
        "column": 0,
        "member": None,
    }
    formats = [FileFormat.from_option(kept | {"qualifier": qualifier}) for qualifier in (None, 1)]

    assert [each.qualifiers for each in formats] == [(), (1,)]
    read = [[row.text for row, _ in rows_of(io.BytesIO(b"city,country\nParis,FR\n"), each)] for each in formats]
    assert read == [["Paris"], ["Paris, FR"]]
    assert [FileFormat.from_option(json.loads(json.dumps(each.as_option()))) for each in formats] == formats


def test_urls_have_no_country() -> None:
    assert texts(b"url,country\nhttps://a.example/,FR\n", "a.csv") == ["https://a.example/"]


def test_each_row_ends_with_what_a_lookup_of_its_city_would_say(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    weather.pages["atlantis"] = NO_CITY
    weather.pages["brokenburg"] = TIMEOUT
    job_id = send(client, "city,country\nZürich,CH\nAtlantis,\nBrokenburg,\n12345,\nzurich,Switzerland\n,\n")
    job = work_to_the_end(services, clock, job_id)

    assert rows(client, job_id) == [
        (2, "Zürich, CH", "succeeded", None),
        (3, "Atlantis", "failed", "unknown_city"),
        (4, "Brokenburg", "failed", "timeout"),
        (5, "12345", "rejected", "invalid_request"),
        (6, "zurich, Switzerland", "succeeded", None),
        (7, ",", "rejected", "missing_value"),
    ]
    assert (job.counts.succeeded, job.counts.failed, job.counts.rejected, job.total) == (2, 2, 2, 6)
    assert (weather.asked["zurich,ch"], weather.asked["atlantis"]) == (1, 1), "once each, unless trying again may help"
    assert weather.asked["brokenburg"] == services.settings.max_attempts


def test_a_row_says_what_to_send_instead(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    job_id = send(client, "city\nParis, a, b, c, d\n")
    work_to_the_end(services, clock, job_id)
    [row] = client.get(f"/api/v1/jobs/{job_id}/rows").json["rows"]

    assert "is neither a city nor a city with a region, a country or both. Send a name" in row["detail"]


def test_a_row_says_which_city_was_meant_and_how_many_it_might_have_been(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    springfield = {"country": "US", "region": "Missouri", "population": 166_810, "candidates": 5}
    weather.pages |= {
        "springfield": Collected(weather_content("Springfield", **springfield), None),
        "springfield,il,us": Collected(
            weather_content("Springfield", **springfield | {"region": "Illinois", "candidates": 1}), None
        ),
        "atlantis": NO_CITY,
    }
    job_id = send(client, "city,state\nSpringfield,\nSpringfield,Illinois\nAtlantis,\nBern,\n")
    work_to_the_end(services, clock, job_id)
    listed = client.get(f"/api/v1/jobs/{job_id}/rows").json["rows"]

    assert [(row["outcome"], row["detail"]) for row in listed] == [
        ("succeeded", "Springfield, Missouri, US; the most populous of 5 that may be meant"),
        ("succeeded", "Springfield, Illinois, US"),
        ("failed", NO_CITY.args[0]),
        ("succeeded", "Bern, CH"),
    ]


def test_what_a_job_collected_is_a_hit_and_leaves_no_lookup_in_the_history(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    work_to_the_end(services, clock, send(client, "city\nBern\n"))

    assert outcomes(client) == []
    assert get(client, "BERN").json["stale"] is False
    assert weather.asked == {"bern": 1}


def test_weather_that_is_fresh_is_not_collected_again_and_what_is_not_is(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    get(client, "Bern")
    clock.forward(600)
    work_to_the_end(services, clock, send(client, "city\nBern\n"))
    assert weather.asked["bern"] == 1

    work_to_the_end(services, clock, send(client, "city\nBern\n", "again.csv", fresh_for=60))
    assert weather.asked["bern"] == 2

    clock.forward(services.settings.weather_fresh_for + 1)
    work_to_the_end(services, clock, send(client, "city\nBern\n", "later.csv"))
    assert weather.asked["bern"] == 3


def test_a_city_that_a_lookup_wants_is_collected_before_the_job_comes_to_it(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    job_id = send(client, "city\n" + "".join(f"Town {chr(97 + n)}\n" for n in range(20)))
    assert get(client, "Town t").status_code == 200
    job = work_to_the_end(services, clock, job_id)

    assert job.counts.succeeded == 20
    assert set(weather.asked.values()) == {1}


def test_failed_cities_can_be_tried_again(
    client: FlaskClient, services: Services, weather: FakeWeather, clock: FakeClock
) -> None:
    failing: dict[str, Any] = {"paris,fr": SourceFailure("timeout", "It took too long", permanent=True)}
    weather.pages |= failing
    job_id = send(client, "city,country\nParis,France\nRome,IT\n")
    work_to_the_end(services, clock, job_id)
    assert client.get(f"/api/v1/jobs/{job_id}").json["failed"] == 1

    del weather.pages["paris,fr"]
    again = client.post(f"/api/v1/jobs/{job_id}/retry")
    assert again.status_code == 202
    work_to_the_end(services, clock, again.json["job_id"])
    assert [row[1:] for row in rows(client, again.json["job_id"])] == [("Paris, France", "succeeded", None)]
    assert found(services, again.json["job_id"]).kind == "cities"


def test_a_file_of_cities_is_kept_as_it_was_sent_whatever_is_in_it(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    names = ["東京", "Нижний Новгород", "مكة", "São Paulo", "L'Aquila", "y" * 120, "y" * 121, "=cmd()", "Par\u202eis"]
    job_id = send(client, "".join(json.dumps({"city": name}) + "\n" for name in names), "cities.jsonl")
    work_to_the_end(services, clock, job_id)

    assert [row[2] for row in rows(client, job_id)] == ["succeeded"] * 6 + ["rejected", "succeeded", "succeeded"]

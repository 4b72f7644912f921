"""The source `weather`, from a real upstream: what it asks, what it makes of the answers, and of every kind of garbage."""

from __future__ import annotations

import gzip
import ipaddress
import json
import time
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from inventory.config import Settings
from inventory.errors import InvalidRequest, SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport
from inventory.weather.cities import City
from inventory.weather.providers import OpenMeteo
from inventory.weather.source import MAX_BYTES, Weather
from inventory.weather.spelling import bare
from inventory.weather.tables import conditions
from tests.conftest import Build
from tests.end_to_end.stack import free_port
from tests.upstreams import Answer, Request, Upstream
from tests.upstreams.torture import Torture

SEARCH, FORECAST = "/v1/search", "/v1/forecast"
LOOPBACK = ipaddress.ip_network("127.0.0.1/32")
PARIS = {
    "id": 2988507,
    "name": "Paris",
    "latitude": 48.85341,
    "longitude": 2.3488,
    "elevation": 42.0,
    "feature_code": "PPLC",
    "country_code": "FR",
    "population": 2138551,
    "country": "France",
    "admin1": "Île-de-France",
}
TEXAS = PARIS | {"country_code": "US", "country": "United States", "admin1": "Texas", "population": 24171, "latitude": 33.7}
NOW = {
    "time": 1769860800,
    "interval": 900,
    "temperature_2m": 3.4,
    "relative_humidity_2m": 81,
    "weather_code": 2,
    "wind_speed_10m": 9.4,
}
FORECASTED = {"latitude": 48.86, "longitude": 2.34, "utc_offset_seconds": 0, "current": NOW}


@pytest.fixture
def weather(upstream: Upstream) -> Weather:
    return made(upstream)


def made(upstream: Upstream | Torture, *, deadline: float = 60.0) -> Weather:
    fetcher = Fetcher(RequestsTransport(Guard([LOOPBACK])), deadline=deadline, body_limit=MAX_BYTES)
    return Weather(fetcher, OpenMeteo(upstream.url(SEARCH), upstream.url(FORECAST)))


def as_json(document: object, status: int = 200) -> Answer:
    return Answer(status, (("Content-Type", "application/json"),), json.dumps(document).encode())


def serve(upstream: Upstream, *places: dict[str, Any], now: dict[str, Any] = NOW) -> None:
    """Answer one search and one forecast."""
    upstream.script(SEARCH, as_json({"results": list(places), "generationtime_ms": 0.5}))
    upstream.script(FORECAST, as_json(FORECASTED | {"current": now}))


def asked(upstream: Upstream, path: str) -> list[Request]:
    return [request for request in upstream.requests if request.path == path]


def failure(weather: Weather, city: str = "paris") -> SourceFailure:
    with pytest.raises(SourceFailure) as caught:
        weather.collect(city)
    return caught.value


def test_a_target_is_the_key_of_a_city_and_the_host_that_is_asked_first(weather: Weather) -> None:
    target = weather.target("Zürich, Switzerland")

    assert (target.source, target.key, target.host) == ("weather", "zurich,ch", "127.0.0.1")
    assert weather.target("ZURICH,ch").id == target.id
    assert weather.target("Zurich").id != target.id
    with pytest.raises(InvalidRequest):
        weather.target("")


def test_the_content_is_the_city_and_its_weather_and_there_is_no_body(weather: Weather, upstream: Upstream) -> None:
    serve(upstream, PARIS)
    collected = weather.collect("paris,fr")

    assert json.loads(json.dumps(collected.content)) == {
        "city": {
            "name": "Paris",
            "country": "FR",
            "region": "Île-de-France",
            "latitude": 48.85341,
            "longitude": 2.3488,
            "population": 2138551,
            "candidates": 1,
        },
        "weather": {
            "temperature_c": 3.4,
            "condition": "partly cloudy",
            "humidity_percent": 81.0,
            "wind_kph": 9.4,
            "observed_at": "2026-01-31T12:00:00.000Z",
        },
    }
    assert (collected.body, collected.unchanged, collected.come_back_in) == (None, False, None)


def test_the_city_is_requested_by_name_and_its_weather_by_coordinates_and_units(
    weather: Weather, upstream: Upstream
) -> None:
    serve(upstream, PARIS)
    weather.collect("paris")

    [search], [forecast] = asked(upstream, SEARCH), asked(upstream, FORECAST)
    assert [search.query(name, "") for name in ("name", "count", "language", "countryCode")] == ["paris", "100", "en", ""]
    assert [forecast.query(name, "") for name in ("latitude", "longitude")] == ["48.85341", "2.3488"]
    assert forecast.query("current", "").split(",") == list(NOW)[2:]
    assert [forecast.query(name, "") for name in ("wind_speed_unit", "timeformat", "timezone")] == ["kmh", "unixtime", ""]
    assert search.headers["accept"] == "application/json"


def test_with_a_country_the_cities_in_it_are_requested(weather: Weather, upstream: Upstream) -> None:
    serve(upstream, PARIS, TEXAS)
    collected = weather.collect("paris,us")

    [search] = asked(upstream, SEARCH)
    assert (search.query("name", ""), search.query("count", ""), search.query("countryCode", "")) == ("paris", "100", "US")
    assert (collected.content["city"]["region"], collected.content["city"]["candidates"]) == ("Texas", 1)


@pytest.mark.parametrize("city", ["Москва", "東京", "القاهرة", "São Paulo", "l'aquila", "a & b=c+d%41"])
def test_a_name_arrives_as_it_is(weather: Weather, upstream: Upstream, city: str) -> None:
    key = weather.target(city).key
    serve(upstream, PARIS | {"name": city})
    weather.collect(key)

    assert asked(upstream, SEARCH)[0].query("name", "") == key


def test_of_several_cities_of_one_name_the_most_populous_is_meant_and_the_answer_counts_them(
    weather: Weather, upstream: Upstream
) -> None:
    unpopulated = {name: value for name, value in TEXAS.items() if name != "population"}
    serve(upstream, TEXAS, unpopulated, PARIS, TEXAS | {"population": None})
    city = weather.collect("paris").content["city"]

    assert (city["country"], city["population"], city["candidates"]) == ("FR", 2138551, 4)


def test_of_equally_populous_ones_it_is_the_first(weather: Weather, upstream: Upstream) -> None:
    serve(upstream, TEXAS | {"population": 5}, PARIS | {"population": 5})

    assert weather.collect("paris").content["city"]["country"] == "US"


@pytest.mark.parametrize(
    ("key", "places", "meant"),
    [
        ("bath", [("Bath", "PPLA2", 94_782), ("Bathinda", "PPL", 285_788)], 94_782),
        ("wien", [("Vienna", "PPLC", 1_691_468), ("Wien", "PPL", 7)], 1_691_468),
        ("munchen", [("Munich", "PPLA", 1_260_391), ("Münchenstein", "PPL", 11_702)], 1_260_391),
        ("mexico", [("Mexico", "PCLI", 126_190_788), ("Mexico", "PPLA3", 11_543), ("Mexico", "PPL", 9)], 11_543),
        ("iceland", [("Iceland", "PCLI", 353_574)], 353_574),
        ("bath", [("Bathinda", "PPL", 285_788), ("Bath", "PPLA2", 94_782)], 94_782),
        ("frankfurt", [("Frankfurt am Main", "PPLA2", 650_000), ("Frankfurt", "PPL", 90)], 650_000),
        ("kingston", [("West Lafayette", "PPL", 45_550), ("Kingston", "PPL", 23_436)], 23_436),
        ("greenwood,fr", [("Kansas City", "PPL", 475_378), ("Greenwood", "PPL", 5_569)], 5_569),
        ("wien,fr", [("Vienna", "PPLC", 1_691_468), ("Wien", "PPL", 7)], 1_691_468),
        ("san jose", [("San José del Monte", "PPL", 651_813), ("San José", "PPLC", 335_007)], 335_007),
    ],
    ids=[
        "not what begins like it",
        "by another name",
        "by none of its names",
        "not the country",
        "no city at all",
        "not what comes first",
        "by its short name",
        "not what was called so",
        "not what was called so there",
        "not a hamlet there",
        "not a longer name",
    ],
)
def test_a_city_is_meant_and_not_what_begins_like_it_or_is_none(
    weather: Weather, upstream: Upstream, key: str, places: list[tuple[str, str, int]], meant: int
) -> None:
    members = ("name", "feature_code", "population")
    serve(upstream, *(PARIS | dict(zip(members, place, strict=True)) for place in places))

    assert weather.collect(key).content["city"]["population"] == meant


def place(name: str, country: str, region: str | None, people: int, **more: object) -> dict[str, Any]:
    """A result of a search; its latitude is unlike that of others."""
    where = {"latitude": people % 89 + 0.5, "country_code": country, "country": None, "admin1": region, "population": people}
    return {"name": name, "longitude": 1.5, "feature_code": "PPL"} | where | more


WORLD = [
    place("Springfield", "US", "Missouri", 166_810),
    place("Springfield", "US", "Massachusetts", 154_341, admin2="Hampden"),
    place("Springfield", "US", "Illinois", 116_565, admin2="Sangamon"),
    place("Springfield", "US", "Ohio", 59_357, admin2="Clark"),
    place("Springfield", "CA", "Ontario", 900),
    place("Paris", "FR", "Île-de-France", 2_138_551, admin2="Paris"),
    place("Paris", "US", "Texas", 24_839, admin2="Lamar"),
    place("Paris", "US", "Kentucky", 9_801, admin2="Bourbon"),
    place("Paris", "CA", "Ontario", 11_763),
    place("Salem", "IN", "Tamil Nadu", 778_396),
    place("Salem", "US", "Oregon", 164_549),
    place("Salem", "US", "Indiana", 6_317),
    place("Lancaster", "US", "California", 161_103),
    place("Lancaster", "CA", "Ontario", 700),
    place("Lancaster", "GB", "England", 52_234, admin2="Lancashire"),
    place("Augusta", "US", "Georgia", 197_166),
    place("Tbilisi", "GE", "Tbilisi", 1_049_498),
    place("Bangor", "GB", "Northern Ireland", 60_260),
    place("Bangor", "GB", "Wales", 15_280),
    place("Perth", "AU", "Western Australia", 1_896_548),
    place("Perth", "GB", "Scotland", 47_430),
    place("Neustadt", "DE", "Rheinland-Pfalz", 53_984),
    place("Neustadt", "DE", "Saxony", 12_391),
    place("Milan", "IT", "Lombardy", 1_371_498, admin2="Province of Milan"),
    place("Milan", "US", "Michigan", 5_836),
    place("Vitória", "BR", "Espírito Santo", 312_656),
    place("Wrocław", "PL", "Lower Silesian Voivodeship", 634_893),
    place("San Juan", "PR", "San Juan", 342_259),
    place("San Juan", "AR", "San Juan", 447_048),
]


@pytest.mark.parametrize(
    ("city", "country", "region", "candidates"),
    [
        ("Springfield", "US", "Missouri", 5),
        ("Springfield, US", "US", "Missouri", 4),
        ("Springfield, IL", "US", "Illinois", 1),
        ("Springfield, Illinois", "US", "Illinois", 1),
        ("Springfield, MA, USA", "US", "Massachusetts", 1),
        ("Springfield, Clark County, Ohio, United States", "US", "Ohio", 1),
        ("Springfield, Hampden", "US", "Massachusetts", 1),
        ("Springfield, Kanada", "CA", "Ontario", 1),
        ("Paris", "FR", "Île-de-France", 4),
        ("Paris, TX", "US", "Texas", 1),
        ("Paris, TX, US", "US", "Texas", 1),
        ("Paris, Texas, U.S.A.", "US", "Texas", 1),
        ("Paris, US", "US", "Texas", 2),
        ("Paris, CA", "CA", "Ontario", 1),
        ("Paris, ON", "CA", "Ontario", 1),
        ("Paris, IDF, FR", "FR", "Île-de-France", 1),
        ("Paris, Ile de France", "FR", "Île-de-France", 1),
        ("Salem, OR", "US", "Oregon", 1),
        ("Salem, IN", "IN", "Tamil Nadu", 2),
        ("Salem, IN, US", "US", "Indiana", 1),
        ("Salem, Indiana", "US", "Indiana", 1),
        ("Salem, TN, India", "IN", "Tamil Nadu", 1),
        ("Lancaster, CA", "US", "California", 2),
        ("Lancaster, ON, Canada", "CA", "Ontario", 1),
        ("Lancaster, UK", "GB", "England", 1),
        ("Lancaster, Lancashire, England", "GB", "England", 1),
        ("Augusta, Georgia", "US", "Georgia", 1),
        ("Augusta, GA", "US", "Georgia", 1),
        ("Tbilisi, Georgia", "GE", "Tbilisi", 1),
        ("Bangor, Wales", "GB", "Wales", 1),
        ("Bangor, Great Britain", "GB", "Northern Ireland", 2),
        ("Perth, WA", "AU", "Western Australia", 1),
        ("Perth, Scotland", "GB", "Scotland", 1),
        ("Neustadt, Sachsen, DE", "DE", "Saxony", 1),
        ("Neustadt, Rhineland-Palatinate", "DE", "Rheinland-Pfalz", 1),
        ("Milan, MI", "US", "Michigan", 1),
        ("Milan, MI, IT", "IT", "Lombardy", 1),
        ("Milan, Lombardia, Italia", "IT", "Lombardy", 1),
        ("Vitoria, ES, BR", "BR", "Espírito Santo", 1),
        ("Wroclaw, Dolnośląskie, PL", "PL", "Lower Silesian Voivodeship", 1),
        ("Vitoria, ES", "BR", "Espírito Santo", 1),
        ("Milan, MI, Italien", "IT", "Lombardy", 1),
        ("Neustadt, RP", "DE", "Rheinland-Pfalz", 1),
        ("San Juan, PR", "PR", "San Juan", 1),
        ("San Juan, PR, USA", "PR", "San Juan", 1),
        ("San Juan, Argentina", "AR", "San Juan", 1),
    ],
)
def test_places_of_one_name_are_told_apart_by_region_and_country_and_then_by_population(
    weather: Weather, upstream: Upstream, city: str, country: str, region: str, candidates: int
) -> None:
    target = weather.target(city)
    name = target.key.partition(",")[0]
    upstream.script(FORECAST, as_json(FORECASTED))
    upstream.script(SEARCH, *[as_json({"results": [each for each in WORLD if bare(each["name"]) == bare(name)]})] * 2)
    found = weather.collect(target.key).content["city"]

    assert (found["country"], found["region"], found["candidates"]) == (country, region, candidates)
    assert asked(upstream, SEARCH)[-1].query("countryCode", "") in ("", country, (City.read(city).country or "").upper())


@pytest.mark.parametrize(
    "city",
    [
        "Springfield, ZZ",
        "Springfield, Nevada",
        "Springfield, Nowhere, US",
        "Paris, Texas, FR",
        "Paris, Bavaria",
        "Paris, Île-de-France, US",
        "Salem, Germany",
        "Tbilisi, Russia",
    ],
)
def test_a_city_that_is_not_where_it_should_be_is_unknown(weather: Weather, upstream: Upstream, city: str) -> None:
    key = weather.target(city).key
    named = [each for each in WORLD if bare(each["name"]) == key.partition(",")[0]]
    upstream.script(SEARCH, *[as_json({"results": named})] * 2)

    assert failure(weather, key).code == "unknown_city"


@pytest.mark.parametrize(
    ("city", "name", "country", "region"),
    [
        ("Bern, BE", "Bern", "CH", "Bern"),
        ("Genève, GE", "Geneva", "CH", "Geneva"),
        ("Torino, TO", "Turin", "IT", "Piedmont"),
        ("Milano, MI", "Milan", "IT", "Lombardy"),
        ("Barcelona, CT", "Barcelona", "ES", "Catalonia"),
        ("Mumbai, MH", "Mumbai", "IN", "Maharashtra"),
        ("Belfast, NI", "Belfast", "GB", "Northern Ireland"),
        ("Bogotá, D.C.", "Bogotá", "CO", "Bogota D.C."),
    ],
)
def test_letters_mean_a_region_elsewhere_if_no_such_city_is_where_they_usually_mean(
    weather: Weather, upstream: Upstream, city: str, name: str, country: str, region: str
) -> None:
    usual = as_json({"results": [place("Bernissart", "BE", "Wallonia", 11_000)]} if name == "Bern" else {})
    here = place(name, country, region, 300_000) | {"admin2": "Provincia di Torino" if name == "Turin" else "Milano"}
    upstream.script(SEARCH, *([usual] if weather_country(weather, city) else []), as_json({"results": [here]}))
    upstream.script(FORECAST, as_json(FORECASTED))
    found = weather.collect(weather.target(city).key).content["city"]

    assert (found["name"], found["country"]) == (name, country)
    assert asked(upstream, SEARCH)[-1].query("countryCode", "") == ""


def weather_country(weather: Weather, city: str) -> str | None:
    """The country in which a city is searched first."""
    return City.read(weather.target(city).key).country


@pytest.mark.parametrize(
    ("city", "name", "again"),
    [
        ("St. Gallen", "St. Gallen", "saint gallen"),
        ("St-Étienne, France", "Saint-Étienne", "saint-etienne"),
        ("Ft.Worth", "Fort Worth", "fort worth"),
        ("Stoke on Trent", "Stoke-on-Trent", "stoke-on-trent"),
        ("Winston-Salem, US-NC", "Winston Salem", "winston salem"),
        ("Bolzano/Bozen", "Bolzano", "bolzano"),
        ("Frankfurt (Main)", "Frankfurt am Main", "frankfurt"),
    ],
)
def test_a_name_that_is_not_found_is_searched_once_more_as_others_write_it(
    weather: Weather, upstream: Upstream, city: str, name: str, again: str
) -> None:
    upstream.script(SEARCH, as_json({}), as_json({"results": [place(name, "FR" if "France" in city else "US", None, 9)]}))
    upstream.script(FORECAST, as_json(FORECASTED))
    found = weather.collect(weather.target(city).key).content["city"]

    assert found["name"] == name
    assert [search.query("name", "") for search in asked(upstream, SEARCH)] == [City.read(city).name, again]


@pytest.mark.parametrize(
    ("city", "names", "meant"),
    [
        ("Prag", [("Prague", 1_100_000), ("Praia", 137_868), ("Bennington", 9_000)], "Prague"),
        ("Athen", [("Oshkosh", 66_000), ("Athens", 664_046)], "Athens"),
        ("Rom", [("Rome", 2_800_000), ("Rom", 300)], "Rome"),
        ("Bath", [("Bath", 94_000), ("Bathinda", 285_000)], "Bath"),
        ("Wien", [("Vienna", 1_900_000), ("Wiener Neustadt", 50_000)], "Vienna"),
    ],
)
def test_a_foreign_name_that_the_english_one_begins_with_is_known(
    weather: Weather, upstream: Upstream, city: str, names: list[tuple[str, int]], meant: str
) -> None:
    serve(upstream, *(place(name, "US", None, population) for name, population in names))

    assert weather.collect(weather.target(city).key).content["city"]["name"] == meant


@pytest.mark.parametrize("city", ["Mexico City, CDMX, Mexico", "Ciudad de México, CDMX", "México, D.F., México"])
def test_a_region_whose_name_without_its_kind_is_another_one_is_itself(
    weather: Weather, upstream: Upstream, city: str
) -> None:
    serve(upstream, place("Mexico City", "MX", "Mexico City", 12_000_000), place("Mexico City", "MX", "México", 500))

    assert weather.collect(weather.target(city).key).content["city"]["region"] == "Mexico City"


@pytest.mark.parametrize("member", ["name", "latitude", "longitude"])
def test_a_place_without_what_is_needed_costs_no_other_place(weather: Weather, upstream: Upstream, member: str) -> None:
    serve(upstream, PARIS | {member: None}, TEXAS | {"admin2": 7, "admin3": None, "admin4": "x" * 10_000})

    assert weather.collect("paris,tx,us").content["city"]["region"] == "Texas"


@pytest.mark.parametrize("key", ["łodz", "paris,texas", "l’aquila", "paris,fr", "東京"])
def test_a_key_that_an_earlier_version_kept_is_collected(weather: Weather, upstream: Upstream, key: str) -> None:
    serve(upstream, TEXAS | {"name": key.partition(",")[0], "country_code": "FR" if ",fr" in key else "US"})

    assert weather.collect(key).content["city"]["candidates"] == 1


def test_a_region_that_no_table_has_is_believed_if_there_is_one_such_city_in_the_country(
    weather: Weather, upstream: Upstream
) -> None:
    serve(upstream, place("Munich", "DE", "Bavaria", 1_260_391))
    assert weather.collect(weather.target("München, Oberbayern, DE").key).content["city"]["region"] == "Bavaria"

    serve(upstream, place("Paris", "US", "TX", 24_839), place("Paris", "US", "KY", 9_801))
    assert weather.collect(weather.target("Paris, Kentucky").key).content["city"]["region"] == "KY"

    serve(upstream, place("London", "GB", None, 8_961_989))
    assert weather.collect(weather.target("London, England").key).content["city"]["country"] == "GB"


@pytest.mark.parametrize(
    ("city", "name"),
    [
        ("Lodz", "Łódź"),
        ("Łódź", "Lodz"),
        ("Tonder", "Tønder"),
        ("Diyarbakir", "Diyarbakır"),
        ("Dakovo", "Đakovo"),
        ("Giessen", "Gießen"),
        ("Aeroskobing", "Ærøskøbing"),
        ("Thorlakshofn", "Þorlákshöfn"),
        ("Zuerich", "Zürich"),
        ("Aarhus", "Århus"),
        ("Koebenhavn", "København"),
        ("L’Aquila", "L'Aquila"),
        ("LAquila", "L'Aquila"),
        ("Xian", "Xi’an"),
        ("Sana'a", "Sanaa"),
        ("Honaunau-Napoopoo", "Hōnaunau-Nāpōʻopoʻo"),
        ("Saint Louis", "St. Louis"),
        ("St Louis", "St. Louis"),
        ("St.Louis", "Saint-Louis"),
        ("Saint Denis", "Saint-Denis"),
        ("Fort Worth", "Ft. Worth"),
        ("Орел", "Орёл"),
        ("The Hague", "Hague"),
    ],
)
def test_names_are_compared_without_marks_strokes_apostrophes_and_hyphens(
    weather: Weather, upstream: Upstream, city: str, name: str
) -> None:
    longer = place(f"{name} Heights", "US", None, 999)
    serve(upstream, place(name, "US", None, 500), longer)
    found = weather.collect(weather.target(city).key).content["city"]

    assert (found["name"], found["candidates"]) == (name, 1)


@pytest.mark.parametrize(
    "found",
    [{"generationtime_ms": 0.5}, {}, {"results": []}, {"results": [PARIS | {"country_code": "CA", "country": "Canada"}]}],
)
def test_a_city_that_nobody_knows_is_a_permanent_failure(weather: Weather, upstream: Upstream, found: object) -> None:
    upstream.script(SEARCH, as_json(found), as_json(found))
    error = failure(weather, "paris,us")

    assert (error.code, error.permanent) == ("unknown_city", True)
    assert "'paris,us'" in str(error)
    assert upstream.count(FORECAST) == 0


@pytest.mark.parametrize(
    ("member", "value", "told"),
    [
        ("time", "2026-01-31T12:00", "2026-01-31T12:00:00.000Z"),
        ("time", "2026-01-31T13:00:00+01:00", "2026-01-31T12:00:00.000Z"),
        ("time", 1769860800.0, "2026-01-31T12:00:00.000Z"),
        ("weather_code", 4, "unknown"),
        ("weather_code", 95, "thunderstorm"),
        ("temperature_2m", -61, -61.0),
    ],
)
def test_what_may_be_sent_in_several_ways_is_read(
    weather: Weather, upstream: Upstream, member: str, value: object, told: object
) -> None:
    serve(upstream, PARIS, now=NOW | {member: value})

    assert told in weather.collect("paris").content["weather"].values()


def test_cities_may_come_without_what_is_not_needed(weather: Weather, upstream: Upstream) -> None:
    serve(upstream, {"name": "Paris", "latitude": 1, "longitude": 2})
    city = weather.collect("paris").content["city"]

    assert [city[name] for name in ("country", "region", "population", "candidates")] == [None, None, None, 1]


TOLD = {
    "time": "observed_at",
    "temperature_2m": "temperature_c",
    "relative_humidity_2m": "humidity_percent",
    "weather_code": "condition",
    "wind_speed_10m": "wind_kph",
}


@pytest.mark.parametrize("member", TOLD)
def test_a_null_costs_its_value_and_no_other(weather: Weather, upstream: Upstream, member: str) -> None:
    serve(upstream, PARIS)
    whole = weather.collect("paris").content["weather"]
    for now in (NOW | {member: None}, {name: value for name, value in NOW.items() if name != member}):
        serve(upstream, PARIS, now=now)

        assert weather.collect("paris").content["weather"] == whole | {TOLD[member]: None}


def test_every_code_of_the_table_has_words() -> None:
    assert all(0 <= code <= 99 and words == words.strip().lower() for code, words in conditions().items())


NUMBERS = [None, "3", True, [], {}, float("nan"), float("inf"), -(10**400), 10**400, 1e300]
GARBAGE_PLACES = [
    *({"results": value} for value in (None, 1, "x", {}, [1], [None], [[]], {"name": "Paris"})),
    *([], 1, "x", None, True),
    *({"results": [{**PARIS, member: value}]} for member in ("latitude", "longitude") for value in NUMBERS),
    *({"results": [{**PARIS, "latitude": value}]} for value in (-90.1, 91)),
    *({"results": [{**PARIS, "population": value}]} for value in NUMBERS[1:]),
    *({"results": [{**PARIS, "population": -1}]},),
    *({"results": [{**PARIS, "name": value}]} for value in (None, "", 1, [], "x" * 1_000)),
    *({"results": [{**PARIS, member: 7}]} for member in ("country_code", "admin1")),
    {"results": [{name: value for name, value in PARIS.items() if name != "longitude"}]},
    {"error": True, "reason": "Parameter count must be between 1 and 100."},
]
GARBAGE_NOW = [
    *({"current": value} for value in (None, 1, [], "x", {})),
    *([], 1, None, {}),
    *({"current": NOW | {member: value}} for member in list(NOW)[2:] for value in NUMBERS[1:]),
    {"current": NOW | dict.fromkeys(list(NOW)[2:])},
    {"current": {"time": NOW["time"], "interval": 900}},
    *({"current": NOW | {"relative_humidity_2m": value}} for value in (-1, 200)),
    *({"current": NOW | {"weather_code": value}} for value in (-1, 100)),
    *({"current": NOW | {"time": value}} for value in (*NUMBERS[1:], -1, "", "now", "31/01/2026", "9999-99-99")),
    {"error": True, "reason": "Latitude must be in range of -90 to 90°."},
]


@pytest.mark.parametrize("found", GARBAGE_PLACES, ids=lambda value: json.dumps(value)[:60])
def test_cities_that_make_no_sense_are_an_invalid_response(weather: Weather, upstream: Upstream, found: object) -> None:
    upstream.script(SEARCH, as_json(found))

    assert failure(weather).code == "invalid_response"
    assert upstream.count(FORECAST) == 0


@pytest.mark.parametrize("found", GARBAGE_NOW, ids=lambda value: json.dumps(value)[:60])
def test_weather_that_makes_no_sense_is_an_invalid_response(weather: Weather, upstream: Upstream, found: object) -> None:
    upstream.script(SEARCH, as_json({"results": [PARIS]}))
    upstream.script(FORECAST, as_json(found))
    error = failure(weather)

    assert (error.code, error.permanent) == ("invalid_response", False)


REASON = "Parameter count must be between 1 and 100."


@pytest.mark.parametrize("path", [SEARCH, FORECAST])
@pytest.mark.parametrize("status", [200, 400, 404, 429, 500])
def test_what_open_meteo_says_of_an_error_is_shown(weather: Weather, upstream: Upstream, path: str, status: int) -> None:
    if path == FORECAST:
        upstream.script(SEARCH, as_json({"results": [PARIS]}))
    upstream.script(path, as_json({"error": True, "reason": REASON}, status))
    error = failure(weather)

    told = "answered with an error" if status == 200 else f"answered {status} instead of 200"
    assert str(error) == f"The weather provider {told}: {REASON}"
    assert (error.code, error.permanent) == ("invalid_response", status in (400, 404))


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("x" * 100_000, ": " + "x" * 199 + "…"),
        ("a\r\nb\0c\u202ed  e", ": a b c d e"),
        ("Bad apikey=0123456789&x=1", ": Bad apikey=***&x=1"),
        (["no text"], ""),
        (None, ""),
        ("", ""),
    ],
)
def test_what_a_provider_says_is_bounded_and_on_one_line(
    weather: Weather, upstream: Upstream, reason: object, shown: str
) -> None:
    upstream.script(SEARCH, as_json({"error": True, "reason": reason}, 400))

    assert str(failure(weather)) == f"The weather provider answered 400 instead of 200{shown}"


def test_a_key_in_the_url_of_a_provider_is_not_shown(upstream: Upstream) -> None:
    provider = OpenMeteo(upstream.url(f"{SEARCH}?apikey=c0ffee11c0ffee"), upstream.url(f"{FORECAST}?apikey=decaf22decaf"))
    weather = Weather(Fetcher(RequestsTransport(Guard([LOOPBACK])), deadline=60, body_limit=MAX_BYTES), provider)
    upstream.script(SEARCH, as_json({"results": [PARIS]}))
    upstream.script(FORECAST, as_json({"error": True, "reason": "The key DECAF22DECAF, or c0ffee11, is over."}, 400))

    assert str(failure(weather)) == "The weather provider answered 400 instead of 200"


NO_JSON = {
    "empty": b"",
    "html": b"<!doctype html><h1>It works!</h1>",
    "cut": json.dumps({"results": [PARIS]}).encode()[:-3],
    "not text": b"\xff\xfe\x00\x00\x01",
    "no utf-8": b'{"results": [{"name": "\xe9"}]}',
    "deep": b"[" * 200_000,
    "two": b"{}{}",
    "long number": b'{"results": [{"latitude": ' + b"9" * 5_000 + b"}]}",
    "huge": b'{"x": "' + b"x" * (MAX_BYTES + 1) + b'"}',
}


@pytest.mark.parametrize("body", NO_JSON.values(), ids=NO_JSON)
def test_what_is_no_json_or_too_much_of_it_is_an_invalid_response(weather: Weather, upstream: Upstream, body: bytes) -> None:
    upstream.script(SEARCH, Answer(body=body))
    assert failure(weather).code == "invalid_response"

    upstream.script(SEARCH, as_json({"results": [PARIS]}))
    upstream.script(FORECAST, Answer(body=body))
    error = failure(weather)
    assert error.code == "invalid_response"
    assert len(str(error)) < 200


def test_a_gzipped_answer_is_read_and_a_bomb_is_not(weather: Weather, upstream: Upstream) -> None:
    coded = (("Content-Encoding", "gzip"),)
    upstream.script(SEARCH, Answer(headers=coded, body=gzip.compress(json.dumps({"results": [PARIS]}).encode())))
    upstream.script(FORECAST, as_json(FORECASTED))
    assert weather.collect("paris").content["city"]["name"] == "Paris"

    upstream.script(SEARCH, Answer(headers=coded, body=gzip.compress(b" " * 200_000_000)))
    assert failure(weather).code == "invalid_response"


INSIDE = {
    "a status": Answer(500),
    "no JSON": Answer(body=b"<html>"),
    "a redirect inside": Answer(302, (("Location", "http://10.0.0.1:8080/secret"),)),
    "a redirect to no URL": Answer(302, (("Location", "http://10.0.0.1:80800/"),)),
}


@pytest.mark.parametrize("what", INSIDE)
def test_no_failure_tells_where_the_provider_is_or_leads(weather: Weather, upstream: Upstream, what: str) -> None:
    upstream.script(SEARCH, INSIDE[what])

    detail = str(failure(weather))

    assert "The weather provider" in detail
    assert not [inside for inside in ("127.0.0.1", str(upstream.port), "10.0.0.1", "secret") if inside in detail]


def test_the_log_tells_why_the_provider_could_not_be_asked(upstream: Upstream) -> None:
    fetcher = Fetcher(RequestsTransport(Guard([LOOPBACK])), deadline=60, body_limit=MAX_BYTES)
    nowhere = Weather(fetcher, OpenMeteo(f"http://127.0.0.1:{free_port()}/", FORECAST))
    with capture_logs() as logged:
        error = failure(nowhere)

    assert str(error) == "The weather provider could not be called: connection refused"
    assert [(line["host"], line["code"]) for line in logged] == [("127.0.0.1", "connection_refused")]
    assert "refused" in logged[0]["error"]


@pytest.mark.parametrize("path", [SEARCH, FORECAST])
@pytest.mark.parametrize(
    ("status", "permanent"), [(500, False), (503, False), (429, False), (408, False), (400, True), (401, True), (404, True)]
)
def test_any_status_but_200_is_a_failure_and_no_unknown_city(
    weather: Weather, upstream: Upstream, path: str, status: int, permanent: bool
) -> None:
    if path == FORECAST:
        upstream.script(SEARCH, as_json({"results": [PARIS]}))
    upstream.script(path, as_json({"error": True, "reason": "…"}, status))
    error = failure(weather)

    assert (error.code, error.permanent) == ("invalid_response", permanent)
    assert str(status) in str(error)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("short-body", "incomplete_response"),
        ("bad-chunk", "incomplete_response"),
        ("reset", "incomplete_response"),
        ("empty", "invalid_response"),
        ("cut-gzip", "invalid_response"),
        ("gzip-bomb", "invalid_response"),
        ("body-drip", "timeout"),
    ],
)
def test_what_goes_wrong_on_the_way_is_a_failure_that_says_so(upstream: Upstream, script: str, code: str) -> None:
    weather = made(upstream, deadline=1.0 if code == "timeout" else 60.0)
    with Torture() as torture:
        upstream.script(SEARCH, Answer(302, (("Location", torture.url(script)),)))

        assert failure(weather).code == code
        assert torture.counts[script]


@pytest.mark.parametrize("path", [SEARCH, FORECAST])
def test_an_upstream_that_does_not_answer_in_time_is_a_timeout(upstream: Upstream, path: str) -> None:
    weather = made(upstream, deadline=0.3)
    serve(upstream, PARIS)
    upstream.hold(path)
    try:
        error = failure(weather)
    finally:
        upstream.release(path)

    assert (error.code, error.permanent) == ("timeout", False)


def test_all_calls_end_within_one_deadline(make_services: Build, upstream: Upstream, tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path,
        allow_networks=(LOOPBACK,),
        weather_url=upstream.url(FORECAST),
        weather_geocoding_url=upstream.url(SEARCH),
        fetch_deadline=3.0,
    )
    services = make_services(settings, sources=None)
    upstream.script(SEARCH, Answer(body=as_json({"results": [PARIS]}).body, wait=0.8))
    upstream.hold(FORECAST)
    began = time.monotonic()
    with capture_logs() as logged, pytest.raises(SourceFailure) as caught:
        services.sources["weather"].collect("paris")
    took = time.monotonic() - began
    upstream.release(FORECAST)

    assert caught.value.code == "timeout"
    assert 0.8 < took < settings.lease
    assert "within 1 seconds" in logged[0]["error"], "a third of the deadline"


def test_an_address_that_may_not_be_reached_is_not_reached(upstream: Upstream) -> None:
    fetcher = Fetcher(RequestsTransport(Guard([])), deadline=60, body_limit=MAX_BYTES)
    weather = Weather(fetcher, OpenMeteo(upstream.url(SEARCH), upstream.url(FORECAST)))

    assert failure(weather).code == "forbidden_address"
    assert upstream.count() == 0


def test_a_redirect_is_followed_where_it_may_lead(weather: Weather, upstream: Upstream) -> None:
    upstream.script(SEARCH, Answer(302, (("Location", "http://10.0.0.1/"),)))
    assert failure(weather).code == "forbidden_address"

    upstream.script(SEARCH, Answer(301, (("Location", "/v2/search"),)))
    upstream.script("/v2/search", as_json({"results": [PARIS]}))
    upstream.script(FORECAST, as_json(FORECASTED))
    assert weather.collect("paris").content["city"]["name"] == "Paris"


def test_base_urls_may_have_a_query_of_their_own(upstream: Upstream) -> None:
    provider = OpenMeteo(upstream.url(f"{SEARCH}?apikey=a"), upstream.url(f"{FORECAST}?apikey=b"))
    serve(upstream, PARIS)
    Weather(Fetcher(RequestsTransport(Guard([LOOPBACK])), deadline=60, body_limit=MAX_BYTES), provider).collect("paris")

    assert [request.query("apikey", "") for request in upstream.requests] == ["a", "b"]


def test_a_base_url_that_leaves_no_room_for_a_city_is_a_failure(upstream: Upstream) -> None:
    provider = OpenMeteo(upstream.url("/" + "x" * 1_990), upstream.url(FORECAST))
    weather = Weather(Fetcher(RequestsTransport(Guard([LOOPBACK])), deadline=60, body_limit=MAX_BYTES), provider)

    assert failure(weather, weather.target("東" * 100).key).code == "connection_failed"

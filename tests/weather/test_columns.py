"""Which columns and members have a city, its region and its country, in the tables and JSON of many programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from inventory.errors import InvalidFile, InvalidRequest
from inventory.weather.cities import City
from tests.imports.actions import texts

TABLES = [
    ("ville,pays", "Paris,France", "paris,fr"),
    ("city_state", '"Paris, TX"', "paris,tx,us"),
    ('"City, State"', '"Paris, TX"', "paris,tx,us"),
    ("Nr;City/Country", "1;Paris/France", "paris,fr"),
    ("Ville;Pays", "Paris;France", "paris,fr"),
    ("VILLE,REGION,PAYS", "Paris,Île-de-France,France", "paris,idf,fr"),
    ("Stadt;Land", "Wien;Österreich", "wien,at"),
    ("Stadt;Bundesland;Land", "München;Bayern;Deutschland", "munchen,by,de"),
    ("Ort;Kanton;Land", "Wil;SG;CH", "wil,sg,ch"),
    ("Ort,Bundesland", "München,Bayern", "munchen,by,de"),
    ("Stadt,Staat", "Wien,Österreich", "wien,at"),
    ("Stadtname;Land", "Wien;Österreich", "wien,at"),
    ("Gemeinde;Kanton", "Wil;SG", "wil,sg"),
    ("PLZ;Ort;Land", "8001;Zürich;CH", "zurich,ch"),
    ("ciudad,país", "Madrid,España", "madrid,es"),
    ("Ciudad,Pais", "Madrid,España", "madrid,es"),
    ("CIUDAD,ESTADO,PAIS", "Monterrey,Nuevo León,México", "monterrey,nle,mx"),
    ("ciudad;provincia;pais", "Rosario;Santa Fe;Argentina", "rosario,s,ar"),
    ("Municipio,Estado", "Monterrey,Nuevo León", "monterrey,nle,mx"),
    ("localidad,provincia", "Rosario,Santa Fe", "rosario,s,ar"),
    ("cidade,estado", "Curitiba,PR", "curitiba,pr"),
    ("Município;UF", "Curitiba;PR", "curitiba,pr"),
    ("cidade,uf,país", "Curitiba,PR,Brasil", "curitiba,pr,br"),
    ("città,provincia,nazione", "Roma,RM,Italia", "roma,rm,it"),
    ("Comune;Provincia;Regione", "Roma;RM;Lazio", "roma,rm"),
    ("Città,Stato", "Roma,Italia", "roma,it"),
    ("miasto,województwo", "Łódź,łódzkie", "lodz,lodz,pl"),
    ("miasto,kraj", "Łódź,Polska", "lodz,pl"),
    ("stad,land", "Utrecht,Nederland", "utrecht,nl"),
    ("plaats,provincie", "Utrecht,Utrecht", "utrecht,ut,nl"),
    ("gemeente,land", "Utrecht,NL", "utrecht,nl"),
    ("şehir,ülke", "İstanbul,Türkiye", "istanbul,tr"),
    ("город,страна", "Москва,Россия", "москва,ru"),
    ("Город;Регион;Страна", "Казань;Татарстан;Россия", "казань,ta,ru"),
    ("Населенный пункт;Область", "Казань;Татарстан", "казань,ta,ru"),
    ("城市,国家", "北京,中国", "北京,cn"),
    ("城市,省份", "广州,广东", "广州,gd,cn"),
    ("都市,国", "東京,日本", "東京,jp"),
    ("市区町村,都道府県", "横浜市,神奈川県", "横浜市,kanagawa,jp"),
    ("도시,국가", "서울,대한민국", "서울,kr"),
    ("Stad,Land", "Göteborg,Sverige", "goteborg,se"),
    ("kaupunki,maa", "Turku,Suomi", "turku,fi"),
    ("město,země", "Brno,Česko", "brno,cz"),
    ("oraș,județ", "Iași,Iași", "iasi,is,ro"),
    ("város,ország", "Győr,Magyarország", "gyor,hu"),
    ("πόλη,χώρα", "Αθήνα,Ελλάδα", "αθηνα,gr"),
    ("city,state,country", "Paris,TX,US", "paris,tx,us"),
    ("Country,State,City", "US,TX,Paris", "paris,tx,us"),
    ("CITY,STATE,COUNTRY", "PARIS,TX,US", "paris,tx,us"),
    ("city_name,state_name,country_name", "Paris,Texas,United States", "paris,tx,us"),
    ("City,Admin1,ISO2", "Paris,Texas,US", "paris,tx,us"),
    ("city,admin_name,iso3", "Paris,Texas,USA", "paris,tx,us"),
    ("city_ascii,admin_name,country,iso2", "Paris,Texas,United States,US", "paris,tx,us"),
    ("name,admin1,country", "Paris,Texas,US", "paris,tx,us"),
    ("name,asciiname,country_code,admin1_code,population", "Paris,Paris,US,TX,24839", "paris,tx,us"),
    (
        "geonameid,name,asciiname,alternatenames,latitude,longitude,feature_class,feature_code,country_code,cc2,admin1_code",
        '1,Paris,Paris,"a,b",1,2,P,PPL,FR,,11',
        "paris,fr",
    ),
    ("Name,Country", "Paris,FR", "paris,fr"),
    ("City Name,State/Province,Country/Region", "Paris,Texas,US", "paris,tx,us"),
    ("City,State / Province,Country", "Paris,TX,US", "paris,tx,us"),
    ("Town,County,Country", "Bath,Somerset,UK", "bath,somerset,gb"),
    ("City,ST", "Paris,TX", "paris,tx,us"),
    ("City,State Name,State Code,Country Code", "Paris,Texas,TX,US", "paris,tx,us"),
    ("city,region,country_code", "Paris,Texas,US", "paris,tx,us"),
    ("City,Country Name,Country Code", "Paris,France,FR", "paris,fr"),
    ("cityLabel,countryLabel", "Paris,France", "paris,fr"),
    ("city,ISO 3166-1 alpha-2", "Paris,FR", "paris,fr"),
    ("city,country_iso_3", "Paris,FRA", "paris,fr"),
    ("place_name,state,country", "Paris,TX,US", "paris,tx,us"),
    ("Place Name,State Abbreviation", "Paris,TX", "paris,tx,us"),
    ("Capital,Country", "Paris,France", "paris,fr"),
    ("Country,Capital City", "France,Paris", "paris,fr"),
    ("country,capital", "France,Paris", "paris,fr"),
    ("Urban Agglomeration,Country or area", "Paris,France", "paris,fr"),
    ("Destination,Country", "Paris,France", "paris,fr"),
    ("location_city,location_country", "Paris,FR", "paris,fr"),
    ("ShippingCity,ShippingState,ShippingCountry", "Paris,TX,US", "paris,tx,us"),
    ("Billing City,Billing State/Province,Billing Country", "Paris,TX,US", "paris,tx,us"),
    ("BillingCity,BillingState,BillingCountry,ShippingCity", "Paris,TX,US,Lyon", "paris,tx,us"),
    ("Mailing City,Mailing State,Country", "Paris,TX,US", "paris,tx,us"),
    ("City/Town,State,Nation", "Paris,TX,US", "paris,tx,us"),
    ("city,state_short,country_short", "Paris,TX,US", "paris,tx,us"),
    ("CITY,STATE,CTRY", "Paris,TX,US", "paris,tx,us"),
    ("City,Province/State,Country", "Paris,TX,US", "paris,tx,us"),
    ("City,Province/Territory,Country", "Toronto,ON,Canada", "toronto,on,ca"),
    ("Suburb,State,Postcode", "Parramatta,NSW,2150", "parramatta,nsw,au"),
    ("locality,administrative_area_level_1,country", "Paris,TX,US", "paris,tx,us"),
    ("locality,region,country", "Paris,TX,US", "paris,tx,us"),
    ("addressLocality,addressRegion,addressCountry", "Paris,TX,US", "paris,tx,us"),
    ("geo.city,geo.region,geo.country", "Paris,TX,US", "paris,tx,us"),
    ("city.name,country.code", "Paris,FR", "paris,fr"),
    ("City,State,Zip", "Austin,TX,78701", "austin,tx,us"),
    ("zip,primary_city,state,country", "75460,Paris,TX,US", "paris,tx,us"),
    ("City (English),Country (English)", "Paris,France", "paris,fr"),
    ("city*,country*", "Paris,France", "paris,fr"),
    ('"City","Country"', '"Paris","France"', "paris,fr"),
    ("City\tState\tCountry", "Paris\tTX\tUS", "paris,tx,us"),
    ("City|Country", "Paris|France", "paris,fr"),
    ("CityName,CountryISO2", "Paris,FR", "paris,fr"),
    ("cityname,countrycode", "Paris,FR", "paris,fr"),
    ("City_Name,Country_ISO", "Paris,FR", "paris,fr"),
    ("ascii_name,country_code", "Paris,FR", "paris,fr"),
    ("city_en,country_en", "Paris,France", "paris,fr"),
    ("name_en,country", "Paris,France", "paris,fr"),
    ("adm0_name,adm1_name,name", "United States,Texas,Paris", "paris,tx,us"),
    ("NAME,ADM0NAME,ADM1NAME", "Paris,United States of America,Texas", "paris,tx,us"),
    ("NAME,SOV0NAME,ADM0NAME,ADM1NAME,ISO_A2", "Paris,France,France,Île-de-France,FR", "paris,idf,fr"),
    ("LOCATION,CITY,STATE", "x,Paris,TX", "paris,tx,us"),
]


def keys(content: str, name: str) -> list[str]:
    return [City.read(text).key for text in texts(content.encode(), name, kind="cities")]


@pytest.mark.parametrize(("header", "row", "key"), TABLES, ids=[header for header, _, _ in TABLES])
def test_columns_are_known_by_their_names(header: str, row: str, key: str) -> None:
    assert keys(f"{header}\n{row}\n", "list.tsv" if "\t" in header else "list.csv") == [key]


OBJECTS: list[tuple[dict[str, Any], str]] = [
    ({"city": {"name": "Paris", "country": "FR"}}, "paris,fr"),
    ({"city": {"id": 1, "name": "Paris", "findname": "PARIS", "country": "FR", "coord": {"lon": 2}}}, "paris,fr"),
    ({"name": "Paris", "address": {"country": "FR"}}, "paris,fr"),
    ({"city": "Paris", "address": {"state": "TX", "country": "US"}}, "paris,tx,us"),
    ({"address": {"city": "Paris", "state": "TX", "country": "US"}}, "paris,tx,us"),
    ({"address": {"city": "Paris", "countryCode": "FR"}}, "paris,fr"),
    ({"location": {"name": "Paris", "country": "France"}}, "paris,fr"),
    ({"city": "Paris", "location": {"country_code": "FR"}}, "paris,fr"),
    ({"name": "Paris", "country": {"code": "FR", "name": "France"}}, "paris,fr"),
    ({"name": "Paris", "state": {"code": "TX"}, "country": {"iso2": "US"}}, "paris,tx,us"),
    ({"fields": {"name": "Paris", "country_code": "FR"}}, "paris,fr"),
    ({"type": "Feature", "properties": {"name": "Paris", "country": "FR"}}, "paris,fr"),
    ({"user": {"name": "Bob", "address": {"city": "Paris", "country": "FR"}}}, "paris,fr"),
    ({"name": "ACME", "address": {"city": "Paris", "country": "FR"}}, "paris,fr"),
    ({"id": 7, "billing": {"city": "Paris", "country": "FR"}, "shipping": {"country": "US"}}, "paris,fr"),
    ({"name": "Paris", "owner": {"country": "US", "state": "TX"}}, "paris"),
    ({"city": "Paris", "country": None}, "paris"),
    ({"city": "Paris", "country": {"name": None}}, "paris"),
    ({"city": "Paris", "address.country": "FR"}, "paris,fr"),
    ({"city": "Paris", "state": "", "country": "FR"}, "paris,fr"),
]


@pytest.mark.parametrize(("value", "key"), OBJECTS, ids=[json.dumps(value) for value, _ in OBJECTS])
def test_a_country_may_be_in_another_object_than_its_city(value: dict[str, Any], key: str) -> None:
    assert keys(json.dumps(value), "list.jsonl") == [key]
    assert keys(json.dumps([value, value], indent=1), "list.json") == [key, key]
    assert keys(json.dumps({"cities": [value]}), "list.json") == [key]
    assert keys(json.dumps({"type": "FeatureCollection", "features": [value]}), "list.geojson") == [key]


def test_a_row_with_another_shape_than_the_first_ones_has_what_it_has() -> None:
    found = [{"city": "Paris", "address": {"country": "FR"}}, {"city": "Lyon", "address": "x"}, {"city": "Rome"}]

    assert keys("\n".join(map(json.dumps, found)), "list.jsonl") == ["paris,fr", "lyon", "rome"]


def test_cells_that_say_nothing_are_left_out() -> None:
    rows = [
        "Paris,TX,US",
        "Paris,,FR",
        "Berlin,,",
        " Lyon , , France ",
        "Rome,N/A,Italy",
        "Oslo,-,Norway",
        "Windhoek,NULL,NA",
    ]

    found = keys("City,State,Country\n" + "\n".join(rows), "list.csv")
    assert found == ["paris,tx,us", "paris,fr", "berlin", "lyon,fr", "rome,it", "oslo,no", "windhoek,na"]


@pytest.mark.parametrize(
    "region",
    ["Asia", "Sub-Saharan Africa", "Middle East & North Africa", "LATAM", "APAC", "Western Europe", "EU", "Unknown"],
)
def test_a_region_of_the_world_is_none_of_a_country(region: str) -> None:
    assert keys(f"City,Region,Country\nParis,{region},France\n", "list.csv") == ["paris,fr"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("City\nParis\nLyon\n", ["paris", "lyon"]),
        ("city,country\nParis,FR\n", ["paris,fr"]),
        ("Rank\tCity\tCountry\n1\tTokyo\tJapan\n", ["tokyo,jp"]),
        ("1\tTokyo\tJapan\t37,400,000\n2\tDelhi\tIndia\n", ["tokyo,jp", "delhi,in"]),
        ("London: UK\nTokyo = Japan\nRome -> Italy\n", ["london,gb", "tokyo,jp", "rome,it"]),
        ("Paris, TX\nCity of London\n", ["paris,tx,us", "city of london"]),
    ],
)
def test_a_text_may_have_a_header_and_numbered_rows(text: str, expected: list[str]) -> None:
    assert keys(text, "list.txt") == expected


@pytest.mark.parametrize("text", ["Paris,FR\nParis,TX,US\n", '"Paris","FR"\n"Paris","TX","US"\n', "Paris;FR\nParis;TX\n"])
def test_a_table_of_cities_with_countries_needs_no_header(text: str) -> None:
    assert [key.partition(",")[2][:2] for key in keys(text, "list.csv")] == ["fr", "tx"]


def test_a_table_without_a_header_that_says_nothing_of_places_is_refused() -> None:
    with pytest.raises(InvalidFile, match="No column is called 'city' or the like"):
        keys("Paris,7\nLyon,8\n", "list.csv")
    with pytest.raises(InvalidFile, match="No column is called 'city' or the like"):
        keys("Where,Of what\nParis,FR\nLyon,FR\n", "list.csv")


def test_coordinates_in_a_column_are_refused_as_what_they_are() -> None:
    with pytest.raises(InvalidRequest, match="coordinates or postcodes"):
        keys('City,Country\n"48.85,2.35",FR\n', "list.csv")

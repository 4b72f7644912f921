"""Imports of cities: the weather of each row's city is looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from inventory.imports.lookups import LookupJobs
from inventory.imports.rows import Uploads
from inventory.jobs.job_type import TABLES, FileRows, LineFormat
from inventory.records.model import Record
from inventory.records.service import RecordService
from inventory.records.snapshots import SnapshotService
from inventory.records.source import Source
from inventory.weather.city_lists import in_text, is_placed
from inventory.weather.column_names import plain, spelled
from inventory.weather.documents import meant

CITIES = (
    "city", "cities", "city name", "city_name", "cityname", "town", "municipality", "place", "location", "ville",
    "commune", "stadt", "ort", "ciudad", "municipio", "cidade", "município", "città", "comune", "miasto", "stad",
    "şehir", "город", "城市", "都市", "도시", "city town", "town city", "city or town", "locality", "settlement",
    "municipality name", "gemeinde", "gemeente", "plaats", "kommune", "kaupunki", "město", "oraș", "város", "πόλη",
    "населенный пункт", "市区町村", "localidad", "localité", "stadtname", "ortsname", "suburb", "place name", "capital",
    "destination", "urban agglomeration", "city state", "city country", "city state country", "city region",
    "city region country", "city and state", "city and country", "city province",
    "name", "nom", "nombre", "nome", "city_ascii", "asciiname", "ascii name",
)  # fmt: skip
"""Names of columns with cities, the surest first."""
REGIONS = (
    "state", "state name", "state_name", "statename", "province", "province name", "province_name", "region",
    "region name", "region_name", "state/province", "state or province", "state_province", "stateprovince",
    "admin_name", "admin name", "admin1", "admin1_name", "admin1 name", "adm1_name", "admin_name1", "subdivision",
    "subdivision_name", "subdivision_1_name", "prefecture", "bundesland", "provincia", "estado",
    "departamento", "département", "departement", "région", "kanton", "canton", "oblast", "voivodeship",
    "county/state", "state code", "state_code", "statecode", "province code", "province_code", "region code",
    "region_code", "iso_region", "iso region", "state abbreviation", "state_abbr", "state abbr", "state_abbreviation",
    "st", "state_id", "subdivision_1_iso_code", "uf", "state region", "state county", "region state", "province state",
    "state province region", "state province county", "state or region", "state territory", "province territory", "prov",
    "states", "us state", "state full", "subcountry", "adm1name", "admin 1", "adm1", "administrative region", "admin region",
    "admin1_code", "adm1_code", "prov code", "state abbrev", "state short", "state iso", "iso 3166 2", "subdivision code",
    "regione", "wojewodztwo", "entidad federativa", "comunidad autonoma", "provincie", "fylke", "län", "judet", "регион",
    "область", "省", "省份", "都道府県", "시도", "administrative area level 1", "admin area", "sigla", "sigla provincia",
    "kraj", "land", "county", "county name",
)  # fmt: skip
"""Those with states and other regions: names before codes, which countries share, and what may also be a country last."""
COUNTRIES = (
    "country code", "country_code", "countrycode", "country iso", "country_iso", "iso2", "iso 2", "iso_a2", "alpha2",
    "alpha-2", "iso_country", "country_iso_code", "country iso code", "iso country code", "iso3", "iso 3", "iso_a3",
    "alpha3", "alpha-3", "cc", "country", "country name", "country_name", "countryname", "country name en", "nation",
    "country region", "country territory", "country or region", "country area", "country full", "country long",
    "country english", "countries", "ctry", "cntry", "cntry name", "adm0name", "country region code", "country alpha 2",
    "country iso2", "country iso3", "iso country", "iso", "iso code", "country iso 2", "country iso 3", "iso 3166 1",
    "iso 3166 1 alpha 2", "iso 3166 1 alpha 3", "iso alpha 2", "iso alpha 3", "alpha 2 code", "alpha 3 code", "ctry code",
    "country short", "country or area", "adm0 name", "nazione", "stato", "země", "krajina", "ország", "maa", "χώρα",
    "pays", "país", "pais", "staat", "land", "paese", "kraj", "ülke", "страна", "国家", "國家", "国", "국가",
)  # fmt: skip
"""Those with countries: codes before names."""


def _spelled(names: Sequence[str]) -> Sequence[str]:
    return tuple(dict.fromkeys(plain(name) for name in names))


class CityJobs(LookupJobs):
    """The job type `cities`."""

    name = "cities"
    description = "the weather of each row is looked up"
    file = FileRows(
        suffixes=TABLES | dict.fromkeys((".json", ".geojson"), LineFormat.JSON),
        columns=_spelled(CITIES),
        in_text=in_text,
        fits_line=is_placed,
        qualifiers=(_spelled(REGIONS), _spelled(COUNTRIES)),
        spelled=spelled,
    )
    retry_member = "city"

    def __init__(
        self, records: RecordService, snapshots: SnapshotService, source: Source, uploads: Uploads, *, fresh_for: timedelta
    ) -> None:
        super().__init__(records, source, uploads, fresh_for=fresh_for)
        self._snapshots = snapshots

    def describe(self, record: Record) -> str | None:
        """Which city was meant, and of how many."""
        snapshots = self._snapshots.newest(record.id, limit=1)
        return meant(snapshots[0].content["city"]) if snapshots else None

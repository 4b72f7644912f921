"""Imports of cities: the weather of each row's city is looked up."""

from __future__ import annotations

from inventory.imports.lookups import LookupJobs
from inventory.jobs.job_type import TABLES, FileRows


class CityJobs(LookupJobs):
    """The job type `cities`."""

    name = "cities"
    description = "the weather of each row is looked up"
    file = FileRows(
        suffixes=TABLES,
        columns=("city", "cities", "city name", "city_name", "town", "place", "location", "name"),
        qualifiers=(
            ("country code", "country_code", "countrycode", "iso2", "country", "country name", "country_name", "nation"),
        ),
    )  # fmt: skip
    retry_member = "city"

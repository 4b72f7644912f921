"""Imports of URLs: each row is looked up."""

from __future__ import annotations

import re

from inventory.imports.lookups import LookupJobs
from inventory.jobs.job_type import TABLES, FileRows

URL = re.compile(r"\s*https?:", re.IGNORECASE)


class UrlJobs(LookupJobs):
    """The job type `urls`."""

    name = "urls"
    description = "each row is looked up"
    file = FileRows(
        suffixes=TABLES,
        columns=(
            "url", "urls", "uri", "link", "links", "href", "website", "web site", "webpage", "web page", "site",
            "homepage", "page", "page url", "target", "address", "web address",
        ),
        looks_like=URL.match,
        value="an absolute http or https URL",
    )  # fmt: skip
    retry_member = "url"

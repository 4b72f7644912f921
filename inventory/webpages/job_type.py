"""Imports of URLs: each row is looked up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inventory.imports.lookups import FRESH_FOR, LookupJobs, Targets
from inventory.jobs.job_type import TABLES, Completion, FileRows, LineFormat
from inventory.jobs.model import COLUMN
from inventory.records.model import Target
from inventory.webpages.url_lists import BARE_HOST, URL, checked, in_text

SCHEME, SCHEMES = "scheme", ("https", "http")
"""The option with the scheme for rows without one, and its choices."""
LISTS = {
    ".json": LineFormat.JSON,
    ".md": LineFormat.TEXT,
    ".xml": LineFormat.XML,
    ".rss": LineFormat.XML,
    ".atom": LineFormat.XML,
    ".har": LineFormat.HAR,
    ".html": LineFormat.HTML,
    ".htm": LineFormat.HTML,
    ".warc": LineFormat.WARC,
    ".cdx": LineFormat.CDX,
    ".cdxj": LineFormat.CDX,
}


@dataclass(frozen=True, slots=True)
class ListedUrls:
    """The targets of a list's values; a value that is no single URL has none."""

    targets: Targets
    scheme: str | None

    def target(self, text: str) -> Target:
        """The target of a value; `InvalidUrl` or a subclass when there can be none."""
        return self.targets.target(checked(text, self.scheme))


class UrlJobs(LookupJobs):
    """The job type `urls`."""

    name = "urls"
    description = "each row is looked up"
    file = FileRows(
        suffixes=TABLES | LISTS,
        columns=(
            "url", "urls", "uri", "link", "links", "href", "website", "web site", "webpage", "web page", "site", "homepage",
            "page", "page url", "page_url", "pageurl", "pages", "top pages", "address", "web address", "loc", "endpoint",
            "landing page", "request url", "full url", "page location", "full page url",
        ),
        looks_like=URL.match,
        value="an absolute http or https URL",
        in_text=in_text,
        completion=Completion(
            option=SCHEME,
            looks_like=BARE_HOST.fullmatch,
            columns=("host", "hostname", "domain", "domains", "subdomain", "fqdn", "target"),
            vague=("domain", "domains", "target"),
            value="hosts or URLs without a scheme",
            advice="They look like hosts without a scheme; the parameter scheme=https puts it before them.",
        ),
    )  # fmt: skip
    options = (COLUMN, FRESH_FOR, SCHEME)
    retry_member = "url"

    def targets(self, options: Mapping[str, Any]) -> Targets:
        return ListedUrls(self._source, options.get(SCHEME))

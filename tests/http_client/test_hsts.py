"""Strict Transport Security within a chain of redirects: which URLs are called over https instead."""

from __future__ import annotations

import pytest

from inventory import urls
from inventory.http_client.head import Head
from inventory.http_client.hsts import StrictHosts

SECURED: list[tuple[str, list[str], str, str]] = [
    # who responded, its headers, where a redirect leads, what is called
    ("https://a.test/", ["max-age=1"], "http://a.test/x?y", "https://a.test/x?y"),
    ("https://a.test/", ["max-age=1"], "http://a.test:81/", "https://a.test:81/"),
    ("https://a.test/", ["max-age=1"], "http://a.test:443/", "https://a.test/"),
    ("https://a.test/", ["max-age=1"], "https://a.test/", "https://a.test/"),
    ("https://a.test/", ["max-age=1"], "http://b.test/", "http://b.test/"),
    ("https://a.test/", ["max-age=1"], "http://sub.a.test/", "http://sub.a.test/"),
    ("https://a.test/", ["MAX-AGE = 1 ; IncludeSubDomains"], "http://x.sub.a.test/", "https://x.sub.a.test/"),
    ("https://a.test/", ["max-age=1; includeSubDomains"], "http://nota.test/", "http://nota.test/"),
    ("https://a.test/", ['max-age="31536000"; preload'], "http://a.test/", "https://a.test/"),
    ("https://a.test/", ["max-age=1", "max-age=0"], "http://a.test/", "https://a.test/"),
    ("https://a.test/", ["; max-age=1;;"], "http://a.test/", "https://a.test/"),
    ("https://a.test/", ["max-age=0"], "http://a.test/", "http://a.test/"),
    ("https://a.test/", ["max-age=000"], "http://a.test/", "http://a.test/"),
    ("https://a.test/", [""], "http://a.test/", "http://a.test/"),
    ("https://a.test/", ["includeSubDomains"], "http://a.test/", "http://a.test/"),
    ("https://a.test/", ["max-age=soon"], "http://a.test/", "http://a.test/"),
    ("https://a.test/", ["max-age=-1"], "http://a.test/", "http://a.test/"),
    ("https://a.test/", ["max-age=1; max-age=1"], "http://a.test/", "http://a.test/"),
    ("https://a.test/", ["max-age=1; a b=c"], "http://a.test/", "http://a.test/"),
    ("http://a.test/", ["max-age=1"], "http://a.test/", "http://a.test/"),
    ("https://a.test/", ["max-age=1"], "http://a.test./", "https://a.test./"),
    ("https://a.test./", ["max-age=1; includeSubDomains"], "http://sub.a.test/", "https://sub.a.test/"),
    ("https://127.0.0.1/", ["max-age=1"], "http://127.0.0.1/", "http://127.0.0.1/"),
]


@pytest.mark.parametrize(("responded", "values", "leads", "called"), SECURED)
def test_a_host_that_asked_for_https_is_called_over_https(
    responded: str, values: list[str], leads: str, called: str
) -> None:
    hosts = StrictHosts()
    fields = tuple(("Strict-Transport-Security", value) for value in values)

    hosts.note(urls.parse(responded), Head(302, "Found", "1.1", fields, ()))

    assert hosts.secured(urls.parse(leads)).href == called


def test_a_later_response_takes_it_back() -> None:
    hosts = StrictHosts()

    for value in ("max-age=60", "max-age=0"):
        hosts.note(urls.parse("https://a.test/"), Head(302, "Found", "1.1", (("strict-transport-security", value),), ()))

    assert hosts.secured(urls.parse("http://a.test/")).href == "http://a.test/"

"""URLs, compared with the corpus of the WHATWG URL standard: differences are listed here with their reasons."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest

from inventory import urls
from inventory.errors import CredentialsInUrl, InvalidUrl, UnsupportedScheme
from tests.http_client import facts

REFUSED_BEYOND_THE_STANDARD = {
    "tel:1234567890": "what precedes digits may be a host, as in localhost:8000: the message asks for a scheme",
}
NUL = "\0"
"""Refused anywhere: no page has such a URL, and later programs may take a NUL for its end."""

Answer = str | type[InvalidUrl]


def test_a_text_is_the_url_that_the_corpus_says_or_refused_for_a_reason() -> None:
    cases = [(text, base) for text, base, _ in facts.read("urls")]
    differing = {text for text, base, href in facts.read("urls") if answer(text, base) != expected(href)}

    assert len(cases) == 754
    assert differing <= {text for text, _ in cases if NUL in text} | REFUSED_BEYOND_THE_STANDARD.keys()
    assert differing >= REFUSED_BEYOND_THE_STANDARD.keys()


def test_what_differs_is_refused_and_never_another_url() -> None:
    for text, base, href in facts.read("urls"):
        if answer(text, base) != expected(href):
            assert answer(text, base) is InvalidUrl, text


def test_every_url_of_the_corpus_stays_as_it_is_once_it_is_spelled_out() -> None:
    hrefs = {expected(href) for _, _, href in facts.read("urls")}

    spelled = [href for href in hrefs if isinstance(href, str)]

    assert len(spelled) > 100
    assert [urls.parse(href).href for href in spelled] == spelled


def test_a_redirect_leads_to_the_url_that_the_corpus_says_without_user_name_and_password() -> None:
    followed = 0
    for text, base, href in facts.read("urls"):
        if base is None or NUL in text:
            continue
        if href is None or not href.startswith(("http://", "https://")):
            with pytest.raises(InvalidUrl):
                urls.follow(urls.parse(base), text)
            continue
        scheme, _, rest = href.partition("#")[0].partition("://")
        authority, slash, path = rest.partition("/")
        assert urls.follow(urls.parse(base), text).href == f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"
        followed += 1
    assert followed > 100


def answer(text: str, base: str | None) -> Answer:
    """What the inventory makes of a text: an href, or the type of its error."""
    try:
        return (urls.parse(text) if base is None else urls.join(urls.parse(base), text)).href
    except InvalidUrl as error:
        return type(error)


def expected(href: str | None) -> Answer:
    """What it must make of a text that the standard serialises so: https and http alone, and no credentials."""
    if href is None:
        return InvalidUrl
    if not href.startswith(("http://", "https://")):
        return UnsupportedScheme
    return CredentialsInUrl if "@" in urlsplit(href).netloc else href.partition("#")[0]

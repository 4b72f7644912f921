"""URLs, parsed once as the WHATWG standard says; the serialised form is the key of a target and what is fetched."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

import ada_url

from inventory.errors import CredentialsInUrl, InvalidUrl, UnsupportedScheme, UrlTooLong

MAX_CHARACTERS = 2_048
"""Of a URL as given, and as serialised."""
MAX_REDIRECT_CHARACTERS = 3 * 65_536
"""Of one that a redirect leads to: a `Location` has up to 65,536 bytes, each of which may be percent-encoded."""

DEFAULT_PORTS = {"http": 80, "https": 443}
_HREF = re.compile(r"(https?)://(?:([^/@]*)@)?(\[[^]]*\]|[^/:@]*)(?::(\d+))?/")
"""How a serialised http or https URL begins: scheme, user name and password, host, port unless it is the scheme's own."""
_NO_CHARACTER = re.compile("[\0\ud800-\udfff]")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:(?!\d)")


@dataclass(frozen=True, slots=True)
class Url:
    """An absolute http or https URL without credentials: `href` is its serialisation without fragment.

    `host` is as in the URL: lower case, in ASCII, an IPv6 address in brackets.
    """

    href: str
    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """The host, and the port where it is not the scheme's own: the value of the `Host` header."""
        return self.href[len(self.scheme) + 3 : self._path_begins]

    @property
    def target(self) -> str:
        """Path and query: what the request line asks for."""
        return self.href[self._path_begins :]

    @property
    def address(self) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
        """The address when the host is one, None when it is a name."""
        return address_of(self.host)

    @property
    def _path_begins(self) -> int:
        return self.href.index("/", len(self.scheme) + 3)


def address_of(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    """The address that a URL's host is, None for a name; no name ends like an address (URL standard, 3.5)."""
    if host[-1] not in "0123456789]":
        return None
    try:
        return ipaddress.ip_address(host.strip("[]"))
    except ValueError:
        return None


def parse(text: str) -> Url:
    """The URL that a text spells; `InvalidUrl` or one of its kinds for every text that spells none."""
    _check_text(text)
    try:
        href = ada_url.normalize_url(text)
    except ValueError:
        raise InvalidUrl(_what_is_wrong(text)) from None
    return _from_href(href, text)


def known(href: str) -> Url:
    """The URL of a serialisation, such as the key of a target. The parser, which made it, is not asked again."""
    return _from_href(href, href)


def join(base: Url, reference: str) -> Url:
    """The URL that a reference (a `Location`, say) means on the page `base`; errors like those of `parse`."""
    _check_text(reference)
    try:
        href = ada_url.join_url(base.href, reference)
    except ValueError:
        raise InvalidUrl(f"{_short(reference)} is not a URL") from None
    return _from_href(href, reference)


def follow(base: Url, location: str) -> Url:
    """The URL that a redirect of `base` leads to, without user name and password; errors like those of `parse`.

    It may be longer than others, because no caller sent it and no record is named by it. `tel:1` is of another scheme here:
    no server means a host and a port by it.
    """
    _check_text(location, MAX_REDIRECT_CHARACTERS)
    try:
        href = ada_url.join_url(base.href, location)
    except ValueError:
        raise InvalidUrl(f"{_short(location)} is not a URL") from None
    if not href.startswith(("http:", "https:")):
        raise _unsupported(href)
    if "@" in href:
        parsed = ada_url.URL(href)
        parsed.username = parsed.password = ""
        href = parsed.href
    return _from_href(href, location, MAX_REDIRECT_CHARACTERS)


def _check_text(text: str, limit: int = MAX_CHARACTERS) -> None:
    if len(text) > limit:
        raise UrlTooLong(f"The URL has {len(text)} characters; at most {limit} are taken")
    if _NO_CHARACTER.search(text):
        raise InvalidUrl("The URL contains a NUL or half of a surrogate pair; percent-encode it")


def _from_href(serialised: str, text: str, limit: int = MAX_CHARACTERS) -> Url:
    """The URL of a serialisation. Its parts are read with a pattern: asking the parser for each took half as long again."""
    parts = _HREF.match(serialised)
    if parts is None:
        if not _SCHEME.match(text.strip()):  # `localhost:8000/x`: a host and a port, read as scheme and path
            raise InvalidUrl(_what_is_wrong(text))
        raise _unsupported(serialised)
    scheme, user, host, port = parts.groups()
    if user:
        raise CredentialsInUrl("The URL contains a user name or a password; send it without the part before the @")
    href = serialised.partition("#")[0]
    if len(href) > limit:
        raise UrlTooLong(f"The URL has {len(href)} characters when serialised; at most {limit} are taken")
    return Url(href, scheme, host, int(port or DEFAULT_PORTS[scheme]))


def _unsupported(serialised: str) -> UnsupportedScheme:
    scheme = serialised.partition(":")[0]
    return UnsupportedScheme(f"The scheme {_short(scheme)} is not supported; send an http or https URL")


def _what_is_wrong(text: str) -> str:
    bare = text.strip()
    if not bare:
        return "The URL is empty; send one like https://example.com/"
    if not _SCHEME.match(bare):
        return f"{_short(bare)} has no scheme; send an absolute URL, one that begins with https:// or http://"
    return f"{_short(bare)} is not a URL; send one like https://example.com/"


def _short(text: str) -> str:
    """A text for a message: quoted, printable, and not longer than a line."""
    return repr(text if len(text) <= 80 else text[:79] + "…")

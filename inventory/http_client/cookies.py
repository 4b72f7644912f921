"""Reads `Set-Cookie` lines as RFC 6265bis demands of a browser, and says why a browser would refuse one.

Where Chromium and Firefox agree against the draft, they are followed. Bytes are read as latin-1 here.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from inventory import public_suffixes, urls
from inventory.http_client import cookie_dates
from inventory.urls import Url

MAX_COOKIES = 1_000
"""Read in one collection: more than the five domains of a redirect chain need. Browsers keep 180 of a domain (Chromium's
`kDomainMaxCookies`, Firefox's `cookie.maxPerHost`), and RFC 6265bis (section 6.1) asks them for 50."""
MAX_PAIR_BYTES = 4_096
MAX_ATTRIBUTE_BYTES = 1_024
"""Bytes of name and value together, and of one attribute's value."""

_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_MAX_AGE = re.compile(r"-?[0-9]+")
_SAME_SITE = {"none": "None", "lax": "Lax", "strict": "Strict"}
_SPACE = " \t"
_PREFIXES = ("__host-http-", "__host-", "__http-", "__secure-")
"""What a name promises of its cookie; a longer prefix stands before one that it begins with."""


class Cookie(NamedTuple):
    """One `Set-Cookie` line. `expires` and `max_age` are the attributes as sent; `reason` says why it is not accepted.

    `trusted`: it came over https, or from this very machine. A tuple takes a third of a frozen dataclass's time to make.
    """

    name: str
    value: str
    domain: str
    host_only: bool
    path: str
    expires: datetime | None
    max_age: int | None
    secure: bool
    http_only: bool
    same_site: str | None
    partitioned: bool
    set_by: str
    trusted: bool
    accepted: bool
    reason: str | None


def parse(line: str, url: Url, *, interim: bool = False) -> Cookie:
    """The cookie that a line sets in a response of `url`, or in an `interim` one; a refused one has what could be read."""
    pair, _, rest = line.partition(";")
    name, equals, value = pair.partition("=")
    if not equals:
        name, value = "", pair
    name, value = name.strip(_SPACE), value.strip(_SPACE)
    attributes, expires = _attributes(rest)
    domain = _domain_attribute(attributes, url)
    path = attributes.get("path", "")
    max_age = attributes.get("max-age", "")
    cookie = Cookie(
        name=name,
        value=value,
        domain=url.host if domain is None else domain,
        host_only=domain is None,
        path=path if path.startswith("/") else default_path(url),
        expires=expires,
        max_age=_clamped_int(max_age) if _MAX_AGE.fullmatch(max_age) else None,
        secure="secure" in attributes,
        http_only="httponly" in attributes,
        same_site=_SAME_SITE.get(attributes.get("samesite", "").lower()),
        partitioned="partitioned" in attributes,
        set_by=url.href,
        trusted=is_trusted(url),
        accepted=True,
        reason=None,
    )
    reason = _refusal(cookie, attributes, line, url) or ("in an interim response" if interim else None)
    return cookie if reason is None else cookie._replace(accepted=False, reason=reason)


def shown(sent: str) -> str:
    """A name, value or path for people: UTF-8 if its bytes are valid, else latin-1, as it was read."""
    if sent.isascii():
        return sent
    try:
        return sent.encode("latin-1").decode()
    except UnicodeError:
        return sent


def is_trusted(url: Url) -> bool:
    """Whether `Secure` cookies may come from a URL and go there: https, or this machine (Secure Contexts, section 3.1)."""
    return url.scheme == "https" or _is_this_machine(url.host)


@functools.lru_cache(maxsize=256)
def _is_this_machine(host: str) -> bool:
    """Remembered, because each cookie of each response asks."""
    address, name = urls.address_of(host), host.removesuffix(".")
    return address.is_loopback if address is not None else name == "localhost" or name.endswith(".localhost")


def domain_matches(host: str, domain: str, *, is_address: bool) -> bool:
    """Whether a host is the domain or below it (section 5.1.3)."""
    return host == domain or (not is_address and host.endswith(f".{domain}"))


@functools.lru_cache(maxsize=8)
def default_path(url: Url) -> str:
    """The folder of the URL's path (section 5.1.4). All cookies of a response share it: it may have 200,000 characters."""
    folder = url.target.partition("?")[0].rpartition("/")[0]
    return folder or "/"


def _attributes(text: str) -> tuple[Mapping[str, str], datetime | None]:
    """The attributes, names in lower case, and the date of `Expires` (section 5.6).

    The last of repeated attributes counts, even if it cannot be read: browsers then know no expiry. One that is too long
    does not count.
    """
    found: dict[str, str] = {}
    for part in text.split(";"):
        name, _, value = part.partition("=")
        value = value.strip(_SPACE)
        if len(value) <= MAX_ATTRIBUTE_BYTES:
            found[name.strip(_SPACE).lower()] = value
    expires = found.get("expires")
    return found, cookie_dates.parse(expires) if expires else None


def _domain_attribute(attributes: Mapping[str, str], url: Url) -> str | None:
    """The `Domain` that counts, without its leading dot; None when the cookie is for the host alone."""
    sent = attributes.get("domain", "").lower()
    domain = sent.removeprefix(".")
    if not sent or (domain == url.host and (url.address is not None or public_suffixes.is_public(domain))):
        return None
    return domain or sent


def _refusal(cookie: Cookie, attributes: Mapping[str, str], line: str, url: Url) -> str | None:
    """Why a browser would not store the cookie (sections 5.6 and 5.7), or None."""
    if _CONTROL.search(line):
        return "control character"
    if not cookie.name and not cookie.value:
        return "neither name nor value"
    if len(cookie.name) + len(cookie.value) > MAX_PAIR_BYTES:
        return f"name and value exceed {MAX_PAIR_BYTES} bytes"
    if not cookie.host_only and (reason := _domain_refusal(cookie.domain, url)):
        return reason
    if "\t" in cookie.path:
        return "a tab in Path"
    if cookie.secure and not cookie.trusted:
        return "Secure, but not set over https"
    if cookie.same_site == "None" and not cookie.secure:
        return "SameSite=None without Secure"
    if cookie.partitioned and not cookie.secure:
        return "Partitioned without Secure"
    if reason := _prefix_refusal(cookie, has_path="path" in attributes):
        return reason
    return "an = in the value of a cookie without a name" if not cookie.name and "=" in cookie.value else None


def _domain_refusal(domain: str, url: Url) -> str | None:
    if not domain.isascii():
        return "Domain is not ASCII"
    if domain == ".":
        return "Domain is a lone dot"
    if not domain_matches(url.host, domain, is_address=url.address is not None):
        return f"Domain {domain} does not cover the host {url.host}"
    return f"Domain {domain} is a public suffix" if public_suffixes.is_public(domain) else None


def _prefix_refusal(cookie: Cookie, *, has_path: bool) -> str | None:
    """Why the attributes do not keep what the prefix of the name promises, or None."""
    prefixed = (cookie.name or cookie.value).lower()
    if not prefixed.startswith("__"):
        return None
    prefix = next((prefix for prefix in _PREFIXES if prefixed.startswith(prefix)), None)
    if prefix is None:
        return None
    if not cookie.name:
        return "a prefix in the value of a cookie without a name"
    if not cookie.secure:
        return "a __Secure-, __Host- or __Http- name without Secure"
    if prefix.endswith("http-") and not cookie.http_only:
        return "a __Http- or __Host-Http- name without HttpOnly"
    if prefix.startswith("__host-") and not (cookie.host_only and has_path and cookie.path == "/"):
        return "a __Host- name with a Domain, or without Path=/"
    return None


def _clamped_int(digits: str) -> int:
    """A number of seconds, truncated to what every store can keep."""
    return max(-(2**53), min(2**53, int(digits)))

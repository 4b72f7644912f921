"""Where a redirect leads, as browsers follow it."""

from __future__ import annotations

from urllib.parse import quote

from inventory import urls
from inventory.errors import InvalidUrl, SourceFailure, UnsupportedScheme, UrlTooLong
from inventory.http_client.head import Head
from inventory.urls import Url

REDIRECTS = frozenset({301, 302, 303, 307, 308})
"""The redirect statuses of the Fetch standard (section 2.2.3): a 300, say, is a page like any other."""

LONGEST_HOST = 254
"""Characters of a name with a dot at its end (RFC 1035, section 3.1). A `Location` has room for 65,000."""

_ASCII = bytes(range(128)).decode()

_NOT_FOLLOWED: dict[type[InvalidUrl], str] = {
    UnsupportedScheme: "a URL that is neither http nor https",
    UrlTooLong: f"a URL of more than {urls.MAX_REDIRECT_CHARACTERS:,} characters",
}
"""Where redirects lead that are not followed."""


def location(head: Head) -> str | None:
    """Where a response redirects to; None if it does not, as with an empty `Location` or two that differ.

    Bytes that are not ASCII are percent-encoded one by one: they reach the next server as they are, whatever their encoding.
    """
    if head.status not in REDIRECTS or len(found := set(head.values("location"))) != 1:
        return None
    sent = found.pop()
    return (sent if sent.isascii() else quote(sent, safe=_ASCII, encoding="latin-1")) or None


def defects(head: Head) -> tuple[str, ...]:
    """Why a redirect is not followed, where its `Location` lines differ."""
    if head.status not in REDIRECTS or len(set(head.values("location"))) < 2:
        return ()
    return ("several Location lines that differ: the redirect was not followed",)


def following(url: Url, location: str) -> Url:
    """The URL that `url` redirects to; `SourceFailure` if nothing may be fetched there.

    The failure quotes neither URL: one may hold a key of ours, the other anything.
    """
    try:
        target = urls.follow(url, location)
    except InvalidUrl as error:
        code = "forbidden_address" if isinstance(error, UnsupportedScheme) else "invalid_response"
        detail = f"{url.host} redirects to {_NOT_FOLLOWED.get(type(error), 'something that is not a URL')}"
        raise SourceFailure(code, detail, permanent=True, evidence={"location": repr(location[:100])}) from error
    if len(target.host) > LONGEST_HOST:
        detail = f"{url.host} redirects to a name of {len(target.host):,} characters; no name has more than {LONGEST_HOST}"
        raise SourceFailure("dns_failure", detail, permanent=True)
    return target

"""Where a redirect leads."""

from __future__ import annotations

from inventory import urls
from inventory.errors import CredentialsInUrl, InvalidUrl, SourceFailure, UnsupportedScheme, UrlTooLong
from inventory.http_client.head import Head
from inventory.urls import Url

REDIRECTS = frozenset({301, 302, 303, 307, 308})

_NOT_FOLLOWED: dict[type[InvalidUrl], str] = {
    UnsupportedScheme: "a URL that is neither http nor https",
    CredentialsInUrl: "a URL with a user name or a password",
    UrlTooLong: f"a URL of more than {urls.MAX_CHARACTERS:,} characters",
}
"""Where redirects lead that are not followed."""


def location(head: Head) -> str | None:
    """Where a redirect leads, as text: UTF-8 if the bytes are valid, as browsers read it. None for other responses."""
    locations = head.values("location")
    if head.status not in REDIRECTS or not locations:
        return None
    try:
        return locations[0].encode("latin-1").decode()
    except UnicodeDecodeError:
        return locations[0]


def following(url: Url, location: str) -> Url:
    """The URL that `url` redirects to; `SourceFailure` if nothing may be fetched there.

    The failure quotes neither URL: one may hold a key of ours, the other anything.
    """
    try:
        return urls.join(url, location)
    except InvalidUrl as error:
        code = "forbidden_address" if isinstance(error, UnsupportedScheme) else "invalid_response"
        detail = f"{url.host} redirects to {_NOT_FOLLOWED.get(type(error), 'something that is not a URL')}"
        raise SourceFailure(code, detail, permanent=True, evidence={"location": repr(location[:100])}) from error

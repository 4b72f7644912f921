"""The cookies of a webpage's snapshot, as they are stored and as they are answered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inventory.clock import rfc3339
from inventory.http_client.cookies import MAX_COOKIES, Cookie, shown
from inventory.http_client.fetched import Fetched
from inventory.records.model import Content
from inventory.size_budget import SizeBudget
from inventory.urls import MAX_CHARACTERS
from inventory.webpages.bounds import COOKIE_BYTES

READY = "ready"
"""The first member of a content whose other members are as a lookup answers them."""


def cookies_of(content: Content) -> list[Mapping[str, Any]]:
    """The cookies of a stored content, each with the URL of the hop that set it, truncated like the key of a record.

    Most contents have them so (`as_answered`). Others have the number of the hop, and the bytes, `raw`, only where they
    differ from the text. The first versions stored the URL of the hop.
    """
    if READY in content or not content["cookies"]:
        return list(content["cookies"])
    hops = _hops(content)
    return [
        {**cookie, "set_by": by if isinstance(by := cookie["set_by"], str) else hops[by], "raw": cookie.get("raw")}
        for cookie in content["cookies"]
    ]


def cookies_in(fetched: Fetched) -> list[dict[str, Any]]:
    """The cookies of all hops, in the order received."""
    return [_cookie(cookie, number) for number, hop in enumerate(fetched.hops) for cookie in hop.cookies]


def carried(previous: Content, fetched: Fetched) -> list[dict[str, Any]]:
    """The cookies that the page itself set before. Those of redirects were set again by the redirects of this collection."""
    final_url = previous["response"]["final_url"]
    by_the_page = (len(previous["redirects"]), final_url, final_url[:MAX_CHARACTERS])
    own = [{**cookie, "set_by": len(fetched.redirects)} for cookie in previous["cookies"] if cookie["set_by"] in by_the_page]
    for cookie in own:
        if cookie.get("raw", cookie) is None:
            del cookie["raw"]
    return own


def as_answered(content: dict[str, Any]) -> dict[str, Any]:
    """The content as a hit answers it, marked `READY`: its cookies have URLs, and its body is text in UTF-8.

    Unchanged if it cannot be so. Where two hops have the same URL, their numbers tell which of them set a cookie.
    """
    if content["body"]["charset"] != "utf-8" or content["body"]["encoding"] != "text":
        return content
    if content["cookies"]:
        hops = _hops(content)
        if len(set(hops)) < len(hops):
            return content
    return {READY: True, **content, "cookies": cookies_of(content)}


def kept_cookies(cookies: list[dict[str, Any]], fetched: Fetched, defects: list[str]) -> list[dict[str, Any]]:
    """The first cookies, as many as are kept; `defects` gets a line if there were more."""
    more = sum(hop.unread_cookies for hop in fetched.hops) + max(0, len(cookies) - MAX_COOKIES)
    return SizeBudget(COOKIE_BYTES, defects).fitting(cookies[:MAX_COOKIES], "cookies", more=more)


def _hops(content: Content) -> list[str]:
    """The URLs of all hops, truncated like the key of a record."""
    urls = (*(hop["url"] for hop in content["redirects"]), content["response"]["final_url"])
    return [url[:MAX_CHARACTERS] for url in urls]


def _cookie(cookie: Cookie, number: int) -> dict[str, Any]:
    document: dict[str, Any] = {
        "name": shown(cookie.name),
        "value": shown(cookie.value),
        "domain": cookie.domain,
        "host_only": cookie.host_only,
        "path": shown(cookie.path),
        "expires": None if cookie.expires is None else rfc3339(cookie.expires),
        "max_age": cookie.max_age,
        "secure": cookie.secure,
        "http_only": cookie.http_only,
        "same_site": cookie.same_site,
        "partitioned": cookie.partitioned,
        "set_by": number,
        "accepted": cookie.accepted,
        "reason": cookie.reason,
    }
    if (document["name"], document["value"], document["path"]) != (cookie.name, cookie.value, cookie.path):
        document["raw"] = {"name": cookie.name, "value": cookie.value, "path": cookie.path}
    return document

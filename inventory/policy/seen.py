"""What a snapshot's content says, hop by hop, as rules ask for it: pure, and for any content."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from datetime import datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from inventory.html_pages.page import Page, kept_page
from inventory.instants import instant_of
from inventory.json_members import object_of, objects_of
from inventory.policy.csp import ContentPolicy, policies_in
from inventory.public_suffixes import registrable
from inventory.records.model import Content

MAX_HOPS = 100
DAY = timedelta(days=1)
_HTML = frozenset({"text/html", "application/xhtml+xml"})
Line: TypeAlias = tuple[int, str, str]


class Hop:
    """One response: `number` is counted from 1, and so is that of each header line. Names are in lower case.

    `sent` has the lines as they were sent: number, name and value.
    """

    def __init__(self, number: int, url: str, status: object, sent: Sequence[Line]) -> None:
        self.number, self.url, self.status, self.sent = number, url, status, sent
        self.scheme = url.partition(":")[0].lower()
        """`http` or `https`."""
        self._policies: dict[str, Sequence[ContentPolicy]] = {}

    @cached_property
    def lines(self) -> Mapping[str, Sequence[tuple[int, str]]]:
        """The lines by name."""
        found: dict[str, list[tuple[int, str]]] = {}
        for number, name, value in self.sent:
            found.setdefault(name, []).append((number, value))
        return found

    @cached_property
    def host(self) -> str:
        """The host of the URL; "" if it has none."""
        return host_of(self.url)

    def policies(self, header: str) -> Sequence[ContentPolicy]:
        """The content security policies in the lines of a header, read once."""
        if header not in self._policies:
            self._policies[header] = policies_in(self.lines.get(header, ()))
        return self._policies[header]


class Seen:
    """A snapshot's content, to be judged as of `at`. `read_page` is what its HTML says, None if that is not known.

    Only the lines of the headers that are named in `header_names` are read; None: of all.
    """

    def __init__(
        self,
        content: Content,
        url: str,
        collected_at: datetime,
        at: datetime,
        read_page: Page | None = None,
        header_names: Set[str] | None = None,
    ) -> None:
        self.content, self.collected_at, self.at = content, collected_at, at
        self.response = object_of(content.get("response"))
        """The final response."""
        self.hops = _hops(content, self.response, url, header_names)
        """All responses, the final one last."""
        self.cookies = objects_of(content.get("cookies"))
        """The Set-Cookie lines of all hops, as they are read."""
        if read_page is not None:
            self.page = read_page  # so that nothing is left to find

    @cached_property
    def page(self) -> Page | None:
        """What the page says; an empty page if the body is no HTML, and None if it is not known."""
        page = kept_page(self.content)
        if page is not None:
            return page
        return None if object_of(self.content.get("body")).get("media_type") in _HTML else Page()

    @cached_property
    def page_is_cut(self) -> bool:
        """Whether the page may load from more hosts than it is known to: not all of the HTML was kept, or looked at."""
        body = object_of(self.content.get("body"))
        is_cut = body.get("truncated") is True and (body.get("media_type") or "text/html") in _HTML
        return is_cut or (self.page is not None and not self.page.has_all_hosts)

    @cached_property
    def site(self) -> str:
        """The registrable domain of the final URL."""
        return registrable(self.hops[-1].host)

    @property
    def certificate_is_unknown(self) -> bool:
        """Whether there was one that was not kept: what is imported from an archive rarely has it."""
        return self.hops[-1].scheme == "https" and not object_of(self.response.get("tls"))

    def certificate(self, name: str) -> Sequence[str]:
        """The values of a fact of the certificate and its connection; none without a certificate."""
        tls = object_of(self.response.get("tls"))
        if not tls:
            return []
        if name == "names":
            names = tls.get("names")
            return [str(each) for each in names] if isinstance(names, list | tuple) else []
        if name in ("days_left", "lifetime_days"):
            end = _instant(tls.get("not_after"))
            begin = self.at if name == "days_left" else _instant(tls.get("not_before"))
            return [] if begin is None or end is None else [str((end - begin) // DAY)]
        return [] if tls.get(name) is None else [str(tls[name])]

    def hop_of(self, cookie: Mapping[str, Any]) -> Hop:
        """The response that set a cookie: snapshots have its position, or the start of its URL."""
        if len(self.hops) == 1:
            return self.hops[0]
        by = cookie.get("set_by")
        if isinstance(by, int):
            return self.hops[min(max(by, 0), len(self.hops) - 1)]
        text = by if isinstance(by, str) else ""
        return next((hop for hop in self.hops if text and hop.url.startswith(text)), self.hops[-1])

    def lifetime(self, cookie: Mapping[str, Any]) -> int | None:
        """Seconds that a cookie is kept for; None for one of the session."""
        max_age = cookie.get("max_age")
        if isinstance(max_age, int):
            return max(0, int(max_age))
        end = _instant(cookie.get("expires"))
        return None if end is None else max(0, int((end - self.collected_at).total_seconds()))

    def redirection(self) -> str:
        """Where an http URL leads: to `https`, to `https-of-another-host`, to `http` first, or to `none` at all.

        `not-https`: it is redirected, and no https URL is its end. A URL that is https already is `https`.
        """
        hops = self.hops
        if hops[0].scheme == "https":
            return "https"
        if len(hops) == 1:
            return "none"
        if hops[-1].scheme != "https":
            return "not-https"
        if hops[1].scheme != "https":
            return "http"
        return "https" if hops[1].host == hops[0].host else "https-of-another-host"


def hop_urls(content: Content, url: str) -> Sequence[str]:
    """The URLs of all responses, the final one last, of a snapshot of the target `url`."""
    final = str(object_of(content.get("response")).get("final_url", url))
    return [*[str(each.get("url", "")) for each in _redirects(content)], final]


def host_of(url: str) -> str:
    """The host of a URL in lower case; "" if it has none, or cannot be read."""
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _hops(content: Content, response: Mapping[str, Any], url: str, names: Set[str] | None) -> Sequence[Hop]:
    hops = [
        Hop(number, str(each.get("url", "")), each.get("status"), _lines(each.get("headers"), names))
        for number, each in enumerate(_redirects(content), 1)
    ]
    lines = _lines(content.get("headers"), names)
    hops.append(Hop(len(hops) + 1, str(response.get("final_url", url)), response.get("status"), lines))
    return hops


def _redirects(content: Content) -> Sequence[Mapping[str, Any]]:
    return objects_of(content.get("redirects"))[:MAX_HOPS]


def _lines(headers: Any, names: Set[str] | None) -> Sequence[Line]:
    """Lines with a name that is wanted. This is much of what judging takes where a judgement is remembered."""
    found: list[Line] = []
    for number, each in enumerate(objects_of(headers), 1):
        named = each.get("name", "")
        name = named.lower() if type(named) is str else str(named).lower()
        if names is None or name in names:
            value = each.get("value")
            found.append((number, name, value if isinstance(value, str) else ""))
    return found


def _instant(text: Any) -> datetime | None:
    return _known_instant(text) if isinstance(text, str) else None


@lru_cache(maxsize=1_024)
def _known_instant(text: str) -> datetime | None:
    return instant_of(text)

"""The source `webpage`: what a URL serves, as headers, cookies and page source."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from inventory import urls, web_encodings
from inventory.clock import Clock, utc_now
from inventory.errors import SourceFailure
from inventory.http_client import decoding
from inventory.http_client.decoding import Text
from inventory.http_client.failures import log_evidence
from inventory.http_client.fetched import Fetched, RedirectsFailed
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.retry_after import target_pause
from inventory.rate_limits.calls import Calls
from inventory.records.model import Content, Target
from inventory.records.source import Collected
from inventory.webpages.content import attachments_of, content_of, redirects_of, revalidated, validators_of
from inventory.webpages.model import SOURCE


@dataclass(frozen=True, slots=True)
class Webpage:
    """Collects web pages with a fetcher. `guard` is that of its transport; a URL that names an address is checked early."""

    fetcher: Fetcher
    guard: Guard
    clock: Clock = utc_now
    name: str = SOURCE

    def target(self, text: str) -> Target:
        """The target of a URL; `InvalidUrl` or a subclass when there can be none. No I/O."""
        url = urls.parse(text)
        self.guard.check(url)
        return Target(self.name, url.href, url.host)

    def collect(self, key: str, previous: Content | None = None, calls: Calls | None = None) -> Collected:
        """Fetch the URL. Any HTTP response becomes a snapshot; that of a 304 shares the body of `previous`."""
        validators = validators_of(previous)
        url = urls.known(key)
        try:
            fetched = self.fetcher.fetch(url, validators=validators, calls=calls)
        except SourceFailure as failure:
            log_evidence(failure, url.host)
            if isinstance(failure, RedirectsFailed):
                failure.redirects = redirects_of(failure.hops)
            raise
        final = fetched.final
        if previous is not None and final.conditional and final.head.status == 304:
            confirmed = revalidated(previous, fetched)
            return Collected(confirmed, None, unchanged=True, attachments=attachments_of(confirmed, fetched, previous))
        body, text = kept_body(fetched)
        content = content_of(fetched, body, text, previous)
        come_back_in = target_pause(final.head, self.clock())
        attachments = attachments_of(content, fetched)
        return Collected(content, body, come_back_in, body_sha256=content["body"]["sha256"], attachments=attachments)


def page_source(body: bytes, content: Content) -> str:
    """The text of a stored body, decoded as its snapshot says, or base64 if it is not text."""
    described = content["body"]
    if described["encoding"] == "base64":
        return base64.b64encode(body).decode("ascii")
    return web_encodings.decode(body, described["charset"])


def kept_body(fetched: Fetched) -> tuple[bytes, Text]:
    """The bytes to keep, and how to decode them: truncation never splits a character."""
    body, head = fetched.body.content, fetched.final.head
    content_type = ", ".join(head.values("content-type"))
    if fetched.body.undecoded is not None:
        return body, Text(decoding.declared_media_type(content_type), None)
    options = ",".join(head.values("x-content-type-options"))
    nosniff = options.partition(",")[0].strip().lower() == "nosniff"  # as Fetch determines it
    text = decoding.examine(body, content_type, nosniff=nosniff, truncated=fetched.body.truncated)
    if fetched.body.truncated and text.charset is not None:
        body = web_encodings.whole_characters(body, text.charset)
    return body, text

"""The members of a snapshot that say what was sent and received: `response`, `redirects` and their parts."""

from __future__ import annotations

from typing import Any

from inventory.clock import rfc3339
from inventory.http_client.fetched import Fetched, Hop
from inventory.http_client.head import Fields, Head
from inventory.http_client.tls import TlsDetails
from inventory.size_budget import SizeBudget
from inventory.urls import MAX_CHARACTERS, Url
from inventory.webpages.bounds import MAX_NAMES, NAME_BYTES, REQUEST_BYTES, clipped


class HopWriter:
    """Writes the hops of one collection within limits that they share: what is written first is kept first.

    `defects` says what was left out. `size` is in bytes of JSON, for what was received; with `request_size` the requests
    have a limit of their own.
    """

    def __init__(self, size: int, request_size: int | None = REQUEST_BYTES) -> None:
        self.defects: list[str] = []
        self._lines = SizeBudget(size, self.defects)
        self._sent = self._lines if request_size is None else SizeBudget(request_size, self.defects)

    def headers(self, lines: list[dict[str, str]], what: str = "header lines") -> list[dict[str, str]]:
        """Header lines of the final response."""
        return self._lines.fitting(lines, what)

    def response(self, fetched: Fetched, text_defects: tuple[str, ...]) -> dict[str, Any]:
        """The final response without its header lines; `defects` there are those of the response and of its text."""
        final, timing = fetched.final, fetched.timing
        told = self._lines.fitting([*final.head.defects, *fetched.body.defects], "defects of the response")
        return {
            "status": final.head.status,
            "reason": clipped(final.head.reason, "reason phrase", self.defects),
            "http_version": final.head.http_version,
            "final_url": final.url.href,
            "remote_address": final.remote_address,
            "elapsed_ms": timing.elapsed_ms,
            "dns_ms": timing.dns_ms,
            "connect_ms": timing.connect_ms,
            "tls_ms": timing.tls_ms,
            "first_byte_ms": timing.first_byte_ms,
            "body_ms": timing.body_ms,
            "waited_ms": timing.waited_ms,
            "tls": None if final.tls is None else self._tls(final.tls),
            "request": self._request(final.url, final.sent, "header lines of the request"),
            "trailers": self._lines.fitting(fields_of(fetched.trailers), "trailers"),
            "interim": self._interim(final.head, self.defects),
            "not_modified": False,
            "revalidation": None,
            "defects": [*told, *text_defects],
        }

    def revalidation(self, head: Head) -> dict[str, Any]:
        """The answer to a request with conditions."""
        return {
            "status": head.status,
            "reason": clipped(head.reason, "reason phrase of the conditional answer", self.defects),
            "headers": self._lines.fitting(fields_of(head.fields), "header lines of the conditional answer"),
        }

    def refusal(self, hop: Hop, head: Head) -> dict[str, Any]:
        """The answer to a request with conditions that was sent again without, and that request."""
        return {
            **self.revalidation(head),
            "request": self._request(hop.url, hop.refused, "header lines of the refused request"),
        }

    def redirect(self, hop: Hop) -> dict[str, Any]:
        """A redirect. What was left out of its text is among its own defects."""
        defects: list[str] = []
        return {
            "url": hop.url.href,
            "status": hop.head.status,
            "reason": clipped(hop.head.reason, "reason phrase of a redirect", defects),
            "headers": self._lines.fitting(fields_of(hop.head.fields), "header lines of a redirect"),
            "request": self._request(hop.url, hop.sent, "header lines of the request of a redirect"),
            "interim": self._interim(hop.head, defects),
            "defects": [*self._lines.fitting(list(hop.head.defects), "defects of a redirect"), *defects],
        }

    def _request(self, url: Url, sent: Fields, what: str) -> dict[str, Any]:
        """A request as it was sent. Its target repeats the URL of the hop, so a long one is only begun."""
        return {
            "method": "GET",
            "target": url.target[:MAX_CHARACTERS],
            "headers": self._sent.fitting(fields_of(sent), what),
        }

    def _interim(self, head: Head, defects: list[str]) -> list[dict[str, Any]]:
        """The interim responses before a head. What was wrong with them is among the defects of the response."""
        for number, each in enumerate(head.interim, 1):
            told = self._lines.fitting(list(each.defects), "defects of an interim response")
            defects += [f"interim response {number}: {defect}" for defect in told]
        kept = [
            {
                "status": each.status,
                "reason": clipped(each.reason, "reason phrase of an interim response", defects),
                "headers": self._lines.fitting(fields_of(each.fields), "header lines of an interim response"),
            }
            for each in head.interim
        ]
        if head.more_interim:
            received = len(kept) + head.more_interim
            defects.append(f"{received:,} interim responses were received; the first {len(kept):,} are kept")
        return kept

    def _tls(self, tls: TlsDetails) -> dict[str, Any]:
        self.defects += tls.defects
        names = SizeBudget(NAME_BYTES, self.defects).fitting(
            list(tls.names[:MAX_NAMES]), "names of the certificate", more=len(tls.names[MAX_NAMES:])
        )
        return {
            "version": tls.version,
            "cipher": tls.cipher,
            "subject": clipped(tls.subject, "subject of the certificate", self.defects),
            "issuer": clipped(tls.issuer, "issuer of the certificate", self.defects),
            "names": names,
            "sha256": tls.sha256,
            "size": len(tls.der),
            "not_before": None if tls.not_before is None else rfc3339(tls.not_before),
            "not_after": None if tls.not_after is None else rfc3339(tls.not_after),
        }


def fields_of(fields: Fields) -> list[dict[str, str]]:
    """Header lines as a snapshot has them."""
    return [{"name": name, "value": value} for name, value in fields]

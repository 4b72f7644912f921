"""The sink `webhook`: a signed POST, to where the guard of its transport allows it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from inventory import urls
from inventory.clock import Clock
from inventory.errors import NoRoom, SourceFailure
from inventory.http_client.deadline import Deadline
from inventory.http_client.retry_after import asked_pause
from inventory.http_client.transport import Request, Response, Transport
from inventory.webhooks.signing import signed_headers
from inventory.webhooks.sink import SEND_WITHIN, OutgoingMessage, Reply, Verdict

log = structlog.get_logger(__name__)

HEADERS = {
    "User-Agent": "Inventory/0.1 (webhooks)",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
    "Content-Type": "application/json",
    "Connection": "close",
}
MAX_QUOTED_BYTES = 1_024
"""Bytes of an answer that are kept for `detail`."""

_GONE = 410
_BUSY = frozenset({429, 502, 503, 504})
"""Statuses that ask for fewer requests."""
_UNPRINTABLE = re.compile(r"[\x00-\x20\x7f-\x9f\ufffd\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class WebhookSink:
    """Posts messages through a transport that keeps no connections, so that each address is checked for its request."""

    transport: Transport
    clock: Clock
    seconds: float = SEND_WITHIN

    def send(self, message: OutgoingMessage) -> Reply:
        """Post a message to the URL that is its address; redirects are not followed."""
        url = urls.known(message.address)
        headers = {
            "Host": url.authority,
            **HEADERS,
            "Content-Length": str(len(message.payload)),
            **signed_headers(message.id, message.payload, message.secrets, self.clock()),
        }
        deadline = Deadline(self.seconds)
        request = Request(url=url, headers=headers, deadline=deadline, method="POST", body=message.payload)
        try:
            response = self.transport.send(request)
        except SourceFailure as failure:
            # Nothing that was received: a receiver may send back the path of its URL, which is a secret of some.
            log.info("receiver_failed", target=url.host, code=failure.code)
            return Reply(verdict=Verdict.BUSY, detail=str(failure))
        except NoRoom as error:
            log.warning("no_room", target=url.host, error=str(error))
            return Reply(verdict=Verdict.BUSY, detail=str(error), retry_after=error.wait)
        try:
            return self._reply(response)
        finally:
            response.close()

    def _reply(self, response: Response) -> Reply:
        status = response.head.status
        verdict = verdict_of(status)
        if verdict is Verdict.ACCEPTED:
            return Reply(verdict=verdict, status=status)
        return Reply(
            verdict=verdict,
            status=status,
            detail=_detail(status, response.head.values("location"), _quoted(response)),
            retry_after=asked_pause(response.head, self.clock()) if verdict is Verdict.BUSY else None,
        )


def verdict_of(status: int) -> Verdict:
    """What a status means for a message, as Standard Webhooks 1.0 has it: success is 2xx alone."""
    if 200 <= status < 300:
        return Verdict.ACCEPTED
    if status == _GONE:
        return Verdict.GONE
    return Verdict.BUSY if status in _BUSY else Verdict.FAILED


def _detail(status: int, locations: Sequence[str], quoted: str) -> str:
    if 300 <= status < 400 and locations:
        leads = f"The receiver answered {status}, a redirect to {locations[0][:200]!r}, which is not followed."
        return f"{leads} Change the URL of the webhook."
    said = f": {quoted}" if quoted else "."
    return f"The receiver answered {status}{said}"


def _quoted(response: Response) -> str:
    """The beginning of a body as one line of text; "" for one that is coded or broken."""
    if response.head.values("content-encoding"):
        return ""
    received = b""
    try:
        for piece in response.reader.pieces():
            received += piece
            if len(received) >= MAX_QUOTED_BYTES:
                break
    except (SourceFailure, NoRoom):
        pass  # the status alone decides
    return _UNPRINTABLE.sub(" ", received[:MAX_QUOTED_BYTES].decode("utf-8", "replace")).strip()

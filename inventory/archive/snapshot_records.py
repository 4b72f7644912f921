"""The records of a WARC file that one snapshot becomes: requests, responses, and what WARC has no place for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from inventory import json_bytes
from inventory.archive.cipher_suites import registered_name
from inventory.archive.http_lines import KeptBody, ResponseHead, request_head, response_head
from inventory.archive.warc_record import Lines, WarcRecord, digest
from inventory.clock import rfc3339
from inventory.records.model import Snapshot, Target

IDENTICAL = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
REQUEST, RESPONSE = "application/http;msgtype=request", "application/http;msgtype=response"
NAMES = UUID("5fe50c4f-0ae8-4d5c-b65c-8e934e87d50e")
"""The ids of records are names in this space, so that each export gives a record the same one."""
ASSUMED = "1.1"
"""The version of HTTP that the status line of a redirect names: a snapshot keeps only that of the last response.

WARC has no form for later versions: their messages are written as if they were of this one, too.
"""
LATER = {"2": "h2", "3": "h3"}
"""How `WARC-Protocol` names these versions, which no status line does."""

EMPTY = digest()
"""The digest of no bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """A response record that is written with its body."""

    record_id: str
    url: str
    date: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedSnapshot:
    """A snapshot with its payload: the body, coded if `is_coded`, in `size` bytes. The payload of a revisit may be left out.

    `has_certificate`: the bytes of its certificate are in the file.
    """

    target: Target
    snapshot: Snapshot
    payload: bytes
    sha256: str
    size: int
    is_coded: bool = False
    truncated: bool = False
    has_certificate: bool = False

    @property
    def final_url(self) -> str:
        """The URL of the last response."""
        return str(self.snapshot.content["response"]["final_url"])

    @property
    def original(self) -> Original:
        """Its last response, as later snapshots with the same body refer to it."""
        response = self.id_of("response", len(self.snapshot.content["redirects"]))
        return Original(record_id=response, url=self.final_url, date=self.snapshot.collected_at)

    def id_of(self, kind: str, hop: int = 0) -> str:
        """The id of a record of this snapshot."""
        return f"<{uuid5(NAMES, f'{self.snapshot.id} {kind} {hop}').urn}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Hop:
    """One request and its response. `connection` are named fields that are known of the last hop alone."""

    number: int
    url: str
    request: Mapping[str, Any] | None
    head: ResponseHead
    body: bytes
    digest: str
    connection: Lines = ()
    truncated: str | None = None


def records_of(exported: ExportedSnapshot, earlier: Original | None = None) -> Iterator[WarcRecord]:
    """The records of a snapshot. `earlier` is the last response of an earlier one, in the same file, with the same body."""
    redirects = [_redirect(number, each) for number, each in enumerate(exported.snapshot.content["redirects"])]
    for hop in redirects:
        yield from _exchange(exported, hop, _response(exported, hop))
    last = _last(exported, len(redirects))
    answer = _response(exported, last) if earlier is None else _revisit(exported, last, earlier)
    yield from _exchange(exported, last, answer)
    yield _metadata(exported, answer, [hop.head for hop in (*redirects, last)])


def _exchange(exported: ExportedSnapshot, hop: _Hop, answer: WarcRecord) -> Iterator[WarcRecord]:
    """A request, if it was kept, and what answered it."""
    if hop.request is not None:
        yield WarcRecord(
            kind="request",
            id=exported.id_of("request", hop.number),
            date=exported.snapshot.collected_at,
            content_type=REQUEST,
            fields=(("WARC-Target-URI", hop.url), ("WARC-Concurrent-To", answer.id), *hop.connection),
            head=request_head(hop.request, hop.url),
        )
    yield answer


def _redirect(number: int, redirect: Mapping[str, Any]) -> _Hop:
    """A redirect: its body is never kept, so there is one that is known only if it is empty."""
    lines = redirect["headers"]
    is_empty = [line["value"] for line in lines if line["name"].lower() == "content-length"] == ["0"]
    return _Hop(
        number=number,
        url=redirect["url"],
        request=redirect.get("request"),
        head=response_head(redirect, lines, ASSUMED, KeptBody(size=0)),
        body=b"",
        digest=EMPTY,
        truncated=None if is_empty else "unspecified",
    )


def _last(exported: ExportedSnapshot, number: int) -> _Hop:
    content, payload = exported.snapshot.content, exported.payload
    response = content["response"]
    return _Hop(
        number=number,
        url=exported.final_url,
        request=response.get("request"),
        head=response_head(
            response,
            content["headers"],
            ASSUMED if response["http_version"] in LATER else response["http_version"],
            KeptBody(size=exported.size, is_coded=exported.is_coded),
        ),
        body=payload,
        digest=f"sha256:{exported.sha256}",
        connection=tuple(_connection(response)),
        truncated="length" if exported.truncated else None,
    )


def _connection(response: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is known of the connection, in the fields that the IIPC has adopted for it."""
    if response["remote_address"]:
        yield "WARC-IP-Address", response["remote_address"]
    version = response["http_version"]
    yield "WARC-Protocol", LATER.get(version) or f"http/{version}"
    if (tls := response["tls"]) is not None:
        yield "WARC-Protocol", tls["version"].lower().replace("v", "/") + ("" if "." in tls["version"] else ".0")
        if (suite := registered_name(tls["cipher"])) is not None:
            yield "WARC-Cipher-Suite", suite


def _response(exported: ExportedSnapshot, hop: _Hop) -> WarcRecord:
    return WarcRecord(
        kind="response",
        id=exported.id_of("response", hop.number),
        date=exported.snapshot.collected_at,
        content_type=RESPONSE,
        fields=_about(exported, hop),
        head=hop.head.content,
        payload=hop.body,
        payload_digest=hop.digest,
    )


def _revisit(exported: ExportedSnapshot, hop: _Hop, earlier: Original) -> WarcRecord:
    """The head of a response whose body is that of an earlier one."""
    return WarcRecord(
        kind="revisit",
        id=exported.id_of("revisit", hop.number),
        date=exported.snapshot.collected_at,
        content_type=RESPONSE,
        fields=(
            *_about(exported, hop),
            ("WARC-Profile", IDENTICAL),
            ("WARC-Refers-To", earlier.record_id),
            ("WARC-Refers-To-Target-URI", earlier.url),
            ("WARC-Refers-To-Date", rfc3339(earlier.date)),
        ),
        head=hop.head.content,
        payload_digest=hop.digest,
    )


def _about(exported: ExportedSnapshot, hop: _Hop) -> Lines:
    """The named fields of an answer, whether it has its body or not."""
    request = [] if hop.request is None else [("WARC-Concurrent-To", exported.id_of("request", hop.number))]
    truncated = [] if hop.truncated is None else [("WARC-Truncated", hop.truncated)]
    return (("WARC-Target-URI", hop.url), *request, *hop.connection, *truncated)


def _metadata(exported: ExportedSnapshot, answer: WarcRecord, heads: Sequence[ResponseHead]) -> WarcRecord:
    """The whole snapshot as JSON, so that an import gives the same one; `renamed` has positions of header lines of hops."""
    document = {
        "url": exported.target.key,
        "snapshot": exported.snapshot.id,
        "collected_at": rfc3339(exported.snapshot.collected_at),
        "renamed": [head.renamed for head in heads],
        **exported.snapshot.content,
    }
    if exported.has_certificate:
        document["certificate"] = certificate_id(exported.snapshot.content["response"]["tls"]["sha256"])
    return WarcRecord(
        kind="metadata",
        id=exported.id_of("metadata"),
        date=exported.snapshot.collected_at,
        content_type="application/json",
        fields=(
            ("WARC-Target-URI", f"urn:inventory:snapshot:{exported.snapshot.id}"),
            ("WARC-Concurrent-To", answer.id),
        ),
        head=json_bytes.dumps(document),
    )


def certificate_record(exported: ExportedSnapshot, der: bytes) -> WarcRecord:
    """The certificate of a snapshot: one record for all snapshots of the file that have it."""
    sha256 = exported.snapshot.content["response"]["tls"]["sha256"]
    return WarcRecord(
        kind="metadata",
        id=certificate_id(sha256),
        date=exported.snapshot.collected_at,
        content_type="application/pkix-cert",
        fields=(("WARC-Target-URI", f"urn:inventory:certificate:{sha256}"),),
        head=der,
    )


def certificate_id(sha256: str) -> str:
    """The id of the record of a certificate, by its fingerprint."""
    return f"<{uuid5(NAMES, f'certificate {sha256}').urn}>"

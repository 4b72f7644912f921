"""What is recorded of a TLS connection."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from inventory.errors import SourceFailure


@dataclass(frozen=True, slots=True)
class TlsDetails:
    """Protocol version, cipher and the verified certificate of a connection."""

    version: str
    cipher: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime
    not_after: datetime


def details_of(sock: ssl.SSLSocket) -> TlsDetails:
    """The details of a connection whose handshake is done and whose certificate was verified.

    `SourceFailure` with code `tls_failure` if the certificate cannot be read: names that are not UTF-8, dates out of range.
    """
    cipher = sock.cipher()
    try:
        certificate: Any = sock.getpeercert()
        return TlsDetails(
            version=sock.version() or "",
            cipher=cipher[0] if cipher else "",
            subject=_name(certificate.get("subject", ())),
            issuer=_name(certificate.get("issuer", ())),
            names=tuple(str(value) for _, value in certificate.get("subjectAltName", ())),
            not_before=_instant(certificate["notBefore"]),
            not_after=_instant(certificate["notAfter"]),
        )
    except (ValueError, OverflowError) as error:
        raise SourceFailure(
            "tls_failure", "The certificate cannot be read", permanent=True, evidence={"error": str(error)[:200]}
        ) from error


def _name(parts: Any) -> str:
    """A distinguished name in one line, in the order of the certificate, which RFC 4514 would reverse."""
    return ", ".join(f"{key}={value}" for part in parts for key, value in part)


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)

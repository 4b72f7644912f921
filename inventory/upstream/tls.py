"""What a TLS connection says about itself."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any


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
    """The details of a connection whose handshake is done and whose certificate was verified."""
    certificate: Any = sock.getpeercert()
    cipher = sock.cipher()
    return TlsDetails(
        version=sock.version() or "",
        cipher=cipher[0] if cipher else "",
        subject=_name(certificate.get("subject", ())),
        issuer=_name(certificate.get("issuer", ())),
        names=tuple(str(value) for _, value in certificate.get("subjectAltName", ())),
        not_before=_instant(certificate["notBefore"]),
        not_after=_instant(certificate["notAfter"]),
    )


def _name(parts: Any) -> str:
    """A distinguished name in one line, as RFC 4514 orders it not: as the certificate does."""
    return ", ".join(f"{key}={value}" for part in parts for key, value in part)


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)

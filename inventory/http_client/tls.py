"""TLS: how the other end is verified, and what is recorded of a connection."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from inventory.http_client.certificate import CertificateReader

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:RSA+AESGCM:RSA+AES:DHE+AESGCM:DHE+AES:!aNULL:!aDSS:!AESCCM"
"""Python's own for TLS 1.2, and those with RSA or SHA-1 that browsers take from old servers. Weak ones of DHE go last."""
OP_LEGACY_SERVER_CONNECT = 0x4
"""Old servers lack RFC 5746; browsers call them, as it is about renegotiation (Python 3.12 knows the name)."""


@dataclass(frozen=True, slots=True)
class TlsDetails:
    """Protocol version, cipher and the verified certificate of a connection.

    A date is None, and a text empty, that cannot be read; `defects` says so.
    """

    version: str
    cipher: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    not_before: datetime | None
    not_after: datetime | None
    defects: tuple[str, ...] = ()


@cache
def verifying(authorities: str) -> ssl.SSLContext:
    """Verifies as browsers do, against the authorities of a file and of the system, to which an operator can add."""
    context = ssl.create_default_context(cafile=authorities)
    context.load_default_certs()
    context.hostname_checks_common_name = False  # a subject is no host (RFC 9110, section 4.3.4)
    # Python 3.13 demands what browsers, curl and older Pythons do not, such as a key identifier of every authority.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as in Python 3.13: what is trusted need not be a root
    context.set_ciphers(CIPHERS)
    context.options |= OP_LEGACY_SERVER_CONNECT
    context.set_alpn_protocols(["http/1.1"])
    return context


def details_of(sock: ssl.SSLSocket) -> TlsDetails:
    """The details of a connection whose handshake is done and whose certificate was verified."""
    cipher = sock.cipher()
    version, name = sock.version() or "", cipher[0] if cipher else ""
    try:
        certificate: Any = sock.getpeercert()
        return TlsDetails(
            version=version,
            cipher=name,
            subject=_name(certificate.get("subject", ())),
            issuer=_name(certificate.get("issuer", ())),
            names=tuple(_text(value) for _, value in certificate.get("subjectAltName", ())),
            not_before=_instant(certificate["notBefore"]),
            not_after=_instant(certificate["notAfter"]),
        )
    except (ValueError, OverflowError, ssl.SSLError):  # text that is not UTF-8, dates out of range, strings that are none
        read = CertificateReader(sock.getpeercert(binary_form=True) or b"")
        return TlsDetails(
            version, name, read.subject, read.issuer, read.names, read.not_before, read.not_after, tuple(read.defects)
        )


def _name(parts: Any) -> str:
    """A distinguished name in one line, in the order of the certificate, which RFC 4514 would reverse."""
    return ", ".join(f"{key}={value}" for part in parts for key, value in part)


def _text(value: Any) -> str:
    """An alternative name, which may be a distinguished one."""
    return value if isinstance(value, str) else _name(value)


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)

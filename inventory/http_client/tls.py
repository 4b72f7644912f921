"""TLS: how the other end is verified, and what is recorded of a connection."""

from __future__ import annotations

import hashlib
import ssl
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from inventory.http_client.certificate import CertificateReader

CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:ECDHE+AES:RSA+AESGCM:RSA+AES:!aNULL:!aDSS:!AESCCM"
"""For TLS 1.2, as browsers have it: those with RSA or SHA-1 for old servers, and no DHE, whose numbers are often weak."""
OP_LEGACY_SERVER_CONNECT = 0x4
"""Old servers lack RFC 5746; browsers call them, as it is about renegotiation (Python 3.12 knows the name)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsDetails:
    """Protocol version, cipher and the verified certificate of a connection.

    `sha256` is that of the certificate's bytes, in hexadecimal: its fingerprint. A date is None, and a text empty, that
    cannot be read; `defects` says so. `der` are the certificate's bytes.
    """

    version: str
    cipher: str
    subject: str
    issuer: str
    names: tuple[str, ...]
    sha256: str
    not_before: datetime | None
    not_after: datetime | None
    defects: tuple[str, ...] = ()
    der: bytes = field(default=b"", repr=False)


@cache
def verifying(authorities: str, *, names: bool = True) -> ssl.SSLContext:
    """Verifies as browsers do, against the authorities of a file and of the system, to which an operator can add.

    Without `names`, that the certificate is for the host is left to `check_name`.
    """
    context = ssl.create_default_context(cafile=authorities)
    context.load_default_certs()
    context.check_hostname = names
    context.hostname_checks_common_name = False  # a subject is not a host (RFC 9110, section 4.3.4)
    # Python 3.13 demands what browsers, curl and older Pythons do not, such as a key identifier of every authority.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as in Python 3.13: what is trusted need not be a root
    context.set_ciphers(CIPHERS)
    context.options |= OP_LEGACY_SERVER_CONNECT
    context.set_alpn_protocols(["http/1.1"])
    return context


def check_name(sock: ssl.SSLSocket, host: str) -> None:
    """Raise `ssl.SSLCertVerificationError` if a certificate, verified otherwise, is for another host.

    For OpenSSL, `*.a.test` does not mean `x_y.a.test`. For browsers it does.
    """
    try:
        certificate: Any = sock.getpeercert()
    except ValueError:  # a name that is not UTF-8
        certificate = {}
    sent = (value.lower() for kind, value in certificate.get("subjectAltName", ()) if kind == "DNS")
    if not any(name == host or _stands_for(name, host) for name in sent):
        error = ssl.SSLCertVerificationError(1, "Hostname mismatch")
        error.verify_message = f"Hostname mismatch, certificate is not valid for '{host}'."
        raise error


def _stands_for(wildcard: str, host: str) -> bool:
    """Whether the first label of a name is a star for that of the host. No star stands for all names of a TLD."""
    star, _, domain = wildcard.partition(".")
    label, _, rest = host.partition(".")
    return star == "*" and "." in domain and bool(label) and rest == domain


def details_of(sock: ssl.SSLSocket) -> TlsDetails:
    """The details of a connection whose handshake is done and whose certificate was verified."""
    cipher = sock.cipher()
    version, name = sock.version() or "", cipher[0] if cipher else ""
    encoded = sock.getpeercert(binary_form=True) or b""
    sha256 = hashlib.sha256(encoded).hexdigest()
    try:
        certificate: Any = sock.getpeercert()
        return TlsDetails(
            version=version,
            cipher=name,
            subject=_name(certificate.get("subject", ())),
            issuer=_name(certificate.get("issuer", ())),
            names=tuple(_text(value) for _, value in certificate.get("subjectAltName", ())),
            sha256=sha256,
            not_before=_instant(certificate["notBefore"]),
            not_after=_instant(certificate["notAfter"]),
            der=encoded,
        )
    except (ValueError, OverflowError, ssl.SSLError):  # text that is not UTF-8, dates out of range, strings that are none
        read = CertificateReader(encoded)
        return TlsDetails(
            version=version,
            cipher=name,
            subject=read.subject,
            issuer=read.issuer,
            names=read.names,
            sha256=sha256,
            not_before=read.not_before,
            not_after=read.not_after,
            defects=tuple(read.defects),
            der=encoded,
        )


def _name(parts: Any) -> str:
    """A distinguished name in one line, in the order of the certificate, which RFC 4514 would reverse."""
    return ", ".join(f"{key}={value}" for part in parts for key, value in part)


def _text(value: Any) -> str:
    """An alternative name, which may be a distinguished one."""
    return value if isinstance(value, str) else _name(value)


def _instant(text: str) -> datetime:
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(text), UTC)

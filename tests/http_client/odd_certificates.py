"""Certificates whose parts are any bytes, each signed by its own key: DER (X.690) as nobody's library would write it."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from tempfile import NamedTemporaryFile
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from inventory.http_client.fetcher import Fetcher
from tests.http_client.conftest import make_fetcher

KEY = ec.generate_private_key(ec.SECP256R1())
DNS, URI, IP, DIRECTORY, EMAIL, REGISTERED_ID, OTHER = 0x82, 0x86, 0x87, 0xA4, 0x81, 0x88, 0xA0
UTF8, PRINTABLE, T61, IA5, BMP, UNIVERSAL = 0x0C, 0x13, 0x14, 0x16, 0x1E, 0x1C
UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def element(tag: int, content: bytes) -> bytes:
    """A tag, the length in the shortest form, and the content."""
    size = len(content)
    of_size = (size.bit_length() + 7) // 8
    return bytes([tag]) + (bytes([size]) if size < 128 else bytes([0x80 | of_size]) + size.to_bytes(of_size)) + content


def sequence(*parts: bytes) -> bytes:
    return element(0x30, b"".join(parts))


def attribute(key: bytes, tag: int, value: bytes) -> bytes:
    """One part of a distinguished name: key as the bytes of its object identifier."""
    return element(0x31, sequence(element(0x06, key), element(tag, value)))


def time(text: bytes) -> bytes:
    """A UTCTime, or for years of four digits a GeneralizedTime."""
    return element(UTC_TIME if len(text) == 13 else GENERALIZED_TIME, text)


COMMON_NAME = b"\x55\x04\x03"
NAME = sequence(attribute(COMMON_NAME, UTF8, b"page.test"))
VALIDITY = sequence(time(b"200101000000Z"), time(b"99991231235959Z"))
ECDSA_SHA256 = sequence(element(0x06, b"\x2a\x86\x48\xce\x3d\x04\x03\x02"))


def extension(name: bytes, value: bytes) -> bytes:
    return sequence(element(0x06, name), element(0x04, value))


def certificate(
    *,
    names: bytes = sequence(element(DNS, b"page.test")),
    name: bytes = NAME,
    validity: bytes = VALIDITY,
    serial: bytes = b"\1",
) -> bytes:
    """A certificate of an authority that certifies itself; its parts are taken as they are."""
    authority = extension(b"\x55\x1d\x13", sequence(element(0x01, b"\xff")))
    signed = sequence(
        element(0xA0, b"\x02\x01\x02"),
        element(0x02, serial),
        ECDSA_SHA256,
        name,
        validity,
        name,
        KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        element(0xA3, sequence(authority, extension(b"\x55\x1d\x11", names))),
    )
    signature = KEY.sign(signed, ec.ECDSA(hashes.SHA256()))
    return sequence(signed, ECDSA_SHA256, element(0x03, b"\0" + signature))


def serving(der: bytes) -> ssl.SSLContext:
    """What a server with this certificate speaks TLS by; raises `ssl.SSLError` if OpenSSL takes none of it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with NamedTemporaryFile() as file:
        file.write(ssl.DER_cert_to_PEM_cert(der).encode() + key)
        file.flush()
        context.load_cert_chain(file.name)
    return context


def trusting(der: bytes, **options: Any) -> Fetcher:
    """A fetcher that trusts this certificate, and finds every host on this machine."""
    context = ssl.create_default_context(cadata=der)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return make_fetcher(tls=context, resolve=lambda host: ["127.0.0.1"], **options)

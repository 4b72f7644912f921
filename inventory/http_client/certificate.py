"""Reads a certificate as far as it reads, where Python refuses the text that OpenSSL made of it.

Certificates are RFC 5280, their bytes DER (X.690). Whether to trust one was decided before, by OpenSSL.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TypeVar

Element = tuple[int, bytes]
"""A tag and what it holds."""

VERSION, EXTENSIONS, UTC_TIME = 0xA0, 0xA3, 0x17
EMAIL, DNS, DIRECTORY_NAME, URI, ADDRESS, REGISTERED_ID = 0x81, 0x82, 0xA4, 0x86, 0x87, 0x88
TEXT_NAMES = frozenset({EMAIL, DNS, URI})
SUBJECT_ALTERNATIVE_NAME = b"\x55\x1d\x11"
MAX_OBJECT_ID_BYTES = 64

ENCODINGS = {0x1C: "utf-32-be", 0x1E: "utf-16-be"}
"""Of the strings with these tags. The others are ASCII, UTF-8, or in practice latin-1."""

ATTRIBUTES: Mapping[str, str] = {
    "2.5.4.3": "commonName",
    "2.5.4.4": "surname",
    "2.5.4.5": "serialNumber",
    "2.5.4.6": "countryName",
    "2.5.4.7": "localityName",
    "2.5.4.8": "stateOrProvinceName",
    "2.5.4.9": "streetAddress",
    "2.5.4.10": "organizationName",
    "2.5.4.11": "organizationalUnitName",
    "2.5.4.12": "title",
    "2.5.4.13": "description",
    "2.5.4.15": "businessCategory",
    "2.5.4.17": "postalCode",
    "2.5.4.42": "givenName",
    "2.5.4.97": "organizationIdentifier",
    "0.9.2342.19200300.100.1.1": "userId",
    "0.9.2342.19200300.100.1.25": "domainComponent",
    "1.2.840.113549.1.9.1": "emailAddress",
    "1.3.6.1.4.1.311.60.2.1.1": "jurisdictionLocalityName",
    "1.3.6.1.4.1.311.60.2.1.2": "jurisdictionStateOrProvinceName",
    "1.3.6.1.4.1.311.60.2.1.3": "jurisdictionCountryName",
}
"""The names that OpenSSL gives to attributes. Others are written as numbers."""

_TIME = re.compile(rb"(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)Z")


T = TypeVar("T")


class Malformed(Exception):
    """The bytes are not DER, or not what a certificate has at this place."""


class CertificateReader:
    """The details of a certificate. No bytes raise an error: what cannot be read is empty or None, and `defects` says so."""

    def __init__(self, der: bytes) -> None:
        self.defects: list[str] = []
        issuer, validity, subject, extensions = self._parts(der)
        self.subject = ", ".join(self._readable(self._attributes(subject, "subject"), "subject"))
        self.issuer = ", ".join(self._readable(self._attributes(issuer, "issuer"), "issuer"))
        self.names = tuple(self._readable(self._alternative_names(extensions), "names"))
        dates = self._readable(self._dates(validity), "dates")
        self.not_before, self.not_after = (*dates, None, None)[:2]

    def _parts(self, der: bytes) -> tuple[bytes, bytes, bytes, bytes]:
        """Issuer, validity, subject and extensions."""
        signed: list[Element] = []
        with contextlib.suppress(Malformed):
            signed = list(elements(first(first(der))))
        contents = [content for tag, content in signed if tag != VERSION]
        if len(contents) < 5:
            self.defects.append("the certificate cannot be read")
            return b"", b"", b"", b""
        _serial, _algorithm, issuer, validity, subject = contents[:5]
        return issuer, validity, subject, b"".join(content for tag, content in signed if tag == EXTENSIONS)

    def _readable(self, items: Iterator[T], what: str) -> list[T]:
        """The items before the first that is malformed."""
        read: list[T] = []
        try:
            read.extend(items)
        except Malformed:
            self.defects.append(f"the {what} of the certificate can be read only in part")
        return read

    def _attributes(self, name: bytes, what: str) -> Iterator[str]:
        """A distinguished name as `key=value`, in the order of the certificate."""
        for _, together in elements(name):
            for _, attribute in elements(together):
                (_, key), (tag, value) = pair(attribute)
                yield f"{attribute_name(key)}={self._text(value, what, ENCODINGS.get(tag, 'utf-8'))}"

    def _alternative_names(self, extensions: bytes) -> Iterator[str]:
        for _, extension in elements(first(extensions) if extensions else b""):
            parts = list(elements(extension))
            if len(parts) > 1 and parts[0][1] == SUBJECT_ALTERNATIVE_NAME:
                for tag, content in elements(first(parts[-1][1])):
                    yield self._alternative_name(tag, content)

    def _alternative_name(self, tag: int, content: bytes) -> str:
        """As `getpeercert` writes it."""
        if tag in TEXT_NAMES:
            return self._text(content, "names", "utf-8")
        if tag == DIRECTORY_NAME:
            return ", ".join(self._attributes(first(content), "names"))
        if tag == ADDRESS:
            return address(content)
        return object_id(content) if tag == REGISTERED_ID else "<unsupported>"

    def _dates(self, validity: bytes) -> Iterator[datetime | None]:
        for what, (tag, content) in zip(("notBefore", "notAfter"), pair(validity), strict=True):
            date = instant(tag, content)
            if date is None:
                self.defects.append(f"{what} of the certificate is not a date: {content[:100].decode('latin-1')!r}")
            yield date

    def _text(self, content: bytes, what: str, encoding: str) -> str:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            defect = f"the {what} of the certificate are not all text; bytes are read as latin-1"
            if defect not in self.defects:
                self.defects.append(defect)
            return content.decode("latin-1")


def is_certificate(der: bytes) -> bool:
    """Whether these bytes have the form of a certificate."""
    try:
        return len(list(elements(first(first(der))))) >= 6  # serial number, algorithm, issuer, validity, subject and key
    except Malformed:
        return False


def elements(data: bytes) -> Iterator[Element]:
    """The elements that follow each other; raises `Malformed`."""
    at = 0
    while at < len(data):
        header = data[at : at + 2]
        if len(header) < 2 or header[0] & 0x1F == 0x1F or header[1] == 0x80:
            raise Malformed
        at += 2
        length = header[1]
        if length > 0x80:
            start, at = at, at + length - 0x80
            length = int.from_bytes(data[start:at])
        if at + length > len(data):
            raise Malformed
        yield header[0], data[at : at + length]
        at += length


def first(data: bytes) -> bytes:
    """What the first element holds."""
    for _, content in elements(data):
        return content
    raise Malformed


def pair(data: bytes) -> tuple[Element, Element]:
    """Two elements that are all there is."""
    found = list(elements(data))
    if len(found) != 2:
        raise Malformed
    return found[0], found[1]


def object_id(content: bytes) -> str:
    """An object identifier in dotted form; in hexadecimal if it is none."""
    if not content or content[-1] & 0x80 or len(content) > MAX_OBJECT_ID_BYTES:
        return content.hex()
    numbers, number = [], 0
    for byte in content:
        number = number << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(number)
            number = 0
    top = min(numbers[0] // 40, 2)
    return ".".join(str(each) for each in (top, numbers[0] - 40 * top, *numbers[1:]))


def attribute_name(content: bytes) -> str:
    """The name of an attribute by its object identifier in DER; the identifier itself if it has none here."""
    dotted = object_id(content)
    return ATTRIBUTES.get(dotted, dotted)


def address(content: bytes) -> str:
    """An IP address in OpenSSL's form."""
    if len(content) == 4:
        return ".".join(str(byte) for byte in content)
    if len(content) == 16:
        return ":".join(f"{high << 8 | low:X}" for high, low in zip(content[::2], content[1::2], strict=True))
    return "<invalid>"


def instant(tag: int, content: bytes) -> datetime | None:
    """A UTCTime, of the years from 1950 to 2049, or a GeneralizedTime; None if it is not a date of Python's."""
    if tag == UTC_TIME:
        content = (b"19" if content[:2] >= b"50" else b"20") + content
    match = _TIME.fullmatch(content)
    try:
        return None if match is None else datetime(*(int(part) for part in match.groups()), tzinfo=UTC)  # type: ignore[misc, arg-type]
    except ValueError:
        return None

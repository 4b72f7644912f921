"""The media type of a response: by its Content-Type lines as Fetch extracts it, or by the first bytes of its body."""

from __future__ import annotations

import re
from dataclasses import dataclass

SNIFFED_BYTES = 1_445
"""Bytes at the start of a body that say what it is (WHATWG MIME Sniffing, section 5)."""

BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has (section 3)."""

UNKNOWN = frozenset({"unknown/unknown", "application/unknown", "*/*"})
"""Types that say that their sender does not know (section 7)."""

_VALUE = re.compile(r'(?:[^",]|"(?:[^"\\]|\\.)*+"?)*+', re.DOTALL)
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_PARAMETER = re.compile(r';[\t\n\r ]*+([^;=]*+)(?:=(?:"((?:[^"\\]|\\.)*+\\?)"?[^;]*+|([^;]*+)))?+', re.DOTALL)
_PARAMETER_VALUE = re.compile(r"[\t -~\x80-\xff]*")
_WHITE_SPACE = "\t\n\r "

_SCRIPTABLE = re.compile(
    rb"[\t\n\f\r ]*+(?:<(?:!doctype html|html|head|script|iframe|h1|div|font|table|a|style|title|b|body|br|p|!--)[ >])",
    re.IGNORECASE,
)
_SIGNATURES = tuple(
    (re.compile(pattern, re.DOTALL), essence)
    for pattern, essence in (
        (rb"[\t\n\f\r ]*+<\?xml", "text/xml"),
        (rb"%PDF-", "application/pdf"),
        (rb"%!PS-Adobe-", "application/postscript"),
        (rb"\xfe\xff|\xff\xfe|\xef\xbb\xbf", "text/plain"),
        (rb"\x00\x00[\x01\x02]\x00", "image/x-icon"),
        (rb"BM", "image/bmp"),
        (rb"GIF8[79]a", "image/gif"),
        (rb"RIFF....WEBPVP", "image/webp"),
        (rb"\x89PNG\r\n\x1a\n", "image/png"),
        (rb"\xff\xd8\xff", "image/jpeg"),
        (rb"FORM....AIFF", "audio/aiff"),
        (rb"ID3", "audio/mpeg"),
        (rb"OggS\x00", "application/ogg"),
        (rb"MThd\x00\x00\x00\x06", "audio/midi"),
        (rb"RIFF....AVI ", "video/avi"),
        (rb"RIFF....WAVE", "audio/wave"),
        (rb".{4}ftyp(?:mp4|.{8}(?:.{4}){0,32}?mp4)", "video/mp4"),
        (rb"\x1a\x45\xdf\xa3.{0,34}?\x42\x82.?webm", "video/webm"),
        (rb"\x1f\x8b\x08", "application/x-gzip"),
        (rb"PK\x03\x04", "application/zip"),
        (rb"Rar! \x1a\x07\x00", "application/x-rar-compressed"),
    )
)
"""Section 7.1, in its order, after what a page begins with."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """`type/subtype` in lower case, and the value of its first parameter `charset`."""

    essence: str
    charset: str | None = None


def extracted(content_type: str) -> MediaType | None:
    """The media type of all Content-Type lines, joined by commas; None if there is none (Fetch, "extract a MIME type")."""
    found = essence = charset = None
    for value in _values(content_type):
        parsed = parse(value)
        if parsed is None or parsed.essence == "*/*":
            continue
        if parsed.essence != essence:
            essence, charset = parsed.essence, parsed.charset
        found = MediaType(parsed.essence, charset if parsed.charset is None else parsed.charset)
    return found


def parse(text: str) -> MediaType | None:
    """One media type; None if it is malformed (WHATWG MIME Sniffing, section 4.4)."""
    essence, _, _ = text.partition(";")
    main, slash, sub = essence.strip(_WHITE_SPACE).partition("/")
    if not slash or not _TOKEN.fullmatch(main) or not _TOKEN.fullmatch(sub):
        return None
    return MediaType(f"{main}/{sub}".lower(), _charset(text[len(essence) :].rstrip(_WHITE_SPACE)))


def _charset(parameters: str) -> str | None:
    """The first parameter of that name which is well-formed."""
    for name, quoted, plain in (match.groups() for match in _PARAMETER.finditer(parameters)):
        if name.lower() != "charset":
            continue
        if quoted is not None:
            value = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL)
        elif not (value := (plain or "").rstrip(_WHITE_SPACE)):
            continue
        if _PARAMETER_VALUE.fullmatch(value):
            return value
    return None


def sniffed(body: bytes, *, scriptable: bool = True) -> str:
    """What a body of unknown type is, by its first bytes (section 7.1). Without `scriptable` it is not a page."""
    start = body[:SNIFFED_BYTES]
    if scriptable and _SCRIPTABLE.match(start):
        return "text/html"
    for pattern, essence in _SIGNATURES:
        if pattern.match(start) and (scriptable or essence not in ("text/xml", "application/pdf")):
            return essence
    return "application/octet-stream" if BINARY.search(start) else "text/plain"


def _values(field: str) -> list[str]:
    """The values of a field, split at commas outside of quotes."""
    values, position = [], 0
    while position <= len(field):
        match = _VALUE.match(field, position)
        end = position if match is None else match.end()
        values.append(field[position:end])
        position = end + 1
    return values

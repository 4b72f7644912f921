"""Decides which bodies are text, and in which encoding: by BOM, header, `<meta>`, or the bytes themselves.

Encodings and their labels are those of the WHATWG: `latin1` is windows-1252.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import webencodings  # type: ignore[import-untyped]

SNIFFED_BYTES = 1_024
"""Bytes at the start of a document in which it may declare its encoding."""

_BOMS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le"))
_TEXT = re.compile(
    r"text/.*|.*\+(json|xml)|application/(json|xml|xhtml\+xml|(x-)?javascript|ecmascript|x-www-form-urlencoded|ld\+json"
    r"|yaml|x-yaml|toml|sql|graphql|x-ndjson|jsonl|json-seq|xml-dtd|rtf|x-sh|problem\+json)"
)
_UNSPECIFIC = re.compile(r"|application/octet-stream|text/plain|unknown/unknown|application/unknown|\*/\*")
_BINARY = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f]")
"""Bytes that no text has (WHATWG MIME Sniffing, section 3)."""

_MARKUP = re.compile(r"text/html|application/xhtml\+xml|.*[/+]xml|")
_PARAMETER = re.compile(r';[ \t]*charset[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))', re.IGNORECASE)
_COMMENT = re.compile(rb"<!--.*?(?:-->|\Z)", re.DOTALL)
_XML = re.compile(rb"<\?xml[^>]*?\sencoding\s*=\s*[\"']([^\"'>]+)[\"']")
_META = re.compile(rb"<meta[\s/]((?:[^>\"']|\"[^\"]*\"|'[^']*')*)>", re.IGNORECASE)
_ATTRIBUTE = re.compile(rb"([^\s/=>\"']+)(?:\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+)))?")
_IN_CONTENT = re.compile(rb"charset\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s;\"']+))", re.IGNORECASE)

_WINDOWS_1252 = "".join(bytes([byte]).decode("cp1252", "ignore") or chr(byte) for byte in range(256))
"""Python leaves five bytes of it undefined; the WHATWG reads them as control characters, so that every byte is text."""


@dataclass(frozen=True, slots=True)
class Text:
    """How a body reads: `charset` is None when it is not text. `defects` says what did not fit."""

    media_type: str | None
    charset: str | None
    defects: tuple[str, ...] = ()


def examine(body: bytes, content_type: str | None, *, truncated: bool = False) -> Text:
    """Decide how a body is to be read; `truncated` says that its end may lie within a character."""
    essence = media_type(content_type)
    if not _is_text(body, essence or "", content_type or ""):
        return Text(essence, None)
    charset, defects = _charset(body, essence or "", content_type or "", truncated=truncated)
    if not _reads(body, charset, truncated=truncated):
        defects.append(f"the body has bytes that are not {charset}; they read as U+FFFD")
    return Text(essence, charset, tuple(defects))


def media_type(content_type: str | None) -> str | None:
    """`type/subtype` in lower case; None when there is none."""
    essence = (content_type or "").partition(";")[0].strip().lower()
    return essence or None


def decode(body: bytes, charset: str) -> str:
    """The text of a body, without its BOM; bytes that are not of the encoding become U+FFFD."""
    if charset == "utf-8":
        return body.decode("utf-8-sig", "replace")
    if charset == "windows-1252":
        return codecs.charmap_decode(body, "strict", _WINDOWS_1252)[0]
    for bom, name in _BOMS:
        if name == charset:
            body = body.removeprefix(bom)
    return _codec(charset).decode(body, "replace")[0]


def whole_characters(body: bytes, charset: str) -> bytes:
    """A truncated body, without an incomplete character at its end."""
    decoder = _codec(charset).incrementaldecoder("replace")
    if type(decoder).getstate is codecs.IncrementalDecoder.getstate:  # it holds nothing back: each byte is a character
        return body
    try:
        decoder.decode(body)
    except UnicodeError:  # escape sequences that never end overflow what Python's decoders of Japanese and Korean hold back
        return body
    pending = decoder.getstate()[0]
    return body[: len(body) - len(pending)] if pending else body


def _charset(body: bytes, essence: str, content_type: str, *, truncated: bool) -> tuple[str, list[str]]:
    defects: list[str] = []
    for bom, name in _BOMS:
        if body.startswith(bom):
            return name, defects
    match = _PARAMETER.search(content_type)
    if match and (label := (match[1] or match[2] or "").strip()):
        if found := _lookup(label):
            return found, defects
        defects.append(f"the charset {label[:40]!r} of the Content-Type is unknown")
    if _MARKUP.fullmatch(essence):
        label = _declared(body[:SNIFFED_BYTES])
        if label and (found := _lookup(label)):
            # A declaration that could be read as ASCII is not in UTF-16 (WHATWG HTML, "change the encoding").
            return ("utf-8" if found.startswith("utf-16") else found), defects
        if label:
            defects.append(f"the charset {label[:40]!r} of the document is unknown")
    return ("utf-8" if _reads(body, "utf-8", truncated=truncated) else "windows-1252"), defects


def _declared(start: bytes) -> str | None:
    """The first label that the document declares, by `<?xml encoding>`, `<meta charset>` or `<meta http-equiv>`."""
    if match := _XML.match(start.lstrip()):
        return match[1].decode("latin-1").strip()
    for tag in _META.finditer(_COMMENT.sub(b"", start)):
        attributes: dict[bytes, bytes] = {}
        for name, *values in _ATTRIBUTE.findall(tag[1]):
            attributes.setdefault(name.lower(), next(filter(None, values), b""))
        label = attributes.get(b"charset", b"")
        if not label and attributes.get(b"http-equiv", b"").lower() == b"content-type":
            content = _IN_CONTENT.search(attributes.get(b"content", b""))
            label = next(filter(None, content.groups()), b"") if content else b""
        if label:
            return label.decode("latin-1").strip()
    return None


def _is_text(body: bytes, essence: str, content_type: str) -> bool:
    """By its type; where the type says nothing, by a BOM, a charset, or the absence of bytes that no text has."""
    if not _UNSPECIFIC.fullmatch(essence):
        return bool(_TEXT.fullmatch(essence))
    if body.startswith(tuple(bom for bom, _ in _BOMS)) or _PARAMETER.search(content_type):
        return True
    return not _BINARY.search(body)


def _lookup(label: str) -> str | None:
    encoding = webencodings.lookup(label)
    return None if encoding is None else str(encoding.name)


def _reads(body: bytes, charset: str, *, truncated: bool) -> bool:
    """Whether all bytes are of the encoding, but for a character that was cut at the end."""
    if charset == "windows-1252":
        return True
    try:
        _codec(charset).incrementaldecoder("strict").decode(body, not truncated)
    except UnicodeError:
        return False
    return True


def _codec(charset: str) -> codecs.CodecInfo:
    encoding = webencodings.lookup(charset)
    if encoding is None:
        raise LookupError(f"{charset!r} is not an encoding of the WHATWG")
    codec: codecs.CodecInfo = encoding.codec_info
    return codec

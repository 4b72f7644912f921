"""Decides what a body is, whether it is text, and in which encoding: by its BOM, its header, its start, or all its bytes.

Encodings and their labels are those of the WHATWG: `latin1` is windows-1252.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from inventory import web_encodings
from inventory.http_client import declarations, media_types
from inventory.http_client.media_types import MediaType

_JSON = re.compile(r".*[/+]json|application/(x-)?(nd)?json(l|lines|5|-seq)?|.*\+json-seq")
_XML = re.compile(r".*[/+]xml")
_TEXT = re.compile(
    rf"text/.*|{_JSON.pattern}|{_XML.pattern}|audio/(x-)?mpegurl"
    r"|application/((x-)?(javascript|yaml)|ecmascript|x-www-form-urlencoded|toml|sql|graphql|xml-dtd|rtf|x-sh)"
)
_MEDIA = ("image/", "audio/", "video/", "font/", "model/")
_UNSPECIFIC = ("application/octet-stream", "text/plain")
_APACHE_DEFAULTS = frozenset(f"text/plain; charset={charset}" for charset in ("ISO-8859-1", "iso-8859-1", "UTF-8"))
"""What old versions of Apache send with every file of a type that they do not know (WHATWG MIME Sniffing, section 5.1)."""
_WIDE = ((b"<\x00", "utf-16le"), (b"\x00<", "utf-16be"))
_WIDE_DECLARATIONS = (("<?x".encode("utf-16-le"), "utf-16le"), ("<?x".encode("utf-16-be"), "utf-16be"))
_QUOTED = 40
"""Characters of what an upstream sent that a defect quotes."""


@dataclass(frozen=True, slots=True)
class Text:
    """How a body reads: `charset` is None when it is not text. `defects` says what did not fit."""

    media_type: str | None
    charset: str | None
    defects: tuple[str, ...] = ()


def examine(body: bytes, content_type: str | None, *, nosniff: bool = False, truncated: bool = False) -> Text:
    """Decide how a body is to be read. `content_type` joins its header lines by commas.

    `nosniff` says that a body of unknown type is not a page; `truncated`, that its end may lie within a character.
    """
    defects: list[str] = []
    found = _media_type(body, content_type or "", nosniff, defects)
    if not _is_text(body, found, believed=content_type not in _APACHE_DEFAULTS, truncated=truncated):
        return Text(found.essence if found else None, None, tuple(defects))
    charset = _charset(body, found or MediaType(""), truncated, defects)
    if charset == "replacement":
        defects.append("browsers read no text in the charset of this body; it reads as U+FFFD")
    elif not _is_valid(body, charset, truncated):
        defects.append(f"the body has bytes that are not {charset}; they read as U+FFFD")
    return Text(found.essence if found else None, charset, tuple(defects))


def declared_media_type(content_type: str | None) -> str | None:
    """`type/subtype` in lower case, as all its header lines say, joined by commas; None when they say none."""
    found = media_types.extracted(content_type or "")
    return found.essence if found else None


def _media_type(body: bytes, content_type: str, nosniff: bool, defects: list[str]) -> MediaType | None:
    """As declared; if that says nothing, as the body looks. None for an empty body without a type."""
    found = media_types.extracted(content_type)
    if found is not None and found.essence not in media_types.UNKNOWN:
        return found
    if not body:
        return found
    sniffed = MediaType(media_types.sniffed(body, scriptable=not nosniff), found.charset if found else None)
    if found is None and content_type.strip():
        defects.append(
            f"the Content-Type {content_type[:_QUOTED]!r} is not a media type; the body looks like {sniffed.essence}"
        )
    return sniffed


def _is_text(body: bytes, found: MediaType | None, *, believed: bool, truncated: bool) -> bool:
    """By its type; where that says nothing, by a BOM, a charset if `believed`, or the absence of bytes that no text has."""
    if found is not None and found.essence not in _UNSPECIFIC:
        return bool(_TEXT.fullmatch(found.essence)) or _looks_like_text(body, found, truncated)
    if body.startswith(tuple(mark for mark, _ in web_encodings.BYTE_ORDER_MARKS)):
        return True
    if believed and found and found.charset:
        return True
    return not media_types.BINARY.search(body)


def _looks_like_text(body: bytes, found: MediaType, truncated: bool) -> bool:
    """Whether a body of a type that may be anything is text beyond doubt, such as a playlist or a key."""
    if not body or found.essence.startswith(_MEDIA) or media_types.BINARY.search(body) or body.startswith(b"%PDF-"):
        return False
    return _is_valid(body, web_encodings.lookup(found.charset or "") or "utf-8", truncated)


def _charset(body: bytes, found: MediaType, truncated: bool, defects: list[str]) -> str:
    marked = next((name for mark, name in web_encodings.BYTE_ORDER_MARKS if body.startswith(mark)), None)
    if marked:
        return marked
    is_json = bool(_JSON.fullmatch(found.essence))
    sent = _sent(found, is_json, defects)
    if sent or is_json:
        return sent or "utf-8"
    if declared := _of_document(body, found.essence, defects):
        return declared
    return "utf-8" if _XML.fullmatch(found.essence) or _is_valid(body, "utf-8", truncated) else "windows-1252"


def _sent(found: MediaType, is_json: bool, defects: list[str]) -> str | None:
    """The encoding that the header names, if it counts."""
    name = web_encodings.lookup(found.charset) if found.charset else None
    if is_json and name not in (None, "utf-8"):
        defects.append(f"the charset {_quoted(found.charset)} of the Content-Type does not count; JSON is UTF-8")
        return None
    if name is None and found.charset:
        defects.append(f"the charset {_quoted(found.charset)} of the Content-Type is unknown")
    return name


def _of_document(body: bytes, essence: str, defects: list[str]) -> str | None:
    """The first known encoding that the document declares."""
    unknown = None
    for label, name in _declared(body, essence):
        if name:
            return name
        unknown = unknown or label
    if unknown:
        defects.append(f"the charset {_quoted(unknown)} of the document is unknown")
    return None


def _declared(body: bytes, essence: str) -> Iterator[tuple[str, str | None]]:
    """The labels that a document declares, the strongest first, each with the encoding that browsers then use."""
    label: str | None = None
    if essence == "text/html":
        yield from ((name, name) for start, name in _WIDE_DECLARATIONS if body.startswith(start))
        for meta in declarations.meta_labels(body):
            name = _readable_as_ascii(meta)
            yield meta, "windows-1252" if name == "x-user-defined" else name
        label = declarations.xml_label(body)
    elif _XML.fullmatch(essence):
        yield from ((name, name) for start, name in _WIDE if body.startswith(start))
        label = declarations.xml_label(body[: declarations.DECLARED_BYTES].lstrip())  # feeds often begin with an empty line
    elif essence == "text/css":
        label = declarations.css_label(body)
    if label:
        yield label, _readable_as_ascii(label)


def _readable_as_ascii(label: str) -> str | None:
    """The encoding of a label: one that was read as ASCII is not in UTF-16 (WHATWG HTML, "change the encoding")."""
    name = web_encodings.lookup(label)
    return "utf-8" if name in ("utf-16le", "utf-16be") else name


def _is_valid(body: bytes, charset: str, truncated: bool) -> bool:
    return web_encodings.is_valid(web_encodings.whole_characters(body, charset) if truncated else body, charset)


def _quoted(label: str | None) -> str:
    return repr((label or "")[:_QUOTED])

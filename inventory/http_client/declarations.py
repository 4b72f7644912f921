"""The encodings that documents declare at their start: pages as browsers find them, XML and style sheets."""

from __future__ import annotations

import re
from collections.abc import Iterator

DECLARED_BYTES = 1_024
"""Bytes at the start of a document in which it should declare its encoding. A page may do it later, while in its head."""

_SPACE = rb"[\t\n\f\r ]"
_TOKEN = re.compile(rb"<(?:(!--)|(/?)([a-zA-Z][^\t\n\f\r />]*+)|[!?/])")
_META = re.compile(rb"<meta", re.IGNORECASE)
_COMMENT_END = re.compile(rb"-->|(?<!<!)--!>")
_VALUE = rb"(?:\"([^\"]*+)\"|'([^']*+)'|(?![\"'])([^\t\n\f\r >]*+))"
_ATTRIBUTE = rb"(?:[\t\n\f\r /]*+([^\t\n\f\r />][^\t\n\f\r />=]*+)(?:S*+=S*+V|(?!S*+=)))".replace(b"S", _SPACE).replace(
    b"V", _VALUE
)
_ATTRIBUTES = re.compile(_ATTRIBUTE)
_REST_OF_TAG = re.compile(_ATTRIBUTE + rb"*+[\t\n\f\r /]*+>")
_IN_CONTENT = re.compile(
    rb"charsetS*+=S*+(?:\"([^\"]*+)\"|'([^']*+)'|(?![\"'])([^\t\n\f\r ;]++))".replace(b"S", _SPACE), re.IGNORECASE
)
_RAW_TEXT = {
    name: re.compile(rb"</" + name + rb"(?=[\t\n\f\r />])", re.IGNORECASE)
    for name in (b"title", b"textarea", b"style", b"script", b"xmp", b"iframe", b"noembed", b"noframes")
}
"""Elements in which tags are text, and where each ends."""

_OF_A_HEAD = frozenset(
    b"html head meta title link base script style noscript object template basefont bgsound noframes".split()
)
_XML = re.compile(rb"<\?xml[^>]*?encoding[\x00-\x20]*+=[\x00-\x20]*+(?:\"([^\x00-\x20\">]++)\"|'([^\x00-\x20'>]++)')")
_CSS = re.compile(rb'@charset "([^"]*+)";')


def meta_labels(body: bytes) -> Iterator[str]:
    """The labels of `<meta charset>` and `<meta http-equiv>`, in order, as far as browsers look for them.

    They look in the first 1,024 bytes, and further while the page is in its head. Comments and raw text have no tags.
    """
    in_head = True
    token = _TOKEN.search(body)
    while token and (in_head or token.start() < DECLARED_BYTES):
        closing, name = token[2], (token[3] or b"").lower()
        tag = _REST_OF_TAG.match(body, token.end()) if name else None
        end = tag.end() if tag else -1 if name else _end_of_comment(body, token)
        if name == b"meta" and not closing and tag and (label := _label(tag[0])):
            yield label
        if name in _RAW_TEXT and not closing and tag:
            raw_end = _RAW_TEXT[name].search(body, end)
            end = raw_end.start() if raw_end else -1
        if end < 0 or name == b"plaintext":
            return
        if in_head and ((name and name not in _OF_A_HEAD) or (closing and name in (b"html", b"head"))):
            in_head = False
            if end < DECLARED_BYTES and not _META.search(body, end, DECLARED_BYTES + len(b"<meta")):
                return  # most pages say no more in the bytes that are left, and half of this is spared
        token = _TOKEN.search(body, end) if in_head or end < DECLARED_BYTES else None


def xml_label(body: bytes) -> str | None:
    """The label of an XML declaration with which a document begins."""
    match = _XML.match(body[:DECLARED_BYTES])
    return _text(match[1] or match[2]) if match else None


def css_label(body: bytes) -> str | None:
    """The label of an `@charset` with which a style sheet begins."""
    match = _CSS.match(body[:DECLARED_BYTES])
    return _text(match[1]) if match else None


def _end_of_comment(body: bytes, token: re.Match[bytes]) -> int:
    """Where a comment ends, and everything that the standard reads like one; -1 if it does not end."""
    if not token[1]:
        return body.find(b">", token.end()) + 1 or -1
    match = _COMMENT_END.search(body, token.start() + 2)
    return match.end() if match else -1


def _label(attributes: bytes) -> str | None:
    """What a `meta` element declares; its `charset` goes first."""
    named: dict[bytes, bytes] = {}
    for name, *values in _ATTRIBUTES.findall(attributes):
        named.setdefault(name.lower(), next(filter(None, values), b""))
    if b"charset" in named:
        return _text(named[b"charset"])
    if named.get(b"http-equiv", b"").lower() != b"content-type":
        return None
    content = _IN_CONTENT.search(named.get(b"content", b""))
    return _text(next(filter(None, content.groups()), b"")) if content else None


def _text(label: bytes) -> str:
    return label.decode("latin-1").strip()

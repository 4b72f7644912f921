"""The encodings of the web: their labels, and text as the WHATWG Encoding Standard decodes it.

Python's codecs of these names differ from it for hundreds of byte sequences. endec has the decoders of Firefox.
"""

from __future__ import annotations

import codecs
import re
from functools import cache

import endec
import webencodings  # type: ignore[import-untyped]

BYTE_ORDER_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xfe\xff", "utf-16be"), (b"\xff\xfe", "utf-16le"))

_REPLACED = "\ufffd"
_CODECS = {"utf-8": "utf-8", "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}
_LONGEST = 4
"""Bytes of a character in one of these, at most."""

_PAIRS = rb"(?:[^\x81-\xfe]|[\x81-\xfe].)*+"
_GB18030 = rb"(?:[^\x81-\xfe]|[\x81-\xfe](?:[^0-9]|[0-9](?:[^\x81-\xfe]|[\x81-\xfe].)))*+"
_CHARACTERS = {
    name: re.compile(pattern, re.DOTALL)
    for name, pattern in {
        "gbk": _GB18030,
        "gb18030": _GB18030,
        "big5": _PAIRS,
        "euc-kr": _PAIRS,
        "shift_jis": rb"(?:[^\x81-\x9f\xe0-\xfc]|[\x81-\x9f\xe0-\xfc].)*+",
        "euc-jp": rb"(?:[^\x8e\x8f\xa1-\xfe]|[\x8e\xa1-\xfe].|\x8f(?:[^\xa1-\xfe]|[\xa1-\xfe].))*+",
    }.items()
}
"""Whole characters, and errors, which the standard lets end where a character would."""

_MANY_BYTES = {*_CODECS, *_CHARACTERS, "iso-2022-jp", "replacement"}
"""Encodings in which a character may take several bytes."""

_NEVER_WITHIN = (b"\n", b" ", b"<", b">", b'"')
"""Bytes that end a character in all of these encodings."""

_ESCAPE = re.compile(rb"\x1b(?:\([BIJ]|(\$[@B]))")
_UNFINISHED_ESCAPE = re.compile(rb"\x1b[($]?\Z")
_SEVEN_BIT_PAIRS = re.compile(rb"(?:[^!-~]|[!-~].)*+", re.DOTALL)


def lookup(label: str) -> str | None:
    """The name of an encoding, in lower case, by one of its labels: `latin1` is `windows-1252`. None if it is unknown."""
    encoding = webencodings.lookup(label)
    return None if encoding is None else str(encoding.name)


def decode(body: bytes, encoding: str) -> str:
    """The text of a body without its BOM, in linear time. Bytes that are not of the encoding become U+FFFD."""
    if encoding == "utf-8":  # in which Python's codec equals the standard, and is twice as fast
        return body.decode("utf-8-sig", "replace")
    if encoding in _MANY_BYTES:
        return endec.decode(body, encoding, "replace", bom="strip")
    return codecs.charmap_decode(body, "strict", _characters(encoding))[0]  # eight times as fast


def is_valid(body: bytes, encoding: str) -> bool:
    """Whether all bytes are of the encoding."""
    if encoding not in _MANY_BYTES:
        return _REPLACED not in _characters(encoding) or _REPLACED not in decode(body, encoding)
    try:
        if encoding == "utf-8":
            body.decode()
        else:
            endec.decode(body, encoding, bom="strip")
    except UnicodeError:
        return False
    return True


def whole_characters(body: bytes, encoding: str) -> bytes:
    """A truncated body, without an incomplete character at its end."""
    if codec := _CODECS.get(encoding):
        start = max(0, (len(body) - _LONGEST) // 2 * 2)
        decoder = codecs.getincrementaldecoder(codec)("replace")
        decoder.decode(body[start:])
        pending: bytes = decoder.getstate()[0]
        return body[: len(body) - len(pending)] if pending else body
    if encoding == "iso-2022-jp":
        return _before_an_unfinished_escape(body)
    if characters := _CHARACTERS.get(encoding):
        start = 1 + max(map(body.rfind, _NEVER_WITHIN))
        return body[: _end(characters, body, start)]
    return body


@cache
def _characters(encoding: str) -> str:
    """The characters of all 256 bytes, of an encoding in which each byte is one."""
    return endec.decode(bytes(range(256)), encoding, "replace", bom="strip")


def _before_an_unfinished_escape(body: bytes) -> bytes:
    """Its escape sequences decide whether a byte is a character or half of one."""
    if unfinished := _UNFINISHED_ESCAPE.search(body, max(0, len(body) - 2)):
        body = body[: unfinished.start()]
    start, escape = len(body), None
    while escape is None and start >= 0:
        start = body.rfind(b"\x1b", 0, start)
        escape = _ESCAPE.match(body, start) if start >= 0 else None
    if escape is None or escape[1] is None:
        return body
    return body[: _end(_SEVEN_BIT_PAIRS, body, escape.end())]


def _end(characters: re.Pattern[bytes], body: bytes, start: int) -> int:
    match = characters.match(body, start)
    return start if match is None else match.end()

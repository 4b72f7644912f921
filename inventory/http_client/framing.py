"""Where the body of a response ends, as RFC 9112, sections 6 and 7 say."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inventory.http_client import codings
from inventory.http_client.failures import invalid_response
from inventory.http_client.head import Head, elements

MAX_DIGITS = 18
"""Of a length, without leading zeros. Nobody sends more bytes, and Python refuses to convert thousands of digits."""
MAX_HEX_DIGITS = 15

_NUMBER = re.compile("[0-9]+")
_CHUNK_LINE = re.compile(rb"([ \t]*)([0-9A-Fa-f]+)([ \t]*)(.*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Framing:
    """How a body is delimited: by chunks, else by its length in bytes, else by the end of the connection.

    `transfer_codings` are to be undone besides chunks, last applied last.
    """

    chunked: bool
    length: int | None
    transfer_codings: tuple[str, ...]
    will_close: bool
    defects: tuple[str, ...]


def framing_of(head: Head) -> Framing:
    """How the body of a final response is delimited; `SourceFailure` with code `invalid_response` when nobody can tell."""
    named, lengths = head.values("transfer-encoding"), head.values("content-length")
    applied = codings.names(named) if named else []
    both = bool(named and lengths)
    has_body = head.status >= 200 and head.status not in (204, 304)
    length, defects = _length(lengths, needed=has_body and not applied)
    if named:
        defects += _coding_defects(head, named, both=both)
    # A server that frames a body in two ways, or where there is none, may mean another end than we do.
    unclear = both or head.status < 200 or (not has_body and bool(applied)) or (head.status == 204 and bool(length))
    if not has_body:
        applied, length = [], 0
    elif applied:
        length = None
    chunked = applied[-1:] == ["chunked"]
    close = "close" in {option.lower() for option in head.elements("connection")}
    return Framing(
        chunked=chunked,
        length=length,
        # Chunks are not undone where they are not the last coding: the body is then kept as it came.
        transfer_codings=tuple(name for name in applied if name != "chunked" or not chunked),
        will_close=unclear or (not chunked and length is None) or close or head.http_version == "1.0",
        defects=tuple(defects),
    )


def _coding_defects(head: Head, named: list[str], *, both: bool) -> list[str]:
    """What is wrong with `Transfer-Encoding`; `both`: there is a length, too."""
    applied = codings.names(named)
    defects = [f"Transfer-Encoding names {name!r:.50}, which is not a coding" for name in codings.misnamed(named)[:1]]
    if applied and both:
        defects.append("Transfer-Encoding and Content-Length together; Content-Length was ignored")
    if applied and head.http_version == "1.0":
        defects.append("Transfer-Encoding in a response of HTTP/1.0")
    return defects


def chunk_size(line: bytes) -> tuple[int, bool] | None:
    """The size of the chunk that a line with its line end begins, and whether the line is well-formed; None if it has none.

    White space around the size and words after it are passed over, as curl does.
    """
    match = _CHUNK_LINE.fullmatch(line.rstrip(b"\r\n"))
    if match is None:
        return None
    indent, digits, gap, rest = match.groups()
    significant = digits.lstrip(b"0")
    if len(significant) > MAX_HEX_DIGITS:
        return None
    extended = not rest or rest.startswith(b";")
    if not significant and not extended and not gap:
        return None  # `0x5` is not the end of the body
    return int(significant or b"0", 16), extended and not indent


def _length(values: list[str], *, needed: bool) -> tuple[int | None, list[str]]:
    """The one length that all `Content-Length` lines name. Where it is not needed, a malformed one is only a defect."""
    if not values:
        return None, []
    if len(values) == 1 and len(values[0]) <= MAX_DIGITS and _NUMBER.fullmatch(values[0]):
        return int(values[0]), []
    lengths = elements(values)
    numbers = {length.lstrip("0") or "0" for length in lengths if _NUMBER.fullmatch(length)}
    if len(numbers) == 1 and all(_NUMBER.fullmatch(length) for length in lengths):
        [digits] = numbers
        if len(digits) <= MAX_DIGITS:
            return int(digits), []
    what = "Content-Length is not one number of bytes"
    if needed:
        raise invalid_response(what, ", ".join(values))
    return None, [what]

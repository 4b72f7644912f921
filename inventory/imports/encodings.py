"""The encoding of a text file, found out from its first bytes."""

from __future__ import annotations

import codecs
import re

import chardetng_py  # type: ignore[import-untyped]

from inventory import web_encodings
from inventory.errors import InvalidFile
from inventory.imports.signatures import GZIP, GZIPPED
from inventory.jobs.job_type import LineFormat

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""In this order, because that of UTF-32 begins like that of UTF-16."""
WEB_NAMES = {
    **{f"cp125{number}": f"windows-125{number}" for number in range(9)},
    **{name: name for name in ("gb18030", "big5")},
    "cp874": "windows-874",
    "cp932": "shift_jis",
    "euc_jp": "euc-jp",
    "cp949": "euc-kr",
}
"""How the Encoding Standard calls what is guessed; it decodes some bytes otherwise than Python's codecs of these names. In
all of these a line feed is a line feed, so lines can be split first."""
PYTHON_NAMES = {**{web: name for name, web in WEB_NAMES.items()}, "gbk": "gb18030"}
GUESS_BYTES = 64 * 1024
LITTLE, FEW = 4, 6
"""Bytes beyond ASCII; of fewer no other encoding than cp1252 can be told, and of fewer accents none of Latin letters."""
HIGH = re.compile(rb"[\x80-\xff]+")
LONE_LETTER = re.compile(rb"(?<=[A-Za-z])[\xc0-\xff](?![\x80-\xff])|(?<![\x80-\xff])[\xc0-\xff](?=[A-Za-z])")
"""A letter of cp1252 within a word; in other alphabets hardly one stands beside a letter of ASCII."""
MIN_LONE = 0.7
"""The share of the bytes beyond ASCII that stand alone, from which on a text is of Latin letters with accents."""
MIN_LINES_PER_BROKEN = 20
"""A text with at most one broken line in so many is UTF-8 with broken lines; with more it is in another encoding."""
FREQUENT_ZEROS, RARE_ZEROS = 0.2, 0.02
"""Shares of the bytes at even or odd positions."""
CONTROLS = bytes(byte for byte in range(0x20) if byte not in b"\t\n\v\f\r\x1a\x1b")
BINARY = "This is a binary file, not text. Save it as UTF-8 text with one row a line."
SIGNATURES = (
    (b"PK\x03\x04", "an Excel workbook (name it .xlsx) or another zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (name it .xls)"),
    (b"%PDF", "a PDF"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"SQLite format 3", "a database"),
    (b"\x7fELF", "a program"),
    (b"MZ\x90", "a program"),
)


def encoding_of(head: bytes, line_format: LineFormat) -> str:
    """The encoding of a file's first bytes, `utf-8` unless only another one fits; `InvalidFile` if it is not text."""
    if not head:
        return "utf-8"
    marked = next((encoding for bom, encoding in BYTE_ORDER_MARKS if head.startswith(bom)), None)
    if marked:
        return marked
    _refuse_others(head)
    if wide := _wide(head):
        return wide
    lines = [line for line in head.splitlines() if line.strip()]
    whole = [line for line in lines if _decodes(line)]
    if not lines or len(lines) == len(whole):
        return "utf-8"
    is_utf8 = any(not line.isascii() for line in whole)  # other encodings are hardly ever well-formed UTF-8
    if whole and len(lines) - len(whole) <= max(is_utf8, len(lines) // MIN_LINES_PER_BROKEN):
        return "utf-8" if is_utf8 or not _is_of_words(head) else "cp1252"
    if len(head) - len(head.translate(None, CONTROLS)) > len(head) // MIN_LINES_PER_BROKEN:
        raise InvalidFile(BINARY)
    if line_format is LineFormat.JSON or is_utf8 or head.isascii():
        return "utf-8"  # as JSON is wherever it is exchanged (RFC 8259)
    return _guess(head[:GUESS_BYTES])


def text_of(raw: bytes, encoding: str) -> str:
    """The text of a line; `UnicodeDecodeError` if not all of its bytes are of the encoding."""
    name = WEB_NAMES.get(encoding)
    if name is None:
        return str(raw, encoding)
    if not web_encodings.is_valid(raw, name):
        raise UnicodeDecodeError(name, raw, 0, len(raw), "bytes that are not of the encoding")
    return web_encodings.decode(raw, name)


def _refuse_others(head: bytes) -> None:
    """`InvalidFile` if a file begins as one that is not text does."""
    if head.startswith(GZIP):
        raise InvalidFile(GZIPPED)
    name = next((name for signature, name in SIGNATURES if head.startswith(signature)), None)
    if name is not None:
        raise InvalidFile(f"This is {name}, not text. Save it as UTF-8 text with one row a line.")


def _is_of_words(head: bytes) -> bool:
    """Whether all bytes beyond ASCII are letters of words in cp1252, which a few broken ones in UTF-8 are not."""
    high = HIGH.findall(head)
    return bool(high) and len(LONE_LETTER.findall(head)) == len(high)


def _guess(head: bytes) -> str:
    """The encoding that Firefox would guess; `cp1252` where there is little to tell it by, such as a few accents."""
    high = HIGH.findall(head)
    count, lone = sum(map(len, high)), sum(len(run) == 1 for run in high)
    has_accents = lone >= MIN_LONE * count and 2 * len(LONE_LETTER.findall(head)) >= len(high)
    if count < LITTLE or (has_accents and count < FEW):
        return "cp1252"
    name = str(chardetng_py.detect(head)).lower()
    return PYTHON_NAMES.get(name, name)


def _wide(head: bytes) -> str | None:
    """UTF-16 without a byte order mark, told by the zeros between the letters of Latin text."""
    even, odd = (head[first::2].count(0) / len(head) for first in (0, 1))
    if odd > FREQUENT_ZEROS and even < RARE_ZEROS:
        return "utf-16-le"
    return "utf-16-be" if even > FREQUENT_ZEROS and odd < RARE_ZEROS else None


def _decodes(line: bytes) -> bool:
    """Whether it is text in UTF-8."""
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return len(line.translate(None, CONTROLS)) == len(line)

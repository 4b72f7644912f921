"""The encoding of a text file, found out from its first bytes."""

from __future__ import annotations

import codecs

import charset_normalizer

from inventory.errors import InvalidFile
from inventory.jobs.job_type import LineFormat

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""In this order, because that of UTF-32 begins like that of UTF-16."""
LEGACY = ["cp1252", "cp1251", "cp1253", "cp1255", "cp1256", "gb18030", "big5", "cp932", "euc_jp", "cp949"]
"""Encodings that may be guessed: what spreadsheets write besides UTF-8. More of them would make the guess worse; cp1250 is
left out because it cannot be told from cp1252. In all of these a line feed is a line feed, so lines can be split first."""
GUESS_BYTES = 64 * 1024
MIN_LINES_PER_BROKEN = 20
"""A text with at most one broken line in so many is UTF-8 with broken lines; with more it is in another encoding."""
FREQUENT_ZEROS, RARE_ZEROS = 0.2, 0.02
"""Shares of the bytes at even or odd positions."""
CONTROLS = bytes(byte for byte in range(0x20) if byte not in b"\t\n\v\f\r\x1b")
BINARY = "This is a binary file, not text. Save it as UTF-8 text with one row a line."
SIGNATURES = (
    (b"PK\x03\x04", "an Excel workbook (name it .xlsx) or another zip archive"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (name it .xls)"),
    (b"\x1f\x8b", "gzipped; name it .gz as well"),
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
    for signature, name in SIGNATURES:
        if head.startswith(signature):
            raise InvalidFile(f"This is {name}, not text. Save it as UTF-8 text with one row a line.")
    if wide := _wide(head):
        return wide
    lines = [line for line in head.splitlines() if line.strip()]
    whole = [line for line in lines if _decodes(line)]
    if not lines or (whole and len(lines) - len(whole) <= max(1, len(lines) // MIN_LINES_PER_BROKEN)):
        return "utf-8"
    if len(head) - len(head.translate(None, CONTROLS)) > len(head) // MIN_LINES_PER_BROKEN:
        raise InvalidFile(BINARY)
    if line_format is LineFormat.JSON or any(not line.isascii() for line in whole):
        return "utf-8"  # as JSON is wherever it is exchanged (RFC 8259); other encodings are hardly ever well-formed UTF-8
    return _guess(head)


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


def _guess(head: bytes) -> str:
    match = charset_normalizer.from_bytes(head[:GUESS_BYTES], cp_isolation=LEGACY).best()
    if match is None:
        raise InvalidFile(
            "This is a binary file, or text in an unknown encoding. Save it as UTF-8 text with one row a line."
        )
    return match.encoding

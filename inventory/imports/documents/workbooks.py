"""Workbooks: `.xlsx` and its relatives, by python-calamine, which holds a whole sheet in memory."""

from __future__ import annotations

import re
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from inventory.imports.documents.model import (
    MAX_COLUMNS,
    MAX_SAMPLE_TEXT,
    MAX_TEXT,
    Document,
    DocumentKind,
    Entry,
    Extent,
    Found,
    UnreadableDocument,
)

MAX_SHEETS = 100
PROTECTED = "The workbook is protected by a password. Save it without one."
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
"""What the envelope of an encrypted workbook has, which is a file of its own kind."""
HEAD_BYTES = 4_096
MARKUP = re.compile(rb"<(?:[!?a-z])", re.IGNORECASE)
TEXT = b"\t\n\r\f" + bytes(range(0x20, 0x7F)) + bytes(range(0x80, 0x100))
"""The bytes that text in UTF-8 or an encoding of one byte may have."""


def read(document: Document) -> Found:
    """The rows of the sheets that are shown, in order; the rows of a sheet are numbered as it shows them."""
    content = document.read()
    shape = "ods" if b"opendocument" in content[:128] else "xlsx" if content.startswith(b"PK") else "xls"
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
    except PasswordError:
        raise UnreadableDocument(PROTECTED) from None
    except CalamineError as error:
        raise UnreadableDocument(_why_none(content, error)) from None
    return DocumentKind(shape=shape), _rows(workbook, document.extent)


def _why_none(content: bytes, error: CalamineError) -> str:
    """What is in a file that is not a workbook: programs name HTML and CSV so, because a spreadsheet opens them."""
    if ENCRYPTED in content:
        return PROTECTED
    head = content[:HEAD_BYTES].removeprefix(BOM_UTF8).lstrip()
    if MARKUP.match(head):
        return "This is HTML or XML, not a workbook. Open it and save it as .xlsx, or name it .html to import its links."
    if head and (head.startswith((BOM_UTF16_LE, BOM_UTF16_BE)) or not head.translate(None, TEXT)):
        return "This is text, not a workbook. Name it .csv if it is a table, or .txt."
    return f"This is not a workbook ({error}). Save it as .xlsx or .csv again."


def _rows(workbook: CalamineWorkbook, extent: Extent) -> Iterator[Entry]:
    shown = [
        number
        for number, sheet in enumerate(workbook.sheets_metadata)
        if sheet.typ is SheetTypeEnum.WorkSheet and sheet.visible is SheetVisibleEnum.Visible
    ]
    if len(shown) > MAX_SHEETS:
        raise UnreadableDocument(f"The workbook has more than {MAX_SHEETS} sheets. Save those with values as .csv files.")
    for number in shown:
        if extent.columns is not None and number not in extent.columns:
            continue
        try:
            sheet = workbook.get_sheet_by_index(number)
        except CalamineError as error:
            raise UnreadableDocument(f"Sheet {number + 1} of the workbook cannot be read: {error}.") from None
        for row, cells in enumerate(sheet.iter_rows(), 1):
            if extent.sample is not None and row > extent.sample:
                break
            if any(cell != "" for cell in cells):
                yield Entry(number=row, cells=_wanted(cells, number, extent), sheet=number)


def _wanted(cells: list[Any], sheet: int, extent: Extent) -> list[str]:
    if extent.columns is None:
        return [_text(cell)[:MAX_SAMPLE_TEXT] for cell in cells[:MAX_COLUMNS]]
    return [_text(cells[column])[: MAX_TEXT + 1] if column < len(cells) else "" for column in extent.columns[sheet]]


def _text(cell: Any) -> str:
    """A cell as a spreadsheet would write it to a CSV: a whole number without a point."""
    if isinstance(cell, float) and cell.is_integer():
        return f"{cell:.0f}"
    return str(cell)

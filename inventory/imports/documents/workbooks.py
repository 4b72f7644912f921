"""Workbooks: `.xlsx` and its relatives, by python-calamine, which holds a whole sheet in memory."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from inventory.imports.documents.model import (
    MAX_COLUMNS,
    MAX_SAMPLE_TEXT,
    MAX_TEXT,
    Document,
    Entry,
    Extent,
    Found,
    Kind,
    UnreadableDocument,
)

MAX_SHEETS = 100


def read(document: Document) -> Found:
    """The rows of the sheets that are shown, in order; the rows of a sheet are numbered as it shows them."""
    content = document.read()
    shape = "ods" if b"opendocument" in content[:128] else "xlsx" if content.startswith(b"PK") else "xls"
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
    except PasswordError:
        raise UnreadableDocument("The workbook is protected by a password. Save it without one.") from None
    except CalamineError as error:
        raise UnreadableDocument(f"This is not a workbook ({error}). Save it as .xlsx or .csv again.") from None
    return Kind(shape=shape), _rows(workbook, document.extent)


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

"""Workbooks as tests need them: the few parts of Office Open XML that a table has."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

SCHEMAS = "http://schemas.openxmlformats.org"
Rows = Mapping[int, Sequence[str | float | None]]


def workbook(sheets: Mapping[str, Rows], *, hidden: Sequence[str] = (), more: str = "") -> bytes:
    """A workbook of these sheets, each of which has rows by their numbers; `more` is what follows the rows of each."""
    parts = {
        "[Content_Types].xml": f'<Types xmlns="{SCHEMAS}/package/2006/content-types"><Default Extension="rels"'
        ' ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml"'
        ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>',
        "_rels/.rels": relationships({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'<workbook xmlns="{SCHEMAS}/spreadsheetml/2006/main"'
        f' xmlns:r="{SCHEMAS}/officeDocument/2006/relationships"><sheets>'
        + "".join(
            f'<sheet name="{name}" sheetId="{n}" state="{"hidden" if name in hidden else "visible"}" r:id="rId{n}"/>'
            for n, name in enumerate(sheets, 1)
        )
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": relationships(
            {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)}
        ),
    }
    for n, rows in enumerate(sheets.values(), 1):
        lines = (f'<row r="{row}">{"".join(map(cell, cells))}</row>' for row, cells in rows.items())
        data = f"<sheetData>{''.join(lines)}{more}</sheetData>"
        parts[f"xl/worksheets/sheet{n}.xml"] = f'<worksheet xmlns="{SCHEMAS}/spreadsheetml/2006/main">{data}</worksheet>'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return packed.getvalue()


def relationships(targets: Mapping[str, tuple[str, str]]) -> str:
    related = (
        f'<Relationship Id="{name}" Type="{SCHEMAS}/officeDocument/2006/relationships/{kind}" Target="{target}"/>'
        for name, (kind, target) in targets.items()
    )
    return f'<Relationships xmlns="{SCHEMAS}/package/2006/relationships">{"".join(related)}</Relationships>'


def cell(value: str | float | None) -> str:
    if value is None:
        return "<c/>"
    if isinstance(value, str):
        return f'<c t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    return f"<c><v>{value}</v></c>"

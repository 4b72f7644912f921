"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from inventory.imports.preview import Preview
from inventory.imports.service import ImportRequest
from inventory.imports.upload import Upload
from inventory.jobs.documents import Document, format_document
from inventory.jobs.model import LONGEST_INPUT
from inventory.services import services


def preview(import_request: ImportRequest, upload: Upload) -> Document:
    """What a file would be imported as."""
    return _document(services().imports.preview(import_request, upload))


def _document(preview: Preview) -> Document:
    masking = services().settings.masking
    found, rejected = preview.file_format, {row.row: row for row in preview.rejected}
    rows = [
        {"row": each.row, "input": each.text[:LONGEST_INPUT], "code": None, "detail": None}
        if (row := rejected.get(each.row)) is None
        else {"row": row.row, "input": row.input, "code": row.code, "detail": masking(row.detail or "")}
        for each in preview.rows
    ]
    return {
        "kind": preview.job.kind,
        "file_name": preview.job.file_name,
        "format": None if found is None else format_document(found.as_option()),
        "columns": [] if found is None else list(found.columns),
        "rows": rows,
        "good": preview.good,
        "rejected": len(preview.rejected),
        "is_whole": preview.is_whole,
        "error": preview.error,
    }

"""How views receive the file of a request: within the limits of uploads, in a slot for one, and as it arrives."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

from flask import request

from inventory.access.current import owner
from inventory.errors import InvalidRequest, UploadTooLarge
from inventory.imports.lookups import FRESH_FOR, LABELS
from inventory.imports.multipart import OVERHEAD, FileForm, form_of
from inventory.imports.service import ImportRequest
from inventory.imports.sniffing import HEAD_BYTES
from inventory.labels import read_labels
from inventory.services import services

KEY = re.compile(r"[\x20-\x7e]{1,128}")
UPLOADS, PREVIEWS = ("/api/v1/imports", "/jobs"), ("/api/v1/imports/preview",)
"""The ends of the paths to which files are sent, and beginnings of files."""


def body_limit(method: str, path: str, upload_limit: int) -> int | None:
    """Bytes of a body that is read piece by piece, as that of an upload is; None for all others."""
    if method != "POST":
        return None
    if path.endswith(PREVIEWS):
        return HEAD_BYTES + OVERHEAD
    return upload_limit + OVERHEAD if path.endswith(UPLOADS) else None


@contextmanager
def received_form(fields: Collection[str] = (), *, preview: bool = False) -> Iterator[FileForm]:
    """The form with the file of this request, read within the block as it arrives. Only `fields` may precede the file.

    Raises what `form_of` does, `UploadTooLarge` for a body that is announced to be, and `TooManyUploads` without a slot.
    """
    limit = HEAD_BYTES if preview else services().imports.upload_limit
    request.max_content_length = limit + OVERHEAD  # reading a body fails where it exceeds this
    if (request.content_length or 0) > request.max_content_length:
        way_out = "Send the beginning of the file." if preview else "Send the file in parts, or gzipped."
        raise UploadTooLarge(f"The body is larger than {limit:,} bytes. {way_out}")
    with services().imports.slots.take(getattr(request.environ.get("gunicorn.socket"), "speed", None)):
        yield form_of(request.stream, request.headers.get("Content-Type", ""), fields)


def import_request(query: dict[str, Any]) -> ImportRequest:
    """What an `ImportQuery` and the headers of this request ask for, within the limits of the caller."""
    options = {name: value for name, value in query.items() if name != "kind"}
    if LABELS in options:
        options[LABELS] = list(read_labels(LABELS, options[LABELS]))
    if FRESH_FOR in options:  # JSON-ready, because the job keeps it
        options[FRESH_FOR] = int(options[FRESH_FOR].total_seconds())
    return ImportRequest(query["kind"], options, _key(), services().limits.of("import"))


def _key() -> str | None:
    """The Idempotency-Key, apart from those of other keys: nobody learns which ones they have used."""
    key = request.headers.get("Idempotency-Key")
    if key is not None and not KEY.fullmatch(key):
        raise InvalidRequest(
            "The Idempotency-Key cannot be used.", {"Idempotency-Key": ["Send 1 to 128 printable ASCII characters."]}
        )
    return f"{owner()}\n{key}" if key is not None and owner() else key

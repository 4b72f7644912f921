"""How both stores keep what snapshots say, and bodies: compressed, and most of them in the form that a hit answers."""

from __future__ import annotations

from enum import IntEnum

from inventory.json_bytes import JsonObject, body_of, text_of
from inventory.records.model import Content
from inventory.store.codecs import FALLBACK_PREFIX, content_bytes, read_content
from inventory.store.compression import MAGIC, PAGES, SNAPSHOTS, compressed, decompressed

MAX_TEXT = 256 * 1024
"""Bytes of the largest body that is kept as text. To make a JSON string of it takes several times its size."""


class BodyForm(IntEnum):
    """How a body is kept: in a frame as it is, or in a frame as a JSON string. Without a form it is kept as it is."""

    BYTES = 1
    TEXT = 2


def keep_content(content: Content) -> bytes:
    """The content of a snapshot as it is kept."""
    return compressed(content_bytes(content), SNAPSHOTS)


def kept_content(kept: bytes) -> Content:
    """The content that `keep_content` kept, or an older version, which made no frames."""
    json = decompressed(kept) if kept.startswith(MAGIC) else kept
    return read_content(json) if json.startswith(FALLBACK_PREFIX) else JsonObject(json)


def keep_body(body: bytes) -> tuple[BodyForm | None, bytes]:
    """A body as it is kept, with its form. What a frame would not make smaller is kept as it is."""
    text = text_of(body) if len(body) <= MAX_TEXT else None
    if text is not None:
        return BodyForm.TEXT, compressed(text, PAGES)
    frame = compressed(body, PAGES)
    return (BodyForm.BYTES, frame) if len(frame) < len(body) else (None, body)


def kept_body(form: int | None, kept: bytes) -> bytes:
    """The body that `keep_body` kept."""
    body, text = body_or_text(form, kept)
    return body_of(text) if text is not None else body or b""


def body_or_text(form: int | None, kept: bytes | None) -> tuple[bytes | None, bytes | None]:
    """The body that `keep_body` kept, and None; or None, and the JSON string if it is kept as one."""
    if form is None or kept is None:
        return kept, None
    plain = decompressed(kept)
    return (None, plain) if form == BodyForm.TEXT else (plain, None)

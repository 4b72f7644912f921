"""The responses of an HTTP archive (HAR 1.2), each by itself; streamed through ijson."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import ijson

from inventory.imports.documents import captures
from inventory.imports.documents.har import READ_BYTES, Unmarked, why
from inventory.imports.documents.model import Document, DocumentKind, Entry, Found, UnreadableDocument

PATH = "log.entries.item"
MAX_TEXT = 18 * 1024 * 1024
"""Characters of a body that are passed on: more than the largest body that is kept has, also as base64."""


def read(document: Document) -> Found:
    """A label, and the response as JSON, for each entry."""
    return DocumentKind(shape="har", column="request.url"), _entries(document)


def _entries(document: Document) -> Iterator[Entry]:
    try:
        found = ijson.items(Unmarked(document), PATH, buf_size=READ_BYTES, use_float=True)
        for number, entry in enumerate(found, 1):
            yield Entry(number=number, cells=_cells(entry))
    except (ijson.JSONError, UnicodeDecodeError) as error:
        raise UnreadableDocument(f"It is not JSON as a HAR is: {why(error)}.") from None


def _cells(entry: object) -> Sequence[str]:
    request, response = _object(entry, "request"), _object(entry, "response")
    content = _object(response, "content")
    url, at = _text(request, "url"), _text(entry, "startedDateTime")
    label, method = captures.label(at, url), _text(request, "method")
    if not request or not response:
        return captures.rejected(label, captures.MALFORMED, "The entry has no request or no response.")
    if method.upper() != "GET":
        return captures.rejected(label, captures.NOT_GET, captures.without_get(method))
    body = content.get("text")
    return captures.found(
        label,
        {
            "url": url,
            "at": at,
            "status": response.get("status"),
            "reason": _text(response, "statusText"),
            "version": _text(response, "httpVersion"),
            "headers": _lines(response),
            "request": _lines(request),
            "text": body[:MAX_TEXT] if isinstance(body, str) else None,
            "encoding": _text(content, "encoding"),
            "is_cut": isinstance(body, str) and len(body) > MAX_TEXT,
            "address": _text(entry, "serverIPAddress").strip("[]") or None,
            "time": _number(entry, "time"),
            "timings": {name: _number(_object(entry, "timings"), name) for name in TIMINGS},
        },
    )


TIMINGS = ("blocked", "dns", "connect", "ssl", "send", "wait", "receive")


def _lines(message: Mapping[str, Any]) -> list[list[str]]:
    """Header lines, but for what later versions of HTTP have in place of the first line."""
    found = message.get("headers")
    lines = [(_text(each, "name"), _text(each, "value")) for each in found] if isinstance(found, list) else []
    return [[name, value] for name, value in lines if name and not name.startswith(":")]


def _object(of: object, name: str) -> Mapping[str, Any]:
    member = of.get(name) if isinstance(of, Mapping) else None
    return member if isinstance(member, Mapping) else {}


def _text(of: object, name: str) -> str:
    member = of.get(name) if isinstance(of, Mapping) else None
    return member if isinstance(member, str) else ""


def _number(of: object, name: str) -> float | None:
    """A number of milliseconds; -1 stands for what was not measured."""
    member = of.get(name) if isinstance(of, Mapping) else None
    return float(member) if isinstance(member, int | float) and not isinstance(member, bool) and member >= 0 else None

"""The heads of HTTP messages, byte for byte as a snapshot keeps them, but for lines that are not true of what is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inventory.http_client import codings
from inventory.urls import MAX_CHARACTERS

ORIGINAL = "X-Archive-Orig-"
"""What stands before the name of a line that was sent, and is not true of the body that is kept: web archives have it so."""

HeaderLines = Sequence[Mapping[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptBody:
    """What is known of the body that follows a head: its size, and whether it is as it was coded."""

    size: int
    is_coded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseHead:
    """A head as bytes; `renamed` are the positions of its lines, from 0, that have another name than the one sent."""

    content: bytes
    renamed: Sequence[int]


def request_head(request: Mapping[str, Any], url: str) -> bytes:
    """A request without a body. A target that was kept only in part is that of the URL, of which it is the beginning."""
    target, whole = request["target"], url[url.index("/", url.index("//") + 2) :]
    if len(target) == MAX_CHARACTERS and whole.startswith(target):
        target = whole
    lines = [(line["name"], line["value"]) for line in request["headers"]]
    return _encoded(f"{request['method']} {target} HTTP/1.1", lines)


def response_head(response: Mapping[str, Any], lines: HeaderLines, version: str, body: KeptBody) -> ResponseHead:
    """The head of a response, of which this is `body`.

    The lines about coding, length and framing that are not true of it are renamed.
    """
    renamed = [number for number, line in enumerate(lines) if not _is_true(line, body)]
    names = [line["name"] for line in lines]
    for number in renamed:
        names[number] = ORIGINAL + names[number]
    status_line = f"HTTP/{version} {response['status']} {response.get('reason', '')}"
    values = (line["value"] for line in lines)
    return ResponseHead(content=_encoded(status_line, list(zip(names, values, strict=True))), renamed=renamed)


def _is_true(line: Mapping[str, str], body: KeptBody) -> bool:
    match line["name"].lower():
        case "transfer-encoding":  # the framing is not kept, whatever else it names
            return False
        case "content-encoding":  # one that names no coding, such as `identity`, changes nothing
            return body.is_coded or not codings.names([line["value"]])
        case "content-length":
            return line["value"] == str(body.size)
        case _:
            return True


def _encoded(first: str, lines: Sequence[tuple[str, str]]) -> bytes:
    text = "".join(f"{name}: {value}\r\n" for name, value in lines)
    return f"{first}\r\n{text}\r\n".encode("latin-1")

"""What the members of a snapshot may be, wherever it comes from: what writes them to HTTP or to a file relies on it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from ipaddress import ip_address
from typing import Any

from inventory import web_encodings

NAME = re.compile(r"[^\n:\u0100-\U0010ffff]*")
"""The name of a header line: bytes, read as latin-1, in which no line and no name ends."""
LINE = re.compile(r"[^\n\u0100-\U0010ffff]*")
"""A value of a header line, or a reason."""
TARGET = re.compile(r"[!-~]*")
VERSION = re.compile("[0-9](?:[.][0-9])?")
WORD = re.compile(r"[\w.+-]{0,100}", re.ASCII)
DIGEST = re.compile("[0-9a-f]{64}")
SCOPE = re.compile(r"[\w.-]*", re.ASCII)
FIRST_STATUS, LAST_STATUS = 100, 999


def address(text: str | None) -> str | None:
    """An address of a server as it is written; None of what is none."""
    try:
        found = ip_address(text) if text else None
    except ValueError:
        return None
    is_one = found is not None and SCOPE.fullmatch(getattr(found, "scope_id", None) or "")
    return str(found) if is_one else None


def wrong(content: Mapping[str, Any]) -> Iterator[str]:
    """The members, of a content of the right types, that no collection makes so."""
    response, tls, body = content["response"], content["response"]["tls"], content["body"]
    fits = {
        "http_version": VERSION.fullmatch(response["http_version"]),
        "remote_address": not response["remote_address"] or address(response["remote_address"]),
        "tls.version": tls is None or WORD.fullmatch(tls["version"]),
        "tls.cipher": tls is None or WORD.fullmatch(tls["cipher"]),
        "tls.sha256": tls is None or DIGEST.fullmatch(tls.get("sha256", "0" * 64)),
        "charset": body["charset"] is None or web_encodings.lookup(body["charset"]) == body["charset"],
        "encoding": body["encoding"] == ("base64" if body["charset"] is None else "text"),
    }
    yield from (name for name, fit in fits.items() if not fit)
    yield from _wrong_lines("trailers", response["trailers"])
    yield from _wrong_head("response", {**response, "headers": content["headers"]})
    for each in content["redirects"]:
        yield from _wrong_head("redirects", each)
    if (revalidation := response["revalidation"]) is not None:
        yield from _wrong_head("revalidation", revalidation)


def _wrong_head(path: str, head: Mapping[str, Any]) -> Iterator[str]:
    if not FIRST_STATUS <= head["status"] <= LAST_STATUS:
        yield f"{path}.status"
    if not LINE.fullmatch(head.get("reason", "")):
        yield f"{path}.reason"
    yield from _wrong_lines(f"{path}.headers", head["headers"])
    if (request := head.get("request")) is not None:
        if not TARGET.fullmatch(request["target"]):
            yield f"{path}.request.target"
        yield from _wrong_lines(f"{path}.request.headers", request["headers"])
    for each in head.get("interim", ()):
        yield from _wrong_head(f"{path}.interim", each)


def _wrong_lines(path: str, lines: list[Mapping[str, str]]) -> Iterator[str]:
    for number, line in enumerate(lines):
        if not NAME.fullmatch(line["name"]) or not LINE.fullmatch(line["value"]):
            yield f"{path}.{number}"

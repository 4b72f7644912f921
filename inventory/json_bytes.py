"""JSON as the API answers it, and as stores keep what it answers."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Iterator, Mapping
from typing import Any

import orjson


def dumps(document: Any) -> bytes:
    """A document as JSON in UTF-8.

    orjson takes an eighth of the standard library's time (docs/speed.md). The standard library takes over for what orjson
    rejects and JSON allows: half of a surrogate pair, an integer of more than 64 bits.
    """
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, separators=(",", ":")).encode("ascii")


class JsonObject(Mapping[str, Any]):
    """An object as JSON in UTF-8, parsed when it is first looked into."""

    __slots__ = ("_parsed", "json")

    def __init__(self, json: bytes) -> None:
        self.json = json
        self._parsed: dict[str, Any] | None = None

    def __getitem__(self, name: str) -> Any:
        return self._members()[name]

    def get(self, name: str, default: Any = None) -> Any:
        """A member; the mixin's takes six times as long."""
        return self._members().get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._members())

    def __len__(self) -> int:
        return len(self._members())

    def __repr__(self) -> str:
        return repr(self._members())

    def _members(self) -> dict[str, Any]:
        if self._parsed is None:
            self._parsed = orjson.loads(self.json)
        return self._parsed


def text_of(body: bytes) -> bytes | None:
    """A body of UTF-8 as a JSON string, which is how a hit answers it; None for any other, or with a byte order mark."""
    if body.startswith(BOM_UTF8):
        return None
    try:
        return orjson.dumps(body.decode())
    except UnicodeDecodeError:
        return None


def body_of(text: bytes) -> bytes:
    """The body that `text_of` made a JSON string of."""
    decoded: str = orjson.loads(text)
    return decoded.encode()

"""JSON as it is answered."""

from __future__ import annotations

import json
from typing import Any

import orjson


def dumps(document: Any) -> bytes:
    """A document as JSON in UTF-8.

    By orjson, which takes 9 µs for a page of 20 KB where the standard library takes 75; the latter takes over for what the
    former refuses, which JSON allows: half of a surrogate pair, an integer of more than 64 bits.
    """
    try:
        return orjson.dumps(document)
    except TypeError:
        return json.dumps(document, separators=(",", ":")).encode("ascii")

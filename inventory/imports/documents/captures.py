"""How the readers of archives pass on what they find: the cells of an entry, which the job type `archive` reads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inventory import json_bytes

MALFORMED, INCOMPLETE, NO_ORIGINAL, NOT_GET = "malformed_record", "incomplete", "missing_original", "not_get"
WITHOUT_METADATA = "The file does not have the metadata of this snapshot, which the inventory writes after it."
WITHOUT_ORIGINAL = (
    "It refers to an earlier record that has its body, and which the file does not have, or not in the GiB before it."
)
TOO_DEEP = "What it has is nested deeper than can be written again."
MAX_LABEL = 2_200
"""Characters of a label: an instant, and the longest URL of a target."""


def label(at: str, url: str) -> str:
    """How a row is called: when it was, and of what."""
    return f"{at[:40]} {url}"[:MAX_LABEL].replace("\n", " ")


def found(label: str, document: Mapping[str, Any]) -> Sequence[str]:
    """The cells of a snapshot."""
    try:
        return [label, json_bytes.dumps(document).decode()]
    except RecursionError:
        return rejected(label, MALFORMED, TOO_DEEP)


def rejected(label: str, code: str, detail: str) -> Sequence[str]:
    """The cells of what is none."""
    return [label, "", code, detail]


def without_get(method: str) -> str:
    """Why a response to another method is not imported."""
    return f"It answers {method[:20]!r}, and a snapshot is what a URL answers to GET."

"""Labels that people give targets."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from inventory.errors import InvalidRequest
from inventory.folding import folded
from inventory.instants import invalid

MAX_CHARACTERS, MAX_LABELS = 100, 50
"""Of one label, and labels that are given at once."""


def read_labels(parameter: str, given: Iterable[str]) -> Sequence[str]:
    """Labels as they are kept, those that differ in case alone once, as the first of them is written.

    A label has 1 to 100 printable characters, spaces among them. Spaces at its ends are no part of it, and characters are
    composed (Unicode's NFC), so that what looks the same is the same. `InvalidRequest` names the parameter.
    """
    labels: dict[str, str] = {}
    for text in given:
        label = unicodedata.normalize("NFC", text.strip()) if len(text) <= 4 * MAX_CHARACTERS else text
        if not 1 <= len(label) <= MAX_CHARACTERS:
            raise _refused(parameter, text, f"has {len(label):,} characters. Send 1 to {MAX_CHARACTERS}.")
        if not label.isprintable():
            raise _refused(parameter, text, "has characters that cannot be shown. Send letters, digits, signs and spaces.")
        labels.setdefault(folded(label), label)
    if len(labels) > MAX_LABELS:
        raise invalid(parameter, f"{len(labels):,} labels are given. Send at most {MAX_LABELS}.")
    return list(labels.values())


def _refused(parameter: str, text: str, reason: str) -> InvalidRequest:
    shown = repr(text if len(text) <= 60 else text[:59] + "…")
    return invalid(parameter, f"The label {shown} {reason}")

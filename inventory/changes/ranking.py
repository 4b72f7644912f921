"""What tells most of a change that shows in several fields, and what of the values of a field tells targets apart."""

from __future__ import annotations

import re
from collections.abc import Sequence

from inventory.observations.fields import FAMILIES
from inventory.observations.shapes import TEXT, shape

MOST_TELLING = (
    *("failure", "status", "script.host", "frame.host", "form.host", "link.host", "image.host", "header.", "cookie."),
    *("final.host", "final.url", "redirects", "redirect.status", "redirect.header.", "redirect.url", "tls.sha256", "tls."),
    *("ip", "title", "generator", "media_type", "charset", "http_version", "reason", "tag", "defect", "script.inline"),
)
"""Fields, and what names of fields begin with, from the most telling one on."""
EXACT = frozenset(
    {
        *("failure", "status", "redirect.status", "redirects", "tag", "scheme", "port"),
        *("http_version", "media_type", "charset", "tls.version"),
    }
)
"""Fields that have few values, numbers among them: each is its own shape."""
NAMING = frozenset(
    {
        *("final.url", "final.host", "redirect.url", "redirect.header.location", "header.location", "header.link"),
        *("header.content-location", "tls.subject", "tls.name", "title"),
    }
)
"""Fields whose values have words of their target."""
DIGESTS = ("body.sha256", "tls.sha256")

_ATTRIBUTE = re.compile(rf"^cookie\..*(?<!\\)(?:{'|'.join(re.escape(field.suffix) for field in FAMILIES if field.suffix)})$")
_DOMAIN = re.compile(r"(?:(?<=; )|^)domain=[^;]*")


def rank(field: str, old: Sequence[str], new: Sequence[str]) -> tuple[int, int, str]:
    """Sorts fields that changed together, the most telling one first.

    A cookie as a whole tells most where it came or went, and its attribute does where only that changed.
    """
    named = (n for n, name in enumerate(MOST_TELLING) if field == name or (name[-1] == "." and field.startswith(name)))
    return next(named, 99), (0 if old and new else 2) if _ATTRIBUTE.search(field) else 1, field


def shape_in_group(field: str, value: str) -> str:
    """What a value has in common with those that the same change gives other targets."""
    if field in EXACT:
        return value
    if field in DIGESTS and len(value) == 64:
        return "{hex:64}"
    if field.startswith("cookie."):
        return _DOMAIN.sub(f"domain={TEXT}", value)
    return shape(value)

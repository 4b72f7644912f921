"""The values that requirements are about: which hops count, attributes of cookies, and facts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from inventory.json_members import object_of
from inventory.policy.requirements import Fact, Hops
from inventory.policy.seen import Hop, Seen

SHOWN = 200
"""Characters of a value in evidence."""
LIFETIME = "lifetime"
COOKIE_ATTRIBUTES = (
    "name", "domain", "path", "secure", "http_only", "same_site", "partitioned", "host_only", "accepted", "reason",
    LIFETIME,
)  # fmt: skip
CERTIFICATE = (
    "subject", "issuer", "names", "sha256", "version", "cipher", "not_before", "not_after", "days_left", "lifetime_days",
)  # fmt: skip
RESPONSE = ("status", "scheme", "host", "url")
"""Facts of each hop."""
COLLECTION = ("redirects", "redirection", "http_version", "remote_address", "media_type", "charset")
"""Facts of the whole."""
_CHOSEN = {
    Hops.FINAL: slice(-1, None),
    Hops.REDIRECTS: slice(None, -1),
    Hops.FIRST: slice(0, 1),
    Hops.EVERY: slice(None),
}


def chosen_hops(hops: Hops, seen: Seen, scheme: str | None = None) -> Sequence[Hop]:
    """The responses that count."""
    chosen = seen.hops[_CHOSEN[hops]]
    return chosen if scheme is None else [hop for hop in chosen if hop.scheme == scheme]


def attribute_of(cookie: Mapping[str, Any], attribute: str, seen: Seen) -> str | None:
    """An attribute of a cookie as text, flags as `true` and `false`; None if it has none."""
    value = seen.lifetime(cookie) if attribute == LIFETIME else cookie.get(attribute)
    if value is None or type(value) is str:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def fact_values(wanted: Fact, seen: Seen) -> Sequence[tuple[Hop, Sequence[str]]]:
    """The values of a fact, with the hop that they are of; those of the certificate are of the final one."""
    if wanted.of == "certificate":
        return [(seen.hops[-1], seen.certificate(wanted.name))]
    if wanted.name in RESPONSE:
        found = [(hop, getattr(hop, wanted.name)) for hop in chosen_hops(wanted.hops, seen)]
        return [(hop, [] if value is None or value == "" else [str(value)]) for hop, value in found]
    value = _of_collection(wanted.name, seen)
    return [(seen.hops[-1], [] if value is None else [str(value)])]


def _of_collection(name: str, seen: Seen) -> object:
    if name == "redirects":
        return len(seen.hops) - 1
    if name == "redirection":
        return seen.redirection()
    if name in ("media_type", "charset"):
        return object_of(seen.content.get("body")).get(name)
    return seen.response.get(name)


def clipped(text: str) -> str:
    """The start of a text."""
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"

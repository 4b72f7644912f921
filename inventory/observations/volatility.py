"""Which fields are volatile, and what is observed of their values.

By name those are volatile whose values say when, by whom or for whom a response was made, never what it is. What the values
themselves say is in other fields: a new `ETag` without a new `body.sha256` is no change of a page. The value of a cookie
may be a secret besides. Any other field is volatile for a target if it changed in each of its last collections.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence, Set
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise

from inventory.observations.fields import is_verdict
from inventory.observations.shapes import TEXT, shape, token_shape

CHANGES_IN_A_ROW = 3
"""Collections of a target that each changed a field: then the field is volatile there."""

Shaper = Callable[[str], str]


class Volatility(IntEnum):
    """What is observed of the values of a field: all of them, their shape, or only that there are any."""

    EXACT = 0
    SHAPE = 1
    TEXT = 2


NEVER_VOLATILE = frozenset(
    {
        *("url", "host", "domain", "scheme", "port", "path", "tag"),
        *("status", "redirect.status", "failure", "http_version", "media_type", "charset", "tls.version", "tls.not_after"),
    }
)
"""What a target is, what has few values, and dates that are compared; and cookies, whose values are not observed."""

_WHEN_AND_HOW_LONG = (
    *("date", "age", "expires", "last-modified", "x-expires", "x-date", "x-timestamp", "x-oss-server-time"),
    *("content-length", "x-content-length", "x-original-content-length", "x-runtime", "x-response-time", "x-process-time"),
    *("x-envoy-upstream-service-time", "x-cache-hits", "x-cache-age", "x-ttl", "x-backend-response-time", "x-elapsed"),
    *("ratelimit-remaining", "ratelimit-reset", "x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-used"),
    *("x-rate-limit-remaining", "x-rate-limit-reset", "retry-after", "x-generation-time", "x-upstream-response-time"),
)
_DIGESTS = ("etag", "content-md5", "digest", "content-digest", "repr-digest", "x-checksum", "x-content-digest")
_IDENTIFIERS = (
    *("cf-ray", "x-amz-id-2", "x-amz-cf-id", "x-amz-version-id", "x-amzn-trace-id", "x-amzn-requestid", "x-fb-debug"),
    *("x-msedge-ref", "x-azure-ref", "x-vercel-id", "x-guploader-uploadid", "x-goog-generation", "x-cloud-trace-context"),
    *("x-iinfo", "eagleid", "traceparent", "tracestate", "b3", "sentry-trace", "akamai-grn", "x-nonce", "x-tt-logid"),
    *("x-datadog-trace-id", "x-datadog-parent-id", "x-airbnb-request-uuid", "x-swift-savetime", "x-contextid"),
)
_WHERE_AND_WHETHER_CACHED = (
    *("x-cache", "x-cache-status", "cf-cache-status", "x-proxy-cache", "x-vercel-cache", "x-nextjs-cache", "x-cache-lookup"),
    *("x-varnish", "x-varnish-cache", "cdn-cache", "x-litespeed-cache", "cache-status", "x-served-by", "x-timer"),
    *("x-amz-cf-pop", "server-timing", "x-backend-server", "x-served-from"),
)
"""Their words differ, too: with the machine that answered, and with what it had at hand."""
_IDENTIFIER_NAME = re.compile(
    r"(?:^|[-_.])(?:request|req|trace|span|parent|correlation|transaction|session|activity|invocation|csrf|xsrf|unique)"
    r"[-_]?(?:id|uuid|guid|token|nonce|ref)(?:s|-bin|-2)?$"
)

_NONCE = re.compile(r"(?<='nonce-)[^'\s;,]+", re.IGNORECASE)
_PARAMETER = re.compile(r"(?<![a-z])((?:nonce|opaque)=)(\"?)([^\",;\s]+)", re.IGNORECASE)
_QUOTED = re.compile(r'(?<=")[^"]+(?=")')
_REPORT_TOKEN = re.compile(r"(?<=[?&]s=)[^\"&]+")
_ANY_SHAPE = re.compile(r"\{(?:date|uuid|number|text|(?:hex|base64)(?::\d{1,2})?)\}")
_EXPIRES = re.compile(r"(;\s*expires\s*=\s*)([^;]+)", re.IGNORECASE)


def observed(field: str, value: str, volatility: Volatility = Volatility.EXACT) -> tuple[str, bool]:
    """What is observed of a value, and whether it is volatile: then it may not be the value as sent.

    `volatility` is that of the field for this target.
    """
    seen = value
    if (shaper := shaper_of(field)) is not None:
        seen = shaper(value)
    if volatility is Volatility.SHAPE:
        seen = shape(seen)
    elif volatility is Volatility.TEXT:
        seen = TEXT
    return seen, volatility is not Volatility.EXACT or seen != value


def is_volatile_change(field: str, old: str, new: str) -> bool:
    """Whether two values of a field differ in nothing but what is volatile by the name of the field."""
    shaper = shaper_of(field)
    if shaper is None or old == new:
        return False
    return shaper not in _OF_PARTS or _ANY_SHAPE.sub("", shaper(old)) == _ANY_SHAPE.sub("", shaper(new))


def is_wholly_volatile(field: str) -> bool:
    """Whether no part of the values of a field tells a change, by its name. Of `Set-Cookie` other fields tell."""
    shaper = shaper_of(field)
    return shaper is not None and (shaper is _set_cookie or shaper not in _OF_PARTS)


def lasting_part(field: str, value: str) -> str | None:
    """What a value that is observed as volatile has besides what is volatile by the name of its field; None without."""
    if shaper_of(field) is None or value == TEXT or is_wholly_volatile(field):
        return None
    return _ANY_SHAPE.sub("", value)


@lru_cache(maxsize=4_096)
def shaper_of(field: str) -> Shaper | None:
    """What makes the shape of the values of a field that is volatile by its name; None for others."""
    kind, found, name = field.rpartition("header.")
    return _shaper_of_header(name) if found and kind in ("", "redirect.") else None


def shown_volatility(field: str, current: Iterable[tuple[str, bool]]) -> Volatility:
    """The volatility of a field for a target, as its current observations show it: values, and whether they are volatile."""
    volatile = [value for value, is_volatile in current if is_volatile]
    if TEXT in volatile:
        return Volatility.TEXT
    return Volatility.SHAPE if volatile and shaper_of(field) is None else Volatility.EXACT


def next_volatility(field: str, now: Volatility, history: Sequence[Set[str]]) -> Volatility:
    """The volatility of a field for a target after its last collections.

    `history` has what was observed of the field in each collection since its volatility is as it is `now`, the oldest
    first. It grows by one step if each of the last `CHANGES_IN_A_ROW` collections changed the field; of one that is volatile
    by its name, whose shapes are observed anyway, to the last. It never shrinks: of a volatile field one does not see
    whether it still is. A field that comes and goes is not volatile.
    """
    latest = history[-CHANGES_IN_A_ROW - 1 :]
    if now is Volatility.TEXT or len(latest) <= CHANGES_IN_A_ROW or not may_be_volatile(field):
        return now
    changed = all(before and after and before != after for before, after in pairwise(latest))
    if not changed:
        return now
    return Volatility.SHAPE if now is Volatility.EXACT and shaper_of(field) is None else Volatility.TEXT


def may_be_volatile(field: str) -> bool:
    """Whether the values of a field may ever be replaced by their shapes."""
    return field not in NEVER_VOLATILE and not field.startswith("cookie.") and not is_verdict(field)


def _shaper_of_header(name: str) -> Shaper | None:
    if name in _SHAPERS:
        return _SHAPERS[name]
    return token_shape if _IDENTIFIER_NAME.search(name) else None


def _entity_tag(value: str) -> str:
    """`W/"…"` keeps its form."""
    return _QUOTED.sub(lambda tag: token_shape(tag[0]), value, count=1) if value.endswith('"') else token_shape(value)


def _set_cookie(line: str) -> str:
    """The line without the value of the cookie and without dates; its name and its other attributes stay."""
    pair, semicolon, attributes = line.partition(";")
    name, equals, value = pair.partition("=")
    seen = name + equals + token_shape(value.strip(' \t"')) if equals else token_shape(pair.strip())
    dated = _EXPIRES.sub(lambda date: date[1] + token_shape(date[2].strip()), semicolon + attributes)
    return seen + dated


def _nonces(value: str) -> str:
    return _NONCE.sub(lambda nonce: token_shape(nonce[0]), value) if "nonce-" in value.lower() else value


def _nonce_parameters(value: str) -> str:
    return _PARAMETER.sub(lambda found: found[1] + found[2] + token_shape(found[3]), value)


def _report_tokens(value: str) -> str:
    return _REPORT_TOKEN.sub(TEXT, value)


_OF_PARTS = (_set_cookie, _nonces, _nonce_parameters, _report_tokens)
"""Of what these shape, only parts are volatile."""
_SHAPERS: dict[str, Shaper] = {
    **dict.fromkeys((*_WHEN_AND_HOW_LONG, *_IDENTIFIERS), token_shape),
    **dict.fromkeys(_DIGESTS, _entity_tag),
    **dict.fromkeys(_WHERE_AND_WHETHER_CACHED, lambda _: TEXT),
    **dict.fromkeys(("set-cookie", "set-cookie2"), _set_cookie),
    **dict.fromkeys(("content-security-policy", "content-security-policy-report-only"), _nonces),
    **dict.fromkeys(("report-to", "reporting-endpoints"), _report_tokens),
    **dict.fromkeys(("link", "www-authenticate", "proxy-authenticate", "authentication-info"), _nonce_parameters),
}

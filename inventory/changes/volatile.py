"""Values that differ in each response by their nature, known by their names: dates, request ids, nonces, cookie values."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

HEADERS = frozenset({
    "age", "cf-ray", "date", "etag", "expires", "server-timing", "traceparent", "tracestate", "x-amz-cf-id", "x-amz-id-2",
    "x-b3-spanid", "x-b3-traceid", "x-cache-hits", "x-cloud-trace-context", "x-guploader-uploadid", "x-response-time",
    "x-runtime", "x-timer", "x-varnish",
})  # fmt: skip
"""Names of header lines whose values tell nothing."""
COME_AND_GO = frozenset({"age", "x-cache-hits"})
"""Caches send these for what they have, so not even their presence tells anything."""
COOKIE_ATTRIBUTES = frozenset({"value", "expires"})

_REQUEST_ID = re.compile(r"(?:.*[-_])?(?:request|correlation|trace|transaction|span)[-_]?id")
_COOKIE_VALUE = re.compile(r"\A([^=;]*)=[^;]*")
_COOKIE_EXPIRES = re.compile(r";\s*expires=[^;]*", re.IGNORECASE)
_NONCE_SOURCE = re.compile(r"'nonce-[^']*'", re.IGNORECASE)
_REPORT_TOKEN = re.compile(r"[?&]s=[^\"&]*")
_NONCE = re.compile(r"\bnonce\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]*)", re.IGNORECASE)
_FIELD = re.compile(r"<(?:input|meta)\b[^>]*", re.IGNORECASE)
_TOKEN_NAME = re.compile(
    r"csrf|xsrf|authenticity_token|verificationtoken|__viewstate|__eventvalidation|nonce", re.IGNORECASE
)
_CONTENT = re.compile(r"\b(?:value|content)\s*=\s*(?:\"[^\"]*\"|'[^']*'|[^\s>]*)", re.IGNORECASE)


def _without_cookie_value(line: str) -> str:
    return _COOKIE_EXPIRES.sub("; expires", _COOKIE_VALUE.sub(r"\1=", line))


def _without_nonces(policy: str) -> str:
    return _NONCE_SOURCE.sub("'nonce'", policy)


def _without_report_tokens(line: str) -> str:
    return _REPORT_TOKEN.sub("", line)


_MASKS: Mapping[str, Callable[[str], str]] = {
    "set-cookie": _without_cookie_value,
    "content-security-policy": _without_nonces,
    "content-security-policy-report-only": _without_nonces,
    "report-to": _without_report_tokens,
    "reporting-endpoints": _without_report_tokens,
}
"""What remains of a header line without the part of it that tells nothing."""


def is_volatile_header(name: str, old: str | None, new: str | None) -> bool:
    """Whether a header line of this name, in lower case, tells nothing by differing so; None where there is none."""
    if old is None or new is None:
        return name in COME_AND_GO
    if old == new:
        return False
    if name in HEADERS or _REQUEST_ID.fullmatch(name):
        return True
    mask = _MASKS.get(name)
    return mask is not None and mask(old) == mask(new)


def is_volatile_text(old: str, new: str) -> bool:
    """Whether lines of a page differ in nothing but nonces and the tokens of forms."""
    return _without_tokens(old) == _without_tokens(new)


def _without_tokens(text: str) -> str:
    return _FIELD.sub(_without_content, _NONCE.sub("nonce", text))


def _without_content(field: re.Match[str]) -> str:
    return _CONTENT.sub("", field[0]) if _TOKEN_NAME.search(field[0]) else field[0]

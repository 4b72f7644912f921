"""Trace ids as tracers write them: each becomes 32 hexadecimal digits in lower case (W3C Trace Context)."""

from __future__ import annotations

import re
from base64 import b64decode
from typing import Any

_TRACE_ID = re.compile("[0-9A-Fa-f]{32}")
_SHORT = re.compile("[0-9A-Fa-f]{16}")
_DECIMAL = re.compile("[0-9]{1,20}")
_WRAPPED = re.compile(
    r"(?:(?!ff)[0-9a-f]{2}-(?P<w3c>[0-9A-Fa-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}(?:-.*)?"  # traceparent
    r"|(?:Self=[^;]{1,80};)?(?:Root=)?1-(?P<epoch>[0-9A-Fa-f]{8})-(?P<xray>[0-9A-Fa-f]{24})(?:[;@].*)?"  # X-Ray
    r"|(?:projects/[^/]{1,80}/traces/)(?P<gcp>[0-9A-Fa-f]{32})"  # Google Cloud
    r"|(?P<cloud>[0-9A-Fa-f]{32})/\d{1,20}(?:;.*)?"  # X-Cloud-Trace-Context
    r"|(?P<b3>[0-9A-Fa-f]{32}|[0-9A-Fa-f]{16})-[0-9A-Fa-f]{16}(?:-.*)?"  # the single header of B3
    r"|(?P<jaeger>[0-9A-Fa-f]{1,32}):[0-9A-Fa-f]{1,16}:[0-9A-Fa-f]{1,16}:[0-9A-Fa-f]{1,2}"
    r"|0x(?P<hex>[0-9A-Fa-f]{32}|[0-9A-Fa-f]{16})"  # OpenTelemetry for Python
    r"|(?P<uuid>[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}))"
)
_BASE64 = re.compile("[0-9A-Za-z+/]{21}[AQgw]==")
"""The 16 bytes of an id, as the JSON of Protocol Buffers has them."""
_NO_TRACE = "0" * 32
LONGEST = 200
"""Characters of the longest spelling that is read."""


def is_plain(value: Any) -> bool:
    """Whether a value is a trace id as it is kept, in any case."""
    return type(value) is str and _TRACE_ID.fullmatch(value) is not None and value != _NO_TRACE


def of(value: Any) -> str | None:
    """The trace id in a value, or None if it has none. One of 64 bits is padded with zeros, as OpenTelemetry pads it."""
    if type(value) is list and len(value) == 1:  # of headers
        value = value[0]
    if type(value) is not str or len(value) > LONGEST:
        return None
    text = value.strip()
    if _TRACE_ID.fullmatch(text):
        return _known(text)
    if _SHORT.fullmatch(text):
        return _known(text.rjust(32, "0"))
    if found := _WRAPPED.fullmatch(text):
        return _known("".join(part for part in found.groups() if part).replace("-", "").rjust(32, "0"))
    return _known(b64decode(text).hex()) if _BASE64.fullmatch(text) else None


def of_datadog(value: Any) -> str | None:
    """The trace id in Datadog's decimal number of 64 bits, or in any other spelling."""
    text = str(value) if type(value) is int else value
    if type(text) is str and _DECIMAL.fullmatch(text) and int(text) < 2**64:
        return _known(f"{int(text):032x}")
    return of(value)


def of_query(text: str) -> str | None:
    """The trace id that a person asks for, in any spelling; a number that is too short or long for others is Datadog's."""
    return of(text) or of_datadog(text.strip())


def _known(trace_id: str) -> str | None:
    return None if trace_id == _NO_TRACE else trace_id.lower()

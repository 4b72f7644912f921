"""Foreign errors mapped once: whatever requests, urllib3, http.client, ssl or socket raise becomes a `SourceFailure`."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import ssl
from collections.abc import Iterator

import requests
import structlog
import urllib3.exceptions

from inventory.errors import SourceFailure

log = structlog.get_logger(__name__)

FOREIGN = (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError)
"""The roots of all errors that a request can raise; `UnicodeError` and `LocationParseError` are ValueErrors."""

_NO_SUCH_NAME = {socket.EAI_NONAME, socket.EAI_NODATA}

_TABLE: tuple[tuple[tuple[type[BaseException], ...], str, bool], ...] = (
    ((ssl.SSLError, ssl.CertificateError), "tls_failure", True),
    ((urllib3.exceptions.SSLError, requests.exceptions.SSLError), "tls_failure", True),
    ((TimeoutError, urllib3.exceptions.TimeoutError, requests.Timeout), "timeout", False),
    ((ConnectionRefusedError,), "connection_refused", False),
    ((http.client.RemoteDisconnected,), "invalid_response", True),
    ((http.client.IncompleteRead, urllib3.exceptions.IncompleteRead), "incomplete_response", False),
    ((urllib3.exceptions.InvalidChunkLength, requests.exceptions.ChunkedEncodingError), "incomplete_response", False),
    ((ConnectionResetError, ConnectionAbortedError, BrokenPipeError), "incomplete_response", False),
    ((UnicodeError, urllib3.exceptions.LocationValueError, http.client.InvalidURL), "dns_failure", True),
    ((requests.exceptions.InvalidURL,), "dns_failure", True),
    ((http.client.HTTPException, urllib3.exceptions.InvalidHeader), "invalid_response", True),
    ((requests.exceptions.InvalidHeader, urllib3.exceptions.HeaderParsingError), "invalid_response", True),
)
"""The first row that an error, or one that caused it, belongs to: its code, and whether it is permanent."""

_WORDS = {
    "connection_failed": "the connection failed",
    "connection_refused": "the connection was refused",
    "dns_failure": "the name cannot be looked up, or has no address",
    "incomplete_response": "not all of the answer came",
    "invalid_response": "the answer is not HTTP that can be read",
    "timeout": "it did not answer in time",
    "tls_failure": "TLS failed",
}
"""What is told of an error that has no words of the system's."""


def failure_of(error: BaseException, host: str) -> SourceFailure:
    """What a foreign error is recorded as; `connection_failed` when the table does not know it."""
    family = list(_family(error))
    for relative in family:
        if isinstance(relative, SourceFailure):
            return relative
        if isinstance(relative, socket.gaierror):
            return dns_failure(relative, host)
    for kinds, code, permanent in _TABLE:
        for relative in family:
            if isinstance(relative, kinds):
                return _failure(code, host, relative, permanent=permanent)
    return _failure("connection_failed", host, family[-1], permanent=False)


def connection_failure(error: BaseException, host: str) -> SourceFailure:
    """The same before a request was sent: a reset then is no answer that was cut, but a connection that failed."""
    failure = failure_of(error, host)
    if failure.code == "incomplete_response":
        return SourceFailure("connection_failed", str(failure), evidence=failure.evidence)
    return failure


def dns_failure(error: Exception, host: str) -> SourceFailure:
    """What an error of name resolution is recorded as: a name that does not exist, or cannot, is permanent."""
    permanent = not isinstance(error, OSError) or error.errno in _NO_SUCH_NAME
    detail = f"The name {host} could not be resolved: {_in_words(error) or _WORDS['dns_failure']}"
    return SourceFailure("dns_failure", detail, permanent=permanent, evidence=_evidence(error))


def log_evidence(failure: SourceFailure, target: str) -> None:
    """Tell the log what a failure must not say. Not for requests that carry a secret: an upstream may send it back."""
    if failure.evidence:
        log.info("fetch_refused", target=target, code=failure.code, **failure.evidence)


def _family(error: BaseException) -> Iterator[BaseException]:
    """The error and those inside it: its cause, its `reason`, and errors among its arguments."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]


def _failure(code: str, host: str, error: BaseException, *, permanent: bool) -> SourceFailure:
    detail = f"{host}: {_in_words(error) or _WORDS[code]}"
    return SourceFailure(code, detail, permanent=permanent, evidence=_evidence(error))


def _in_words(error: BaseException) -> str:
    """What an error says in words that the system or OpenSSL have for it: none that came over the line, and no address."""
    if isinstance(error, ssl.SSLCertVerificationError) and (why := getattr(error, "verify_message", "")):
        return f"the certificate was refused: {why}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason.replace('_', ' ').lower()}" if getattr(error, "reason", None) else ""
    if isinstance(error, socket.gaierror):
        return error.strerror or ""
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        return os.strerror(error.errno)
    return ""


def _evidence(error: BaseException) -> dict[str, str]:
    """For the log: what the detail does not say."""
    return {} if _in_words(error) else {"error": repr(error)[:200]}

"""Foreign errors mapped once: whatever requests, urllib3, http.client, ssl or socket raise becomes a `SourceFailure`."""

from __future__ import annotations

import http.client
import socket
import ssl
from collections.abc import Iterator

import requests
import urllib3.exceptions

from inventory.errors import SourceFailure

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
                return SourceFailure(code, f"{host}: {_in_words(relative)}", permanent=permanent)
    return SourceFailure("connection_failed", f"{host}: {_in_words(family[-1])}")


def connection_failure(error: BaseException, host: str) -> SourceFailure:
    """The same before a request was sent: a reset then is no answer that was cut, but a connection that failed."""
    failure = failure_of(error, host)
    if failure.code == "incomplete_response":
        return SourceFailure("connection_failed", str(failure))
    return failure


def dns_failure(error: Exception, host: str) -> SourceFailure:
    """What an error of name resolution is recorded as: a name that does not exist, or cannot, is permanent."""
    permanent = not isinstance(error, OSError) or error.errno in _NO_SUCH_NAME
    return SourceFailure("dns_failure", f"The name {host} could not be resolved: {_in_words(error)}", permanent=permanent)


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


def _in_words(error: BaseException) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"the certificate was refused: {getattr(error, 'verify_message', error)}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__

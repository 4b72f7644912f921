"""What failures of a fetch say: to the caller no address and nothing that an upstream sent; the log gets the evidence."""

from __future__ import annotations

import errno
import os
import socket
import ssl
from collections.abc import Iterator, Sequence

import structlog

from inventory.errors import NoRoom, SourceFailure

log = structlog.get_logger(__name__)

Codes = Sequence[tuple[tuple[type[BaseException], ...], str, bool]]
"""The first row that has the type of an error, or of one that caused it, gives its code, and whether it is permanent."""

_OF_THIS_MACHINE = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
"""What the system lacks for a connection, whatever its other end is."""
RETRY_HERE = 10.0
"""Seconds after which a collection is tried again for which this machine lacked something."""

_NO_SUCH_NAME = {socket.EAI_NONAME, socket.EAI_NODATA}
_DEFAULT_WORDS = {
    "connection_failed": "the connection failed",
    "connection_refused": "the connection was refused",
    "dns_failure": "the name cannot be resolved, or has no address",
    "incomplete_response": "the response is incomplete",
    "invalid_response": "the response is not valid HTTP",
    "timeout": "it did not respond in time",
    "tls_failure": "TLS failed",
}
"""For errors that neither the system nor OpenSSL describes."""


def failure_of(error: BaseException, host: str, codes: Codes) -> SourceFailure:
    """What an error is recorded as; `connection_failed` when no row of `codes` has it.

    Raises `NoRoom` for one of this machine, which says nothing of the host.
    """
    related = list(_related(error))
    for one in related:
        _check_machine(one)
        if isinstance(one, SourceFailure):
            return one
        if isinstance(one, socket.gaierror):
            return dns_failure(one, host)
    for types, code, permanent in codes:
        for one in related:
            if isinstance(one, types):
                return _failure(code, host, one, permanent=permanent)
    return _failure("connection_failed", host, related[-1], permanent=False)


def dns_failure(error: Exception, host: str) -> SourceFailure:
    """What an error of name resolution is recorded as: permanent if the name does not exist, or cannot.

    Raises `NoRoom` as `failure_of` does.
    """
    _check_machine(error)
    permanent = not isinstance(error, OSError) or error.errno in _NO_SUCH_NAME
    return _failure("dns_failure", f"The name {host} could not be resolved", error, permanent=permanent)


def no_room(lacking: str) -> NoRoom:
    """What is raised where this machine lacks something for a connection."""
    return NoRoom(f"This machine lacks something for a connection: {lacking}. Raise its limits (ulimit).", RETRY_HERE)


def _check_machine(error: BaseException) -> None:
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError) and error.errno in _OF_THIS_MACHINE:
        raise no_room(os.strerror(error.errno)) from error


def incomplete_response(what: str, line: bytes | str = "") -> SourceFailure:
    """A response that began well and was truncated; `line` is what shows it."""
    return SourceFailure("incomplete_response", f"The response is incomplete: {what}", evidence=_received(line))


def invalid_response(what: str, line: bytes | str = "") -> SourceFailure:
    """A response that is not HTTP; `line` is what shows it."""
    detail = f"The response is not valid HTTP: {what}"
    return SourceFailure("invalid_response", detail, permanent=True, evidence=_received(line))


def _received(line: bytes | str) -> dict[str, str]:
    """For the log alone: in place of HTTP, a server of another protocol may send its name."""
    return {"received": repr(line[:100])} if line else {}


def log_evidence(failure: SourceFailure, target: str) -> None:
    """Log what a failure must not disclose. Not for requests that carry a secret: an upstream may send it back."""
    if failure.evidence:
        log.info("fetch_refused", target=target, code=failure.code, **failure.evidence)


def _related(error: BaseException) -> Iterator[BaseException]:
    """The error and those inside it: its cause, its `reason`, and errors among its arguments."""
    waiting: list[object] = [error]
    visited: set[int] = set()
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in visited:
            visited.add(id(one))
            yield one
            waiting += [getattr(one, "reason", None), *one.args, one.__cause__, one.__context__]


def _failure(code: str, subject: str, error: BaseException, *, permanent: bool) -> SourceFailure:
    words = _in_words(error)
    evidence = {} if words else {"error": repr(error)[:200]}
    return SourceFailure(code, f"{subject}: {words or _DEFAULT_WORDS[code]}", permanent=permanent, evidence=evidence)


def _in_words(error: BaseException) -> str:
    """How the system or OpenSSL describes an error; empty if it does not."""
    if isinstance(error, ssl.SSLCertVerificationError) and (why := getattr(error, "verify_message", "")):
        return f"the certificate was refused: {why}"
    if isinstance(error, ssl.SSLError):
        return f"TLS failed: {error.reason.replace('_', ' ').lower()}" if getattr(error, "reason", None) else ""
    if isinstance(error, socket.gaierror):
        return error.strerror or ""
    if isinstance(error, OSError) and error.errno is not None and error.errno in errno.errorcode:
        return os.strerror(error.errno)
    return ""

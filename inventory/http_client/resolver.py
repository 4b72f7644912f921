"""Name resolution inside the deadline."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from inventory.http_client.deadline import Deadline
from inventory.http_client.failures import dns_failure, no_room

Resolve = Callable[[str], Sequence[str]]
"""The numeric addresses of a host name, in the order to be tried; raises `OSError` or `UnicodeError` if there are none."""

MAX_LOOKUPS = 64
"""Lookups at the same time. One that outlives its deadline counts until the system gives it up."""

SPARE_DESCRIPTORS = 8
"""More than a lookup has open at once: the files that it reads, and a socket for each family of addresses."""


def resolve(host: str, ask: Callable[..., Sequence[Any]] = socket.getaddrinfo) -> Sequence[str]:
    """The addresses that the system's resolver knows."""
    try:
        # As bytes, the name bypasses Python's IDNA codec, which refuses names that the system may know.
        found = ask(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    except socket.gaierror:
        _check_descriptors()
        raise
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _check_descriptors() -> None:
    """Raise `OSError` where too few descriptors are left to ask for a name: glibc then says that there is no such name."""
    with ExitStack() as opened:
        for _ in range(SPARE_DESCRIPTORS):
            opened.enter_context(socket.socket(socket.AF_UNIX))


class Resolver:
    """Looks names up with `resolve` in threads that are abandoned at the deadline: getaddrinfo cannot be cancelled."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._slots = threading.BoundedSemaphore(MAX_LOOKUPS)

    def addresses(self, host: str, deadline: Deadline) -> Sequence[str]:
        """The addresses of a name; `SourceFailure` with code `dns_failure`, or `timeout` at the deadline.

        Raises `NoRoom` where this machine has no descriptor or no thread for it.
        """
        if not self._slots.acquire(timeout=deadline.left()):
            raise deadline.passed()
        results: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()
        try:
            threading.Thread(target=self._look_up, args=(host, results), name=f"resolve {host}", daemon=True).start()
        except RuntimeError as error:
            self._slots.release()
            raise no_room("the system allows no further thread") from error
        try:
            result = results.get(timeout=deadline.left())
        except queue.Empty:
            raise deadline.passed() from None
        if isinstance(result, Exception):
            raise dns_failure(result, host) from result
        if not result:
            raise dns_failure(ValueError("it has no address"), host)
        return result

    def _look_up(self, host: str, results: queue.SimpleQueue[Sequence[str] | Exception]) -> None:
        try:
            results.put(self._resolve(host))
        except (OSError, ValueError) as error:
            results.put(error)
        finally:
            self._slots.release()

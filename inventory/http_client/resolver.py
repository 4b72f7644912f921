"""Name resolution inside the deadline."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence

from inventory.http_client.deadline import Deadline
from inventory.http_client.failures import dns_failure

Resolve = Callable[[str], Sequence[str]]
"""The numeric addresses of a host name, in the order to be tried; raises `OSError` or `UnicodeError` if there are none."""

MAX_LOOKUPS = 64
"""Lookups at the same time. One that outlives its deadline counts until the system gives it up."""


def resolve(host: str) -> Sequence[str]:
    """The addresses that the system's resolver knows."""
    # As bytes, the name bypasses Python's IDNA codec, which refuses names that the system may know.
    found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Resolver:
    """Looks names up with `resolve` in threads that are abandoned at the deadline: getaddrinfo cannot be cancelled."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._slots = threading.BoundedSemaphore(MAX_LOOKUPS)

    def addresses(self, host: str, deadline: Deadline) -> Sequence[str]:
        """The addresses of a name; `SourceFailure` with code `dns_failure`, or `timeout` at the deadline."""
        if not self._slots.acquire(timeout=deadline.left()):
            raise deadline.passed()
        results: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()
        threading.Thread(target=self._look_up, args=(host, results), name=f"resolve {host}", daemon=True).start()
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

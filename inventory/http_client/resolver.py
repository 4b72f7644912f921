"""Name resolution inside the deadline."""

from __future__ import annotations

import queue
import socket
import threading
from collections.abc import Callable, Sequence

from inventory.http_client.deadline import Deadline
from inventory.http_client.failures import dns_failure

Resolve = Callable[[str], Sequence[str]]
"""The numeric addresses of a host name, in the order to be tried; raises `OSError` or `UnicodeError` when there are none."""

AT_ONCE = 64
"""Look-ups under way at the same time; one that outlives its deadline keeps its place until the system gives it up."""


def resolve(host: str) -> Sequence[str]:
    """The addresses that the system's resolver knows."""
    # As bytes, the name passes by Python's IDNA codec, which refuses names that the system may well know.
    found = socket.getaddrinfo(host.encode("ascii"), None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


class Resolver:
    """Looks names up with `resolve` in threads that are left behind when the deadline passes: getaddrinfo cannot be cut."""

    def __init__(self, resolve: Resolve) -> None:
        self._resolve = resolve
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def addresses(self, host: str, deadline: Deadline) -> Sequence[str]:
        """The addresses of a name; `SourceFailure` with code `dns_failure`, or `timeout` at the deadline."""
        if not self._places.acquire(timeout=deadline.left()):
            raise deadline.passed()
        answers: queue.SimpleQueue[Sequence[str] | Exception] = queue.SimpleQueue()
        threading.Thread(target=self._answer, args=(host, answers), name=f"resolve {host}", daemon=True).start()
        try:
            answer = answers.get(timeout=deadline.left())
        except queue.Empty:
            raise deadline.passed() from None
        if isinstance(answer, Exception):
            raise dns_failure(answer, host) from answer
        if not answer:
            raise dns_failure(ValueError("it has no address"), host)
        return answer

    def _answer(self, host: str, answers: queue.SimpleQueue[Sequence[str] | Exception]) -> None:
        try:
            answers.put(self._resolve(host))
        except (OSError, ValueError) as error:
            answers.put(error)
        finally:
            self._places.release()

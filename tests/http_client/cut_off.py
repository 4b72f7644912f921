"""`python -m tests.http_client.cut_off CASES`: fetch what a failing guard would call outside; print the calls.

The program can reach nothing. Where the system allows it, it runs in a network namespace without any network. In any case
every connection is noted and refused before the system sees it. CASES is JSON: for each case a URL, the answers of the
resolver in turn, and the networks that are opened.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import json
import socket
import sys
from dataclasses import dataclass, field
from typing import Any

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.http_client.requests_transport import RequestsTransport

CLONE_NEWUSER, CLONE_NEWNET = 0x10000000, 0x40000000


@dataclass
class Wall:
    """Notes the address of every attempt to connect or to send, and lets none of them through."""

    called: list[str] = field(default_factory=list)

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect" and arguments[0].type == socket.SOCK_DGRAM:
            raise PermissionError("nothing is asked from here")  # from where an address would be called: that sends nothing
        if event in {"socket.connect", "socket.sendto", "socket.sendmsg"}:
            self.called.append(str(arguments[1][0]))
            raise PermissionError("nothing is called from here")
        if event == "socket.getaddrinfo":  # numeric addresses alone may be read
            ipaddress.ip_address(arguments[0])


def outcome(wall: Wall, url: str, answers: list[list[str]], opened: list[str]) -> dict[str, Any]:
    """The code of the failure, what was called, and how many results of the resolver were not used."""
    wall.called.clear()
    guard = Guard([ipaddress.ip_network(network) for network in opened])
    transport = RequestsTransport(guard, resolve=lambda host: answers.pop(0))
    fetcher = Fetcher(transport, deadline=5, body_limit=100)
    try:
        fetcher.fetch(urls.parse(url))
    except SourceFailure as failure:
        return {"code": failure.code, "called": list(wall.called), "left": len(answers)}
    raise AssertionError("something was fetched without a network")


def main() -> None:
    with contextlib.suppress(AttributeError):  # a system without namespaces: the wall stands alone
        ctypes.CDLL(None).unshare(CLONE_NEWUSER | CLONE_NEWNET)
    wall = Wall()
    sys.addaudithook(wall)
    sys.stdout.write(json.dumps([outcome(wall, *case) for case in json.loads(sys.argv[1])]))


if __name__ == "__main__":
    main()

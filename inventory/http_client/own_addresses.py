"""Which addresses are this machine's own.

They are as private as loopback, whatever their numbers: a firewall in front of the machine does not see a call to them.
"""

from __future__ import annotations

import ipaddress
import socket

NOBODYS = {4: "192.0.2.1", 6: "2001:db8::1"}
"""Addresses of documentation, which no machine has."""
ANY_PORT = 9


def is_own(address: str) -> bool:
    """Whether this machine has an address: it can then be bound. Nothing is sent.

    Some systems let any address be bound (`ip_nonlocal_bind`). There it is own if it would be called from itself.
    """
    version = ipaddress.ip_address(address).version
    return _can_be_bound(address) and (not _can_be_bound(NOBODYS[version]) or _is_called_from_itself(address))


def _can_be_bound(address: str) -> bool:
    with _unsent(address) as unsent:
        try:
            unsent.bind((address, 0))
        except OSError:
            return False
    return True


def _is_called_from_itself(address: str) -> bool:
    with _unsent(address) as unsent:
        try:
            unsent.connect((address, ANY_PORT))
        except OSError:
            return False
        return ipaddress.ip_address(unsent.getsockname()[0]) == ipaddress.ip_address(address)


def _unsent(address: str) -> socket.socket:
    family = socket.AF_INET if ipaddress.ip_address(address).version == 4 else socket.AF_INET6
    return socket.socket(family, socket.SOCK_DGRAM)

"""Which address a request is from, behind proxies too, and which addresses count as one caller."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from inventory.errors import SettingError

Address = IPv4Address | IPv6Address

VARIABLE = "FORWARDED_ALLOW_IPS"
"""gunicorn's variable, so that one list says whose `X-Forwarded-Proto` and whose `X-Forwarded-For` is believed."""
EVERYBODY = "*"
WITH_PORT = re.compile(r"(?:\[([0-9A-Fa-f:.]+)\](?::[0-9]+)?|([0-9.]+):[0-9]+)")
"""An address as some proxies write it: in brackets, or with the port of the connection."""
MAX_HOP = 100
"""Characters of an address with its brackets, port and spaces; what is longer is none."""
SUBSCRIBER_BITS = 64
"""Bits of an IPv6 address that a network is given; who has one chooses the other half freely (RFC 4291, 2.5.4)."""


@dataclass(frozen=True, slots=True)
class TrustedProxies:
    """Proxies whose `X-Forwarded-For` is believed. With `everybody`, whoever connects is one, and nobody behind it."""

    networks: Sequence[IPv4Network | IPv6Network] = ()
    everybody: bool = False

    @classmethod
    def of(cls, text: str) -> TrustedProxies:
        """The proxies of `FORWARDED_ALLOW_IPS`; `SettingError` where gunicorn would refuse it too."""
        parts = [part.strip() for part in text.split(",") if part.strip()]
        try:
            networks = tuple(ip_network(part) for part in parts if part != EVERYBODY)
        except ValueError as error:
            takes = "addresses and CIDRs with commas between, such as 10.0.0.5,fd00::/8"
            raise SettingError(f"{VARIABLE}={text!r} cannot be read: it takes {takes}") from error
        return cls(networks, EVERYBODY in parts)

    def client(self, peer: str, forwarded_for: str) -> str:
        """The address that a request is from: the peer, or the last one in `X-Forwarded-For` that is not trusted itself.

        Each proxy appends the address that it was called from, so what is to the left of an untrusted one may be made up.
        What is no address ends the search too: the request is from the trusted proxy that wrote it.
        """
        found = _read(peer)
        if found is None or not (self.everybody or self._trusts(found)):
            return _spelled(peer)
        for hop in reversed(forwarded_for.split(",")):
            behind = _read(hop) if len(hop) <= MAX_HOP else None
            if behind is None:
                break
            found = behind
            if not self._trusts(found):
                break
        return str(found)

    def _trusts(self, address: Address) -> bool:
        return any(address in network for network in self.networks)


def caller_network(address: str) -> str:
    """Which addresses have one quota together: an IPv6 network of 64 bits, or an IPv4 address alone."""
    found = _read(address)
    if isinstance(found, IPv6Address):
        return str(ip_network((found, SUBSCRIBER_BITS), strict=False))
    return _spelled(address)


@lru_cache(1_024)  # both are asked for each request, and take some microseconds
def _spelled(text: str) -> str:
    """An address in its usual spelling, and anything else as it is."""
    found = _read(text)
    return text if found is None else str(found)


@lru_cache(1_024)
def _read(text: str) -> Address | None:
    """An address in its usual spelling; an IPv4 one also where the system gives it as an IPv6 one. None of anything else."""
    text = text.strip()
    if with_port := WITH_PORT.fullmatch(text):
        text = with_port[1] or with_port[2]
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))  # without the zone, which only this machine understands
    return address

"""Which addresses may be called: those that are globally routable unicast, and those that an operator opened.

The tables hold every block of the IANA IPv4 and IPv6 special-purpose address registries, even globally reachable ones.
The nearest server of some protocol (PCP, TURN, AMT, AS112) listens there, perhaps one of your own network, and has no pages.
`ipaddress.is_global` is not enough: it passes translation prefixes, 6to4 and multicast, and differs between Python versions.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence

from inventory.errors import ForbiddenAddress
from inventory.urls import Url

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_FORBIDDEN_4 = tuple(
    (ipaddress.IPv4Network(block), reason)
    for block, reason in (
        ("0.0.0.0/8", "this network"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared address space"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "cloud platform"),  # Azure's wire server: public by number, reachable from inside alone
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "protocol assignments"),
        ("192.0.2.0/24", "documentation"),
        ("192.31.196.0/24", "AS112"),
        ("192.52.193.0/24", "AMT"),
        ("192.88.99.0/24", "6to4 relay"),
        ("192.168.0.0/16", "private"),
        ("192.175.48.0/24", "AS112"),
        ("198.18.0.0/15", "benchmarking"),
        ("198.51.100.0/24", "documentation"),
        ("203.0.113.0/24", "documentation"),
        ("224.0.0.0/4", "multicast"),
        ("255.255.255.255/32", "broadcast"),
        ("240.0.0.0/4", "reserved"),
    )
)
_GLOBAL_6 = ipaddress.IPv6Network("2000::/3")
"""The only part of the IPv6 space from which unicast addresses have been allocated."""

_FORBIDDEN_6 = tuple(
    (ipaddress.IPv6Network(block), reason)
    for block, reason in (
        ("2001::/32", "Teredo"),
        ("2001::/23", "protocol assignments"),
        ("2001:db8::/32", "documentation"),
        ("2002::/16", "6to4"),
        ("2620:4f:8000::/48", "AS112"),
        ("3fff::/20", "documentation"),
        # What follows is outside 2000::/3 and forbidden anyway: it is here for its reason.
        ("::/128", "unspecified"),
        ("::1/128", "loopback"),
        ("::/96", "IPv4-compatible"),
        ("::ffff:0:0:0/96", "IPv4-translated"),
        ("64:ff9b::/96", "NAT64"),
        ("64:ff9b:1::/48", "NAT64"),
        ("100::/64", "discard-only"),
        ("100:0:0:1::/64", "dummy prefix"),
        ("5f00::/16", "segment routing"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "site-local"),
        ("ff00::/8", "multicast"),
    )
)

BAD_PORTS = frozenset(
    {
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110,
        111, 113, 115, 117, 119, 123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532,
        540, 548, 554, 556, 563, 587, 601, 636, 989, 990, 993, 995, 1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061,
        6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
    }
)  # fmt: skip
"""Ports that browsers do not fetch from (WHATWG Fetch, "port blocking": https://fetch.spec.whatwg.org/#port-blocking).

What listens there speaks another protocol (mail, DNS, shells), and may read commands into a request.
"""


class Guard:
    """Decides whether an address, and a port, may be called. `allow_networks` opens private networks, but no port."""

    def __init__(self, allow_networks: Sequence[Network] = ()) -> None:
        self._allowed_4 = tuple(network for network in allow_networks if isinstance(network, ipaddress.IPv4Network))
        self._allowed_6 = tuple(network for network in allow_networks if isinstance(network, ipaddress.IPv6Network))

    def verdict(self, address: str | Address) -> str | None:
        """None when the address may be called, else the reason in a word or two.

        An IPv4-mapped IPv6 address is judged as the IPv4 address that would be called.
        """
        try:
            found = _unwrapped(address)
        except ValueError:
            return "not an address"
        if self._is_allowed(found):
            return None
        return _reason(found, _FORBIDDEN_4) if isinstance(found, ipaddress.IPv4Address) else _verdict_6(found)

    def opens(self, address: str | Address) -> bool:
        """Whether an address is in one of the networks that were opened."""
        return self._is_allowed(_unwrapped(address))

    def _is_allowed(self, address: Address) -> bool:
        networks = self._allowed_4 if isinstance(address, ipaddress.IPv4Address) else self._allowed_6
        return any(address in network for network in networks)

    def refuses(self, port: int) -> str | None:
        """None when the port may be called, else a sentence that says why not."""
        if port not in BAD_PORTS:
            return None
        return f"Port {port} belongs to another protocol than HTTP; like browsers, the inventory fetches nothing from it"

    def check(self, url: Url) -> None:
        """Raise `ForbiddenAddress` if a URL names an address or a port that may not be called. A name is not looked up."""
        address = url.address
        if address is not None and (reason := self.verdict(address)):
            raise ForbiddenAddress(
                f"{url.host} is not a public address ({reason}); it may be called only if INVENTORY_ALLOW_NETWORKS opens it",
                url.href,
                url.host,
            )
        if reason := self.refuses(url.port):
            raise ForbiddenAddress(f"{reason}.", url.href, url.host)


def _unwrapped(address: str | Address) -> Address:
    found = ipaddress.ip_address(address) if isinstance(address, str) else address
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return found if mapped is None else mapped


def _verdict_6(address: ipaddress.IPv6Address) -> str | None:
    reason = _reason(address, _FORBIDDEN_6)
    if reason is None and address not in _GLOBAL_6:
        reason = "not globally routable"
    if reason is None and address.scope_id is not None:
        reason = "scoped"
    return reason


def _reason(address: Address, forbidden: Iterable[tuple[Network, str]]) -> str | None:
    return next((reason for network, reason in forbidden if address in network), None)

"""Every block of the IANA special-purpose address registries: the verdicts on its first and last address and on the two
beside it.

The blocks are those of the IPv4 and IPv6 registries as of 2025-10-09 (RFC 6890 and its successors), and after them what is
forbidden beyond. `reachable` is their column "Globally Reachable", None where that says "N/A".
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import pytest

from inventory.http_client.guard import Guard

PUBLIC = None
NOWHERE = "not globally routable"
PROTOCOLS = "protocol assignments"
END = ""
"""No address exists there."""


@dataclass(frozen=True)
class Block:
    """The verdicts on the address before the block, on its first, on its last, and on the one after it."""

    network: str
    reachable: bool | None
    before: str | None
    first: str | None
    last: str | None
    after: str | None


IPV4 = [
    Block("0.0.0.0/8", False, END, "this network", "this network", PUBLIC),
    Block("0.0.0.0/32", False, END, "this network", "this network", "this network"),
    Block("10.0.0.0/8", False, PUBLIC, "private", "private", PUBLIC),
    Block("100.64.0.0/10", False, PUBLIC, "shared address space", "shared address space", PUBLIC),
    Block("127.0.0.0/8", False, PUBLIC, "loopback", "loopback", PUBLIC),
    Block("169.254.0.0/16", False, PUBLIC, "link-local", "link-local", PUBLIC),
    Block("172.16.0.0/12", False, PUBLIC, "private", "private", PUBLIC),
    Block("192.0.0.0/24", False, PUBLIC, PROTOCOLS, PROTOCOLS, PUBLIC),
    Block("192.0.0.0/29", False, PUBLIC, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # IPv4 service continuity
    Block("192.0.0.8/32", False, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # dummy address
    Block("192.0.0.9/32", True, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # PCP anycast
    Block("192.0.0.10/32", True, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # TURN anycast
    Block("192.0.0.170/32", False, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # NAT64 discovery
    Block("192.0.0.171/32", False, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # NAT64 discovery
    Block("192.0.2.0/24", False, PUBLIC, "documentation", "documentation", PUBLIC),
    Block("192.31.196.0/24", True, PUBLIC, "AS112", "AS112", PUBLIC),
    Block("192.52.193.0/24", True, PUBLIC, "AMT", "AMT", PUBLIC),
    Block("192.88.99.0/24", None, PUBLIC, "6to4 relay", "6to4 relay", PUBLIC),
    Block("192.88.99.2/32", False, "6to4 relay", "6to4 relay", "6to4 relay", "6to4 relay"),  # 6a44 relay
    Block("192.168.0.0/16", False, PUBLIC, "private", "private", PUBLIC),
    Block("192.175.48.0/24", True, PUBLIC, "AS112", "AS112", PUBLIC),
    Block("198.18.0.0/15", False, PUBLIC, "benchmarking", "benchmarking", PUBLIC),
    Block("198.51.100.0/24", False, PUBLIC, "documentation", "documentation", PUBLIC),
    Block("203.0.113.0/24", False, PUBLIC, "documentation", "documentation", PUBLIC),
    Block("240.0.0.0/4", False, "multicast", "reserved", "broadcast", END),
    Block("255.255.255.255/32", False, "reserved", "broadcast", "broadcast", END),
]

IPV6 = [
    Block("::1/128", False, "unspecified", "loopback", "loopback", "IPv4-compatible"),
    Block("::/128", False, END, "unspecified", "unspecified", "loopback"),
    Block("::ffff:0:0/96", False, NOWHERE, "this network", "broadcast", NOWHERE),  # judged as the IPv4 address
    Block("64:ff9b::/96", True, NOWHERE, "NAT64", "NAT64", NOWHERE),
    Block("64:ff9b:1::/48", False, NOWHERE, "NAT64", "NAT64", NOWHERE),
    Block("100::/64", False, NOWHERE, "discard-only", "discard-only", "dummy prefix"),
    Block("100:0:0:1::/64", False, "discard-only", "dummy prefix", "dummy prefix", NOWHERE),
    Block("2001::/23", False, PUBLIC, "Teredo", PROTOCOLS, PUBLIC),
    Block("2001::/32", None, PUBLIC, "Teredo", "Teredo", PROTOCOLS),
    Block("2001:1::1/128", True, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # PCP anycast
    Block("2001:1::2/128", True, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # TURN anycast
    Block("2001:1::3/128", True, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # DNS-SD registration anycast
    Block("2001:2::/48", False, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # benchmarking
    Block("2001:3::/32", True, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # AMT
    Block("2001:4:112::/48", True, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # AS112
    Block("2001:10::/28", None, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # ORCHID
    Block("2001:20::/28", True, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # ORCHIDv2
    Block("2001:30::/28", True, PROTOCOLS, PROTOCOLS, PROTOCOLS, PROTOCOLS),  # drone identifiers
    Block("2001:db8::/32", False, PUBLIC, "documentation", "documentation", PUBLIC),
    Block("2002::/16", None, PUBLIC, "6to4", "6to4", PUBLIC),
    Block("2620:4f:8000::/48", True, PUBLIC, "AS112", "AS112", PUBLIC),
    Block("3fff::/20", False, PUBLIC, "documentation", "documentation", PUBLIC),
    Block("5f00::/16", False, NOWHERE, "segment routing", "segment routing", NOWHERE),
    Block("fc00::/7", False, NOWHERE, "private", "private", NOWHERE),
    Block("fe80::/10", False, NOWHERE, "link-local", "link-local", "site-local"),
]

BEYOND = [
    Block("168.63.129.16/32", None, PUBLIC, "cloud platform", "cloud platform", PUBLIC),
    Block("224.0.0.0/4", None, PUBLIC, "multicast", "multicast", "reserved"),
    Block("::/96", None, END, "unspecified", "IPv4-compatible", NOWHERE),
    Block("::ffff:0:0:0/96", None, NOWHERE, "IPv4-translated", "IPv4-translated", NOWHERE),
    Block("2000::/3", None, NOWHERE, PUBLIC, PUBLIC, NOWHERE),
    Block("fec0::/10", None, "link-local", "site-local", "site-local", "multicast"),
    Block("ff00::/8", None, "site-local", "multicast", "multicast", END),
]


@pytest.mark.parametrize("block", [*IPV4, *IPV6, *BEYOND], ids=lambda block: block.network)
def test_a_block_is_judged_from_its_first_address_to_its_last_and_no_further(block: Block) -> None:
    network = ipaddress.ip_network(block.network)
    first, last = int(network[0]), int(network[-1])
    edges = {first - 1: block.before, first: block.first, last: block.last, last + 1: block.after}
    expected = {_address(number, network.version): verdict for number, verdict in edges.items() if verdict != END}

    assert {address: Guard().verdict(address) for address in expected} == expected


@pytest.mark.parametrize("block", [*IPV4, *IPV6], ids=lambda block: block.network)
def test_no_special_purpose_block_is_public_whatever_the_registry_says_of_its_reach(block: Block) -> None:
    assert block.first is not PUBLIC
    assert block.last is not PUBLIC


def test_the_registries_are_here_as_a_whole() -> None:
    assert (len(IPV4), len(IPV6)) == (26, 25)
    assert len({block.network for block in [*IPV4, *IPV6, *BEYOND]}) == 26 + 25 + len(BEYOND)


def _address(number: int, version: int) -> str:
    return str(ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number))

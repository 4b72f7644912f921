"""Address → verdict, in every spelling that an address can have; block by block it is in `test_registries`."""

from __future__ import annotations

import ipaddress

import pytest

from inventory.http_client.guard import Guard

PUBLIC = None

VERDICTS = [
    # Ordinary public addresses.
    ("1.1.1.1", PUBLIC),
    ("8.8.8.8", PUBLIC),
    ("93.184.216.34", PUBLIC),
    ("2606:4700:4700::1111", PUBLIC),
    ("2a00:1450:4001:81b::200e", PUBLIC),
    # 0.0.0.0/8
    ("0.0.0.0", "this network"),
    ("0.0.0.1", "this network"),
    ("0.255.255.255", "this network"),
    ("1.0.0.0", PUBLIC),
    # 10.0.0.0/8
    ("9.255.255.255", PUBLIC),
    ("10.0.0.0", "private"),
    ("10.255.255.255", "private"),
    ("11.0.0.0", PUBLIC),
    # 100.64.0.0/10
    ("100.63.255.255", PUBLIC),
    ("100.64.0.0", "shared address space"),
    ("100.100.100.200", "shared address space"),
    ("100.127.255.255", "shared address space"),
    ("100.128.0.0", PUBLIC),
    # 127.0.0.0/8
    ("126.255.255.255", PUBLIC),
    ("127.0.0.0", "loopback"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.255", "loopback"),
    ("128.0.0.0", PUBLIC),
    # Azure's wire server
    ("168.63.129.15", PUBLIC),
    ("168.63.129.16", "cloud platform"),
    ("168.63.129.17", PUBLIC),
    # 169.254.0.0/16
    ("169.253.255.255", PUBLIC),
    ("169.254.0.0", "link-local"),
    ("169.254.169.254", "link-local"),
    ("169.254.170.2", "link-local"),
    ("169.254.255.255", "link-local"),
    ("169.255.0.0", PUBLIC),
    # 172.16.0.0/12
    ("172.15.255.255", PUBLIC),
    ("172.16.0.0", "private"),
    ("172.31.255.255", "private"),
    ("172.32.0.0", PUBLIC),
    # 192.0.0.0/24, with the anycast addresses in it
    ("191.255.255.255", PUBLIC),
    ("192.0.0.0", "protocol assignments"),
    ("192.0.0.8", "protocol assignments"),
    ("192.0.0.9", "protocol assignments"),
    ("192.0.0.10", "protocol assignments"),
    ("192.0.0.170", "protocol assignments"),
    ("192.0.0.192", "protocol assignments"),
    ("192.0.0.255", "protocol assignments"),
    ("192.0.1.0", PUBLIC),
    # 192.0.2.0/24
    ("192.0.1.255", PUBLIC),
    ("192.0.2.0", "documentation"),
    ("192.0.2.255", "documentation"),
    ("192.0.3.0", PUBLIC),
    # AS112 and AMT: globally reachable, and answered by the nearest server, which may be one of your own network
    ("192.31.195.255", PUBLIC),
    ("192.31.196.0", "AS112"),
    ("192.31.196.255", "AS112"),
    ("192.31.197.0", PUBLIC),
    ("192.52.192.255", PUBLIC),
    ("192.52.193.0", "AMT"),
    ("192.52.193.255", "AMT"),
    ("192.52.194.0", PUBLIC),
    ("192.175.47.255", PUBLIC),
    ("192.175.48.0", "AS112"),
    ("192.175.48.255", "AS112"),
    ("192.175.49.0", PUBLIC),
    # 192.88.99.0/24
    ("192.88.98.255", PUBLIC),
    ("192.88.99.0", "6to4 relay"),
    ("192.88.99.255", "6to4 relay"),
    ("192.88.100.0", PUBLIC),
    # 192.168.0.0/16
    ("192.167.255.255", PUBLIC),
    ("192.168.0.0", "private"),
    ("192.168.255.255", "private"),
    ("192.169.0.0", PUBLIC),
    # 198.18.0.0/15
    ("198.17.255.255", PUBLIC),
    ("198.18.0.0", "benchmarking"),
    ("198.19.255.255", "benchmarking"),
    ("198.20.0.0", PUBLIC),
    # 198.51.100.0/24
    ("198.51.99.255", PUBLIC),
    ("198.51.100.0", "documentation"),
    ("198.51.100.255", "documentation"),
    ("198.51.101.0", PUBLIC),
    # 203.0.113.0/24
    ("203.0.112.255", PUBLIC),
    ("203.0.113.0", "documentation"),
    ("203.0.113.255", "documentation"),
    ("203.0.114.0", PUBLIC),
    # 224.0.0.0/4, 240.0.0.0/4, 255.255.255.255
    ("223.255.255.255", PUBLIC),
    ("224.0.0.0", "multicast"),
    ("239.255.255.255", "multicast"),
    ("240.0.0.0", "reserved"),
    ("255.255.255.254", "reserved"),
    ("255.255.255.255", "broadcast"),
    # ::, ::1, IPv4-compatible
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::2", "IPv4-compatible"),
    ("::127.0.0.1", "IPv4-compatible"),
    ("::8.8.8.8", "IPv4-compatible"),
    ("::ffff:ffff", "IPv4-compatible"),
    ("::1:0:0", "not globally routable"),
    # IPv4-mapped: the verdict of the IPv4 address
    ("::fffe:ffff:ffff", "not globally routable"),
    ("::ffff:0.0.0.0", "this network"),
    ("::ffff:127.0.0.1", "loopback"),
    ("::ffff:10.0.0.1", "private"),
    ("::ffff:169.254.169.254", "link-local"),
    ("::ffff:7f00:1", "loopback"),
    ("::ffff:8.8.8.8", PUBLIC),
    ("::ffff:255.255.255.255", "broadcast"),
    # IPv4-translated (SIIT)
    ("::ffff:0:0:0", "IPv4-translated"),
    ("::ffff:0:127.0.0.1", "IPv4-translated"),
    ("::ffff:0:ffff:ffff", "IPv4-translated"),
    ("::ffff:1:0:0", "not globally routable"),
    # NAT64
    ("64:ff9a:ffff:ffff:ffff:ffff:ffff:ffff", "not globally routable"),
    ("64:ff9b::", "NAT64"),
    ("64:ff9b::127.0.0.1", "NAT64"),
    ("64:ff9b::8.8.8.8", "NAT64"),
    ("64:ff9b::ffff:ffff", "NAT64"),
    ("64:ff9b::1:0:0", "not globally routable"),
    ("64:ff9b:1::", "NAT64"),
    ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "NAT64"),
    ("64:ff9b:2::", "not globally routable"),
    # 100::/64 and 100:0:0:1::/64
    ("ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not globally routable"),
    ("100::", "discard-only"),
    ("100::ffff:ffff:ffff:ffff", "discard-only"),
    ("100:0:0:1::", "dummy prefix"),
    ("100:0:0:1:ffff:ffff:ffff:ffff", "dummy prefix"),
    ("100:0:0:2::", "not globally routable"),
    # The edges of 2000::/3
    ("1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not globally routable"),
    ("2000::", PUBLIC),
    ("3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
    ("4000::", "not globally routable"),
    # 2001::/23 with Teredo, benchmarking, AMT, AS112, ORCHID and drone identifiers
    ("2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
    ("2001::", "Teredo"),
    ("2001::7f00:1", "Teredo"),
    ("2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo"),
    ("2001:1::1", "protocol assignments"),
    ("2001:1::2", "protocol assignments"),
    ("2001:1::3", "protocol assignments"),
    ("2001:2::", "protocol assignments"),
    ("2001:2:0:ffff:ffff:ffff:ffff:ffff", "protocol assignments"),
    ("2001:3::", "protocol assignments"),
    ("2001:4:112::", "protocol assignments"),
    ("2001:10::", "protocol assignments"),
    ("2001:1f:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"),
    ("2001:20::", "protocol assignments"),
    ("2001:2f:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"),
    ("2001:30::", "protocol assignments"),
    ("2001:3f:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"),
    ("2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "protocol assignments"),
    ("2001:200::", PUBLIC),
    # 2001:db8::/32
    ("2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
    ("2001:db8::", "documentation"),
    ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
    ("2001:db9::", PUBLIC),
    # 2002::/16
    ("2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
    ("2002::", "6to4"),
    ("2002:7f00:1::", "6to4"),
    ("2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "6to4"),
    ("2003::", PUBLIC),
    # 2620:4f:8000::/48
    ("2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
    ("2620:4f:8000::", "AS112"),
    ("2620:4f:8000:ffff:ffff:ffff:ffff:ffff", "AS112"),
    ("2620:4f:8001::", PUBLIC),
    # 3fff::/20
    ("3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", PUBLIC),
    ("3fff::", "documentation"),
    ("3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "documentation"),
    ("3fff:1000::", PUBLIC),
    # 5f00::/16
    ("5eff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not globally routable"),
    ("5f00::", "segment routing"),
    ("5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "segment routing"),
    ("5f01::", "not globally routable"),
    # fc00::/7
    ("fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not globally routable"),
    ("fc00::", "private"),
    ("fd00:ec2::254", "private"),
    ("fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "private"),
    ("fe00::", "not globally routable"),
    # fe80::/10, fec0::/10, ff00::/8
    ("fe7f:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "not globally routable"),
    ("fe80::", "link-local"),
    ("fe80::1%eth0", "link-local"),
    ("febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "link-local"),
    ("fec0::", "site-local"),
    ("feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "site-local"),
    ("ff00::", "multicast"),
    ("ff02::1", "multicast"),
    ("ff0e::1", "multicast"),
    ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast"),
    # Spellings that are not an address alone
    ("2606:4700:4700::1111%1", "scoped"),
    ("", "not an address"),
    ("localhost", "not an address"),
    ("127.1", "not an address"),
    ("0x7f000001", "not an address"),
    ("8.8.8.8/32", "not an address"),
]


@pytest.mark.parametrize(("address", "verdict"), VERDICTS, ids=[address or "nothing" for address, _ in VERDICTS])
def test_each_address_gets_its_verdict(address: str, verdict: str | None) -> None:
    assert Guard().verdict(address) == verdict


def test_the_table_is_long_enough_to_mean_something() -> None:
    assert len(VERDICTS) >= 120


def test_whatever_python_calls_not_global_is_refused_too() -> None:
    refused = [address for address, verdict in VERDICTS if verdict is PUBLIC and not _is_global(address)]

    assert refused == []


def test_an_address_object_is_judged_like_its_text() -> None:
    assert Guard().verdict(ipaddress.ip_address("10.1.2.3")) == "private"
    assert Guard().verdict(ipaddress.ip_address("2606:4700::1")) is None


def test_an_opened_network_is_reachable_in_every_spelling() -> None:
    guard = Guard([ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00:1::/32")])

    assert guard.verdict("10.1.2.3") is None
    assert guard.verdict("::ffff:10.1.2.3") is None
    assert guard.verdict("fd00:1::5") is None


def test_opening_one_network_opens_nothing_else() -> None:
    guard = Guard([ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00:1::/32")])
    refused = [address for address, verdict in VERDICTS if verdict is not PUBLIC]

    assert [address for address in refused if guard.verdict(address) is None] == []
    assert guard.verdict("10.0.255.255") == "private"
    assert guard.verdict("10.2.0.0") == "private"
    assert guard.verdict("64:ff9b::10.1.2.3") == "NAT64"
    assert guard.verdict("2002:a01:203::") == "6to4"


def test_opening_all_of_one_family_leaves_the_other_closed() -> None:
    assert Guard([ipaddress.ip_network("0.0.0.0/0")]).verdict("::1") == "loopback"
    assert Guard([ipaddress.ip_network("::/0")]).verdict("127.0.0.1") == "loopback"


def _is_global(address: str) -> bool:
    parsed = ipaddress.ip_address(address)
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return (mapped or parsed).is_global

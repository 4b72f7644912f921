"""Which address a request is from, behind proxies too, and which addresses count as one caller."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.access.address import TrustedProxies, caller_network
from inventory.errors import SettingError

PROXY, OTHER, CLIENT = "10.0.0.5", "10.0.0.6", "203.0.113.7"
PROXIES = TrustedProxies.of("10.0.0.0/24, 2001:db8:ffff::1")


def test_without_trusted_proxies_the_peer_counts_whatever_it_says() -> None:
    assert TrustedProxies.of("").client(PROXY, CLIENT) == PROXY


def test_a_peer_that_is_not_trusted_counts_whatever_it_says() -> None:
    assert PROXIES.client(CLIENT, "198.51.100.1") == CLIENT


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        (CLIENT, CLIENT),
        (f"{CLIENT}, {OTHER}", CLIENT),  # a proxy behind a proxy
        (f"198.51.100.1, {CLIENT}", CLIENT),  # the client made the first one up
        (f"198.51.100.1,{PROXY},{CLIENT},{OTHER}", CLIENT),  # and may pretend to be behind a proxy of ours
        (f"{CLIENT}:4711", CLIENT),
        ("2001:DB8:0::7", "2001:db8::7"),
        ("[2001:db8::7]:4711", "2001:db8::7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("::ffff:203.0.113.7", CLIENT),
        (f"{CLIENT}, 2001:db8:ffff::1", CLIENT),
    ],
)
def test_behind_trusted_proxies_the_last_address_counts_that_is_no_proxy(forwarded_for: str, client: str) -> None:
    assert PROXIES.client(PROXY, forwarded_for) == client


@pytest.mark.parametrize(
    "forwarded_for", ["", " ", "unknown", f"{CLIENT}, unknown", f"{CLIENT},", "203.0.113.07", "1" * 8_000]
)
def test_what_is_no_address_leaves_the_proxy_that_wrote_it(forwarded_for: str) -> None:
    assert PROXIES.client(PROXY, forwarded_for) == PROXY


def test_a_request_of_a_proxy_itself_is_from_the_first_of_them() -> None:
    assert PROXIES.client(PROXY, f"{OTHER}, {PROXY}") == OTHER


def test_if_everybody_is_trusted_the_last_address_counts_because_no_client_can_write_it() -> None:
    assert TrustedProxies.of("*").client("192.0.2.1", f"198.51.100.1, {CLIENT}") == CLIENT


def test_a_trusted_peer_is_recognised_where_the_system_shows_ipv4_as_ipv6() -> None:
    assert PROXIES.client(f"::ffff:{PROXY}", CLIENT) == CLIENT


def test_a_peer_without_an_address_counts_as_what_it_is_called() -> None:
    assert PROXIES.client("", CLIENT) == ""


@given(st.text(max_size=200))
def test_whatever_is_forwarded_the_client_is_an_address(forwarded_for: str) -> None:
    client = PROXIES.client(PROXY, forwarded_for)

    assert TrustedProxies.of(client).networks


@given(st.lists(st.ip_addresses().map(str), max_size=5))
def test_what_a_client_makes_up_changes_nothing(made_up: list[str]) -> None:
    assert PROXIES.client(PROXY, ", ".join([*made_up, CLIENT])) == CLIENT


@pytest.mark.parametrize("text", ["proxy.example.com", "10.0.0.1/24", "10.0.0.300"])
def test_proxies_that_cannot_be_read_are_named(text: str) -> None:
    with pytest.raises(SettingError, match="FORWARDED_ALLOW_IPS"):
        TrustedProxies.of(text)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        (CLIENT, CLIENT),
        ("::ffff:203.0.113.7", CLIENT),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::1", "2001:db8:1:3::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_an_ipv6_subscriber_is_one_caller(address: str, network: str) -> None:
    assert caller_network(address) == network

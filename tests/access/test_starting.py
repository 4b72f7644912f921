"""A service that the network reaches does not start closed to everybody, and says what to do."""

from __future__ import annotations

from datetime import timedelta

import pytest

from inventory.access import starting
from inventory.access.model import Mode
from inventory.config import Settings
from inventory.errors import StartError
from tests.access.fakes import MemoryKeys
from tests.contract.actions import NOW


@pytest.mark.parametrize(
    ("host", "mode"),
    [
        ("127.0.0.1", Mode.OPEN),
        ("127.9.9.9", Mode.OPEN),
        ("localhost", Mode.OPEN),
        ("::1", Mode.OPEN),
        ("0.0.0.0", Mode.KEYS),
        ("::", Mode.KEYS),
        ("192.0.2.1", Mode.KEYS),
        ("inventory.example.com", Mode.KEYS),
    ],
)
def test_a_service_is_open_on_loopback_only(host: str, mode: Mode) -> None:
    assert Settings(host=host).mode is mode
    assert Settings(host=host, access=Mode.READONLY_OPEN).mode is Mode.READONLY_OPEN


def test_without_a_usable_key_nobody_could_ask_anything() -> None:
    keys = MemoryKeys()
    keys.make(expires_at=NOW)
    keys.make(revoked_at=NOW - timedelta(days=1))

    with pytest.raises(StartError, match=r"inventory keys create NAME --scope admin.*INVENTORY_ACCESS=open") as raised:
        starting.check("0.0.0.0", Mode.KEYS, keys, now=NOW)
    assert "\n" not in str(raised.value)


def test_it_starts_with_a_key_on_loopback_and_where_it_was_opened() -> None:
    keys = MemoryKeys()
    for host, mode in (("127.0.0.1", Mode.KEYS), ("0.0.0.0", Mode.OPEN), ("0.0.0.0", Mode.READONLY_OPEN)):
        starting.check(host, mode, keys, now=NOW)

    keys.make(expires_at=NOW + timedelta(seconds=1))

    starting.check("0.0.0.0", Mode.KEYS, keys, now=NOW)


@pytest.mark.parametrize("hosts", [["0.0.0.0"], ["127.0.0.1", "::"], ["192.0.2.1"]])
def test_a_server_that_listens_on_more_than_the_settings_say_is_not_open_by_default(hosts: list[str]) -> None:
    with pytest.raises(StartError, match=r"INVENTORY_HOST is 127\.0\.0\.1.*INVENTORY_ACCESS"):
        starting.check_bound(hosts, "127.0.0.1", None)

    for chosen in Mode:
        starting.check_bound(hosts, "127.0.0.1", chosen)
    starting.check_bound(hosts, "0.0.0.0", None)
    starting.check_bound(["127.0.0.1", "::1", "localhost"], "127.0.0.1", None)


def test_who_names_a_host_of_the_network_is_warned_that_everything_is_open() -> None:
    for names, url in (((".example.net",), ""), ((), "https://inventory.example.com/")):
        warning = starting.warning(names, url, "127.0.0.1", None)
        assert warning is not None
        assert "INVENTORY_ACCESS" in warning
        assert starting.warning(names, url, "127.0.0.1", Mode.OPEN) is None
        assert starting.warning(names, url, "0.0.0.0", None) is None
    assert starting.warning(("localhost",), "http://[::1]:8000", "127.0.0.1", None) is None

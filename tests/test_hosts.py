"""Which host a request is for, and whether it is one of ours."""

from __future__ import annotations

import pytest

from inventory.config import Settings
from inventory.hosts import AllowedHosts, Authority, is_of_host, read_authority, read_entry

NONE = AllowedHosts.of((), "127.0.0.1")


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("localhost", "localhost", None),
        ("LOCALHOST.:8000", "localhost", 8000),
        ("localhost:", "localhost", None),
        ("my_service:80", "my_service", 80),
        ("xn--bcher-kva.example", "xn--bcher-kva.example", None),
        ("127.0.0.1.", "127.0.0.1", None),
        ("[::1]:8000", "::1", 8000),
        ("[0:0:0:0:0:0:0:1]", "::1", None),
        ("[::ffff:7f00:1]", "127.0.0.1", None),
        ("[FD00::A]", "fd00::a", None),
    ],
)
def test_a_host_has_one_spelling(text: str, host: str, port: int | None) -> None:
    assert read_authority(text) == Authority(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        ".",
        "localhost..",
        ".localhost",
        "a..b",
        "localhost,evil.example",
        "localhost evil.example",
        "localhost\tevil.example",
        "user@localhost",
        "localhost:80@evil.example",
        "localhost/evil",
        "localhost#",
        "localhost?",
        "localhost\\",
        "localhost%00",
        "localhost\0",
        "localhost\n",
        "localhost:x",
        "localhost:-1",
        "localhost:+1",
        "localhost:65536",
        "localhost:80:80",
        "localhost:٨",
        "ｌocalhost",
        "bücher.example",
        "[::1",
        "::1",
        "[::1]x",
        "[::1%lo]",
        "[::1%25lo]",
        "[127.0.0.1]",
        "[]",
        "127.0.0.999",
        "127.1",
        "127.0.0.01",
        "1",
        "x" * 300,
    ],
)
def test_any_other_text_is_not_a_host(text: str) -> None:
    assert read_authority(text) is None
    assert not NONE.admit(text)


@pytest.mark.parametrize(
    "host", ["localhost", "Localhost:1", "localhost.", "127.0.0.1:8000", "127.8.9.10", "[::1]:8000", "[::ffff:7f00:1]"]
)
def test_loopback_is_always_ours(host: str) -> None:
    assert NONE.admit(host)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8000",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "evil-localhost",
        "sub.localhost",
        "localhost.localdomain",
        "0.0.0.0:8000",
        "[::]:8000",
        "10.0.0.1",
        "[fd00::1]",
        "0x7f.0.0.1",
        "2130706433",
    ],
)
def test_no_other_name_is_ours_by_default(host: str) -> None:
    assert not NONE.admit(host)


@pytest.mark.parametrize(
    ("entry", "admitted", "others"),
    [
        (
            "inventory.example",
            ["inventory.example", "INVENTORY.example.:80"],
            ["x.inventory.example", "example", "inventory"],
        ),
        (
            ".example.net",
            ["example.net", "a.example.net", "a.b.example.net:1"],
            ["badexample.net", "example.net.evil", "net"],
        ),
        ("10.1.2.3", ["10.1.2.3:8000"], ["10.1.2.4", "10.1.2.3.evil"]),
        ("fd00::1", ["[fd00::1]:8000", "[FD00:0::1]"], ["[fd00::2]"]),
        ("[fd00::1]", ["[fd00::1]"], ["fd00::1"]),
        ("bücher.example", ["xn--bcher-kva.example"], ["bücher.example"]),
        ("API", ["api:8000"], ["api.evil.example"]),
    ],
)
def test_a_host_that_is_listed_is_ours(entry: str, admitted: list[str], others: list[str]) -> None:
    hosts = AllowedHosts.of([read_entry(entry)], "127.0.0.1")

    assert [hosts.admit(host) for host in admitted] == [True] * len(admitted)
    assert [hosts.admit(host) for host in others] == [False] * len(others)


@pytest.mark.parametrize(
    "entry",
    ["", ".", "..", "*", "*.example", "h:80", "http://h", "h/", "a b", "u@h", ".10.0.0.1", "[h]", "::g", "h%", "999.1.2.3"],
)
def test_any_other_text_cannot_be_listed(entry: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - the message that people see is the setting's
        read_entry(entry)


@pytest.mark.parametrize(
    ("listening_on", "host", "admitted"),
    [
        ("192.168.1.5", "192.168.1.5:8000", True),
        ("fd00::1", "[fd00::1]:8000", True),
        ("Inventory.lan", "inventory.lan", True),
        ("0.0.0.0", "0.0.0.0:8000", False),
        ("::", "[::]:8000", False),
        ("", "", False),
    ],
)
def test_the_address_that_the_service_listens_on_is_ours_unless_it_means_all(
    listening_on: str, host: str, admitted: bool
) -> None:
    assert Settings(host=listening_on).hosts.admit(host) is admitted


@pytest.mark.parametrize(
    ("url", "host", "same"),
    [
        ("http://localhost:8000", "localhost:8000", True),
        ("http://LOCALHOST:8000/path?query", "localhost:8000", True),
        ("http://localhost", "localhost:80", True),
        ("http://localhost:80", "localhost", True),
        ("https://inventory.example", "inventory.example:443", True),
        ("https://inventory.example:443", "inventory.example", True),
        ("https://inventory.example", "inventory.example", True),
        ("http://[::1]:8000", "[0:0::1]:8000", True),
        ("http://localhost:8001", "localhost:8000", False),
        ("http://127.0.0.1:8000", "localhost:8000", False),
        ("http://localhost:443", "localhost", False),
        ("http://evil.example:8000", "localhost:8000", False),
        ("http://localhost:8000@evil.example", "localhost:8000", False),
        ("http://localhost:8000\\@evil.example", "localhost:8000", False),
        ("http://evil.example/http://localhost:8000", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("null", "null", False),
        ("file://", "localhost:8000", False),
        ("chrome-extension://localhost:8000", "localhost:8000", False),
        ("localhost:8000", "localhost:8000", False),
        ("http://localhost:8000, http://evil.example", "localhost:8000", False),
        ("", "", False),
    ],
)
def test_an_origin_is_of_a_host_if_host_and_port_are_the_same(url: str, host: str, same: bool) -> None:
    assert is_of_host(url, host) is same

"""An address of this machine is not called, whatever its number is: a firewall in front of the machine sees no such call."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable

import pytest

from inventory import urls
from inventory.errors import SourceFailure
from inventory.http_client.connector import Connector, is_own
from inventory.http_client.deadline import Deadline
from inventory.http_client.guard import Address, Guard
from inventory.http_client.resolver import Resolver
from inventory.http_client.transport import Request, RequestTiming
from tests.upstreams.torture import Torture

PUBLIC = "93.184.216.34"


class LikePublic(Guard):
    """Takes each address for a public one."""

    def verdict(self, address: str | Address) -> str | None:
        return None


def connect(guard: Guard, url: str, own: Callable[[str], bool]) -> socket.socket:
    connector = Connector(guard, Resolver(lambda host: [PUBLIC]), own)
    request = Request(url=urls.parse(url), headers={}, deadline=Deadline(20))
    return connector.connect(request, RequestTiming())[0]


@pytest.mark.parametrize(
    ("host", "address"), [(PUBLIC, PUBLIC), ("name.test", PUBLIC), (f"[::ffff:{PUBLIC}]", "::ffff:93.184.216.34")]
)
def test_a_public_address_of_this_machine_is_not_called(host: str, address: str) -> None:
    asked: list[str] = []

    with pytest.raises(SourceFailure) as caught:
        connect(Guard(), f"http://{host}/", lambda each: not asked.append(each))

    assert (caught.value.code, caught.value.permanent) == ("forbidden_address", True)
    assert caught.value.evidence["reason"] == "this machine"
    assert list(map(ipaddress.ip_address, asked)) == [ipaddress.ip_address(address)]


def test_nothing_is_sent_to_one_that_turns_out_to_be_when_it_was_called() -> None:
    answers = [False, True]

    with Torture() as server, pytest.raises(SourceFailure) as caught:
        connect(LikePublic(), f"http://127.0.0.1:{server.port}/", lambda _: answers.pop(0))

    assert caught.value.evidence["reason"] == "this machine"


def test_one_that_was_opened_is_called() -> None:
    with Torture() as server:
        opened = Guard([ipaddress.ip_network("127.0.0.1/32")])
        connect(opened, f"http://127.0.0.1:{server.port}/", lambda _: True).close()


@pytest.mark.parametrize(("address", "own"), [("127.0.0.1", True), ("192.0.2.1", False), ("2001:db8::1", False)])
def test_the_system_tells_which_addresses_are_its_own(address: str, own: bool) -> None:
    assert is_own(address) is own

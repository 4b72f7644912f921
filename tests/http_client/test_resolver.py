"""What this machine lacks to look a name up says nothing of the name."""

from __future__ import annotations

import socket
import threading
from functools import partial
from typing import NoReturn

import pytest

from inventory.errors import NoRoom, SourceFailure
from inventory.http_client.deadline import Deadline
from inventory.http_client.resolver import MAX_LOOKUPS, SPARE_DESCRIPTORS, Resolver, resolve
from tests.http_client.descriptors import no_descriptors


@pytest.mark.parametrize("left", [0, 1, SPARE_DESCRIPTORS // 2])
def test_a_name_is_not_said_to_be_unknown_where_no_descriptors_are_left_to_ask(left: int) -> None:
    with no_descriptors(left), pytest.raises(NoRoom, match="Too many open files"):
        Resolver(partial(resolve, ask=_knows_nothing)).addresses("localhost", Deadline(20))


def test_a_name_is_said_to_be_unknown_where_they_are_left() -> None:
    with pytest.raises(SourceFailure) as caught:
        Resolver(partial(resolve, ask=_knows_nothing)).addresses("localhost", Deadline(20))

    assert (caught.value.code, caught.value.permanent) == ("dns_failure", True)


def test_lookups_for_which_the_system_gives_no_thread_take_no_slot() -> None:
    resolver = Resolver(lambda host: ["192.0.2.1"])
    before = threading.stack_size(2**60)  # more memory than there is
    try:
        for _ in range(MAX_LOOKUPS):
            with pytest.raises(NoRoom, match="thread"):
                resolver.addresses("name.test", Deadline(20))
    finally:
        threading.stack_size(before)

    assert resolver.addresses("name.test", Deadline(20)) == ["192.0.2.1"]


def _knows_nothing(*_arguments: object, **_options: object) -> NoReturn:
    """What glibc says of every name, /etc/hosts included, where it can open nothing."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

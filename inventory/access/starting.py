"""Whether a service may start: one that the network reaches is closed, unless it has a key or was opened on purpose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from inventory.access.model import Mode
from inventory.access.ports import Keys
from inventory.errors import StartError
from inventory.hosts import is_loopback


def check(host: str, mode: Mode, keys: Keys, *, now: datetime, command: str = "inventory") -> None:
    """`StartError` if nobody could ask anything of a service that listens on this host. May raise `StorageUnavailable`.

    `command` is what makes keys in this store.
    """
    if mode is Mode.KEYS and not is_loopback(host) and not keys.any_usable(now=now):
        raise StartError(
            f"The host {host} is reached from the network, and there is no usable key, so nobody could ask anything."
            f" Make a key with `{command} keys create NAME --scope admin`, or set INVENTORY_ACCESS=open on purpose."
        )


def check_bound(hosts: Iterable[str], host: str, access: Mode | None) -> None:
    """`StartError` if a server listens on more than INVENTORY_HOST says, and would be open only because that is loopback.

    `access` is what was chosen, None for the default, which looks at `host` alone.
    """
    reached = [each for each in hosts if not is_loopback(each)]
    if access is None and is_loopback(host) and reached:
        raise StartError(
            f"The server listens on {reached[0]}, which is reached from the network, but INVENTORY_HOST is {host}, so"
            f" everybody might do everything. Set INVENTORY_HOST={reached[0]}, or say what is meant by INVENTORY_ACCESS."
        )


def warning(names: Iterable[str], public_url: str, host: str, access: Mode | None) -> str | None:
    """What is to be looked at if a service is open by default, and yet its settings name a host of the network.

    Then a proxy on this machine may lead everybody to it. `names` are INVENTORY_ALLOWED_HOSTS.
    """
    named = [name for name in (*names, urlsplit(public_url).hostname or "localhost") if not is_loopback(name)]
    if access is not None or not is_loopback(host) or not named:
        return None
    return (
        f"Everything is open, because INVENTORY_HOST is {host}, but the settings name the host {named[0]}. If a proxy leads"
        " there, everybody may do everything: set INVENTORY_ACCESS to keys, or to open on purpose."
    )

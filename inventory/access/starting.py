"""Whether a service may start: one that the network reaches is closed, unless it has a key or was opened on purpose."""

from __future__ import annotations

from datetime import datetime

from inventory.access.model import Mode
from inventory.access.ports import Keys
from inventory.errors import StartError
from inventory.hosts import is_loopback


def check(host: str, mode: Mode, keys: Keys, *, now: datetime) -> None:
    """`StartError` if nobody could ask anything of a service that listens on this host. May raise `StorageUnavailable`."""
    if mode is Mode.KEYS and not is_loopback(host) and not keys.any_usable(now=now):
        raise StartError(
            f"INVENTORY_HOST={host} is reached from the network, and there is no usable key, so nobody could ask anything."
            " Make a key with `inventory keys create NAME --scope admin`, or set INVENTORY_ACCESS=open on purpose."
        )

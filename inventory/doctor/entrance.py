"""Where the API listens, and who may come in."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from http.client import HTTPConnection, HTTPException

from inventory.access import starting
from inventory.access.model import Mode
from inventory.access.ports import Keys
from inventory.config import Settings
from inventory.doctor.model import Finding, ok, problem, warning
from inventory.errors import StartError
from inventory.hosts import is_loopback
from inventory.local_stack import free_ports

EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - to be asked, not listened on
TIMEOUT = 3.0


def ports(settings: Settings, *, is_up: bool) -> Iterator[Finding]:
    """Whether the API answers where it should, or could listen there if nothing runs."""
    where = f"{settings.host}:{settings.port}"
    if _answers(settings):
        yield from _answered(settings, where, is_up=is_up)
    elif is_up:
        log = settings.data_dir / "log" / "api.log"
        yield problem("ports", f"`inventory up` runs, and its API does not answer at {where}.", f"Look into {log}.")
    elif settings.redis_url:
        yield ok("ports", f"Nothing answers at {where} on this machine; the API may run on another one.")
    else:
        try:
            free_ports.check(settings)
        except StartError as error:
            yield problem("ports", f"{error}.", "")
        else:
            yield ok("ports", f"Nothing runs, and ports {settings.port} and {settings.dashboard_port} are free.")


def access(settings: Settings) -> Iterator[Finding]:
    """Whether the network reaches a service that is open to all."""
    mode = settings.mode
    if mode is Mode.OPEN and not is_loopback(settings.host):
        text = f"Everybody who reaches {settings.host}:{settings.port} may do everything without a key."
        yield warning("access", text, "Set INVENTORY_ACCESS=keys, unless only a private network reaches it.")
    elif said := starting.warning(settings.allowed_hosts, settings.public_url, settings.host, settings.access):
        yield warning("access", said, "")
    else:
        yield ok("access", f"The access is `{mode.value}`, and the API listens on {settings.host}.")


def keys(settings: Settings, kept: Keys, *, now: datetime) -> Iterator[Finding]:
    """Whether there is a key where nothing is answered without one."""
    try:
        starting.check(settings.host, settings.mode, kept, now=now)
    except StartError as error:
        yield problem("access", str(error), "")


def _answered(settings: Settings, where: str, *, is_up: bool) -> Iterator[Finding]:
    if is_up or settings.redis_url:
        yield ok("ports", f"The API answers at {where}.")
    else:
        text = f"An API answers at {where}, although no `inventory up` runs with {settings.data_dir}."
        yield warning("ports", text, "It may have another data folder: give the settings of the one that is meant.")


def _answers(settings: Settings) -> bool:
    connection = HTTPConnection(EVERYWHERE.get(settings.host, settings.host), settings.port, timeout=TIMEOUT)
    try:
        connection.request("GET", "/healthz", headers={"Host": "localhost"})
        return b"alive" in connection.getresponse().read()
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()

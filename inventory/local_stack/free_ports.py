"""Whether the ports are free that a stack needs. If not, a `StartError` says in one line what to change."""

from __future__ import annotations

import errno
import socket

from inventory.config import Settings
from inventory.demo import addresses
from inventory.errors import StartError
from inventory.local_stack.demo import Demo

OTHER_PORTS = "choose five free ports in a row, and give the first one as --demo-port"


def check(settings: Settings) -> None:
    """Return if API and dashboard can listen where the settings say."""
    if settings.port == settings.dashboard_port:
        raise StartError(f"INVENTORY_PORT and INVENTORY_DASHBOARD_PORT are both {settings.port}: choose two ports")
    for name, port in (("INVENTORY_PORT", settings.port), ("INVENTORY_DASHBOARD_PORT", settings.dashboard_port)):
        _listen_once(name, settings.host, port)


def check_for_demo(demo: Demo, settings: Settings) -> None:
    """Return if the demo upstreams can listen on their ports."""
    for port in demo.ports.values():
        if port in (settings.port, settings.dashboard_port):
            raise StartError(f"the demo would use port {port}, which API or dashboard needs: {OTHER_PORTS}")
        try:
            _listen_once("--demo-port", addresses.HOST, port)
        except StartError as error:
            raise StartError(f"the demo cannot listen on {addresses.HOST}:{port}: {OTHER_PORTS}") from error


def _listen_once(name: str, host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as error:
            raise StartError(f"INVENTORY_HOST={host!r} is not an address of this machine: {error.strerror}") from error
        except OSError as error:
            raise StartError(_why_not(error, name, host, port)) from error


def _why_not(error: OSError, name: str, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"{name}={port} is taken: another program listens on {host}:{port}; stop it, or set {name} to a free port"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"INVENTORY_HOST={host!r} is not an address of this machine"
    return f"{name}={port} cannot be used on {host}: {error.strerror}; set {name} to a free port from 1024 on"

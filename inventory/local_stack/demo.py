"""What `inventory up --demo` adds: made-up upstreams, settings that point there, and a folder apart from real data."""

from __future__ import annotations

import ipaddress
import shlex
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from inventory.config import Settings
from inventory.demo import addresses
from inventory.local_stack.programs import Program

LOOPBACK = ipaddress.ip_network(f"{addresses.HOST}/32")


@dataclass(frozen=True, slots=True)
class Demo:
    """The demo upstreams, on five ports in a row."""

    first_port: int

    @property
    def ports(self) -> Mapping[str, int]:
        """The port of each upstream."""
        return addresses.ports(self.first_port)

    @property
    def urls(self) -> Mapping[str, str]:
        """The URL of each upstream, without a path."""
        return addresses.urls(self.ports)

    @property
    def program(self) -> Program:
        """The program that serves them."""
        return Program("demo", [sys.executable, "-m", "inventory.demo", "--port", str(self.first_port)], 5)

    def own_folder(self, settings: Settings) -> Settings:
        """The settings with the demo's own data folder."""
        return replace(settings, data_dir=settings.data_dir / "demo")

    def environment(self, settings: Settings) -> dict[str, str]:
        """Variables that make all programs of the stack call these upstreams, and without a key, whatever else is set."""
        networks = dict.fromkeys((*settings.allow_networks, LOOPBACK))
        return {
            "INVENTORY_ALLOW_NETWORKS": ",".join(map(str, networks)),
            "INVENTORY_WEATHER_URL": f"{self.urls['weather']}/v1/forecast",
            "INVENTORY_WEATHER_GEOCODING_URL": f"{self.urls['weather']}/v1/search",
            "INVENTORY_OPENWEATHER_KEY": "",
            "INVENTORY_PRODUCT_FEEDS": str(feeds_file(settings)),
        }

    def write_files(self, settings: Settings, environment: Mapping[str, str]) -> None:
        """Write the feeds, and the settings of the stack for commands in other terminals, readable by the owner alone."""
        feeds_file(settings).write_text(addresses.feeds(self.ports), encoding="utf-8")
        file = environment_file(settings)
        file.touch(0o600)
        file.write_text(
            "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()), encoding="utf-8"
        )


def feeds_file(settings: Settings) -> Path:
    """The file that describes the feeds."""
    return settings.data_dir / "feeds.yaml"


def environment_file(settings: Settings) -> Path:
    """The file that a shell reads to use the same stack."""
    return settings.data_dir / "demo.env"

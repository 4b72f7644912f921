"""Where the demo upstreams listen: on five ports in a row on loopback; and the feeds that point there."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from string import Template

HOST = "127.0.0.1"
FIRST_PORT = 8100
NAMES = ("pages", "weather", "acme", "bazaar", "corner")
SHOPS: Mapping[str, int] = {"acme": 148, "bazaar": 132, "corner": 160}
"""The product APIs, and how many products each has."""
SHOP_LIMIT = 5
"""Requests that a product API takes in any second."""
FEEDS = Path(__file__).with_name("feeds.yaml")


def ports(first: int) -> Mapping[str, int]:
    """The port of each upstream."""
    return dict(zip(NAMES, range(first, first + len(NAMES)), strict=True))


def urls(ports: Mapping[str, int]) -> Mapping[str, str]:
    """The URL of each upstream, without a path."""
    return {name: f"http://{HOST}:{port}" for name, port in ports.items()}


def feeds(ports: Mapping[str, int]) -> str:
    """The YAML that describes the product feeds on these ports."""
    return Template(FEEDS.read_text(encoding="utf-8")).substitute(
        {f"DEMO_{name.upper()}": f"{HOST}:{ports[name]}" for name in SHOPS}
    )

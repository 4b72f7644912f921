"""All demo upstreams of one program."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from inventory.clock import Clock, utc_now
from inventory.demo.addresses import HOST, SHOP_LIMIT, SHOPS
from inventory.demo.catalogue import Catalogue
from inventory.demo.exchange import Site
from inventory.demo.pages import Pages
from inventory.demo.server import serve
from inventory.demo.shapes import Acme, Bazaar, Corner
from inventory.demo.shop import Shape, Shop
from inventory.demo.upstream import Trouble, Upstream
from inventory.demo.weather import Weather


@dataclass(frozen=True)
class Choices:
    """How the upstreams behave.

    `failures` is the share of requests to a product API that fail. `dead` names upstreams that do not answer. `products` is
    how many each shop has, by name.
    """

    seed: int = 1
    failures: float = 0.2
    malformed: bool = True
    dead: Collection[str] = ()
    products: Mapping[str, int] = field(default_factory=lambda: SHOPS)


def build(choices: Choices, *, clock: Callable[[], float] = time.monotonic, now: Clock = utc_now) -> Mapping[str, Upstream]:
    """The upstreams by name; `clock` counts seconds for the rate limits, `now` is the time of the weather."""
    shops: Mapping[str, Shape] = {"acme": Acme(), "bazaar": Bazaar(), "corner": Corner()}
    sites: dict[str, Site] = {"pages": Pages(choices.seed), "weather": Weather(choices.seed, now=now)}
    for name, shape in shops.items():
        catalogue = Catalogue(name, choices.seed, choices.products[name], malformed=choices.malformed)
        sites[name] = Shop(catalogue, shape)
    # Short enough for 5 pages a second from APIs whose pages can only be requested one after the other.
    shop: dict[str, Any] = {"trouble": Trouble(choices.failures, 0.02, 0.12), "limit": SHOP_LIMIT}
    return {
        name: Upstream(
            name, site, seed=choices.seed, clock=clock, dead=name in choices.dead, **(shop if name in shops else {})
        )
        for name, site in sites.items()
    }


async def listen(
    upstreams: Mapping[str, Upstream], ports: Mapping[str, int], *, host: str = HOST
) -> Mapping[str, asyncio.Server]:
    """Serve each upstream on its port of an address, 0 being any free one; `OSError` when one is taken."""
    return {name: await serve(upstream, host, ports[name]) for name, upstream in upstreams.items()}


def listening_on(servers: Mapping[str, asyncio.Server]) -> Mapping[str, int]:
    """The ports on which they listen."""
    return {name: server.sockets[0].getsockname()[1] for name, server in servers.items()}

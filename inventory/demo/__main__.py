"""`python -m inventory.demo` serves the demo upstreams until SIGINT or SIGTERM, and prints their URLs as a line of JSON."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Mapping

from inventory.demo import addresses
from inventory.demo.upstreams import Choices, build, listen, listening_on


def main() -> None:
    """Read the options and serve."""
    options = argparse.ArgumentParser(prog="python -m inventory.demo", description=__doc__)
    options.add_argument(
        "--port", type=int, default=addresses.FIRST_PORT, help="the first of five ports in a row; 0 takes any free ones"
    )
    options.add_argument("--host", default=addresses.HOST, help="the address to listen on (%(default)s)")
    options.add_argument("--seed", type=int, default=Choices.seed, help="the seed of everything random (%(default)s)")
    options.add_argument("--failures", type=_share, default=Choices.failures, help="share of product requests that fail")
    options.add_argument("--products", type=_products, help="how many products each shop has, from 60")
    options.add_argument("--well-formed", action="store_true", help="without a broken page and malformed products")
    options.add_argument(
        "--dead", action="append", default=[], choices=addresses.NAMES, help="an upstream that answers nothing"
    )
    given = options.parse_args()
    products = dict.fromkeys(addresses.SHOPS, given.products) if given.products else addresses.SHOPS
    choices = Choices(given.seed, given.failures, not given.well_formed, given.dead, products)
    ports = addresses.ports(given.port) if given.port else dict.fromkeys(addresses.NAMES, 0)
    try:
        asyncio.run(_serve(choices, ports, given.host))
    except OSError as error:
        sys.exit(f"inventory.demo: {error}")


async def _serve(choices: Choices, ports: Mapping[str, int], host: str) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    servers = await listen(build(choices), ports, host=host)
    sys.stdout.write(json.dumps(addresses.urls(listening_on(servers))) + "\n")
    sys.stdout.flush()
    await stopped.wait()
    for server in servers.values():
        server.close()


def _share(text: str) -> float:
    share = float(text)
    if not 0 <= share <= 1:
        raise ValueError("not a share")
    return share


def _products(text: str) -> int:
    count = int(text)
    if count < 60:
        raise ValueError("too few for a broken page between whole ones")
    return count


if __name__ == "__main__":
    main()

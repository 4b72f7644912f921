"""`python -m tests.upstreams --port 0`: the upstream as a program; it prints its URL and serves until it is stopped."""

from __future__ import annotations

import argparse
import signal
import sys

from tests.upstreams.server import Upstream


def main() -> None:
    options = argparse.ArgumentParser(prog="python -m tests.upstreams", description=__doc__)
    options.add_argument("--host", default="127.0.0.1")
    options.add_argument("--port", type=int, default=0)
    chosen = options.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with Upstream(chosen.host, chosen.port) as upstream:
        sys.stdout.write(upstream.url("") + "\n")
        sys.stdout.flush()
        while True:
            signal.pause()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(130)

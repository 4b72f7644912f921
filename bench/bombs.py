"""`python -m bench.bombs PORT`: an upstream that answers with bombs of 2 GiB, in a program of its own."""

from __future__ import annotations

import sys
from threading import Event

from tests.upstreams.torture import Torture


def main() -> None:
    """Serve until the end of the program."""
    with Torture(port=int(sys.argv[1])):
        Event().wait()


if __name__ == "__main__":
    main()

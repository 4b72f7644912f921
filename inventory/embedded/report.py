"""The start-up report of `inventory up`: waits until the API is ready, then says where everything is."""

from __future__ import annotations

import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException

from rich.console import Console
from rich.text import Text

from inventory.config import Settings

PATIENCE = 20.0
"""Seconds after which a person wants to know why it takes so long."""
PAUSE = 0.2
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - these are looked up, not listened on


def main() -> None:
    """Print the report of the stack whose settings are in the environment."""
    settings = Settings.read()
    console = Console(highlight=False, soft_wrap=True)
    late = lambda: console.print(_late(settings))  # noqa: E731
    wait_until(lambda: is_ready(settings), late=late, clock=time.monotonic, pause=time.sleep)
    console.print(report(settings))


def wait_until(
    ready: Callable[[], bool], *, late: Callable[[], None], clock: Callable[[], float], pause: Callable[[float], None]
) -> None:
    """Return when it is ready; call `late` once when that takes longer than a person expects."""
    told, began = False, clock()
    while not ready():
        if not told and clock() - began > PATIENCE:
            late()
            told = True
        pause(PAUSE)


def is_ready(settings: Settings) -> bool:
    """Whether `/readyz` answers 200."""
    connection = HTTPConnection(_reachable(settings.host), settings.port, timeout=5)
    try:
        connection.request("GET", "/readyz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


def report(settings: Settings) -> Text:
    """What a person needs who has just started it; no line is broken, so that each can be copied."""
    api, queue = _url(settings.host, settings.port), _url(settings.host, settings.dashboard_port)
    lines = {
        "API": f"{api}/api/v1/metadata",
        "Documentation": f"{api}/docs",
        "Queue": queue if _local(settings.host) else f"{queue} (it has no login: keep it private)",
        "Kept in": str(settings.data_dir),
        "Logs": str(settings.data_dir / "log"),
        "Try": f"curl -i '{api}/api/v1/metadata?url=https://example.com/'",
        "Stop": "Ctrl-C",
    }
    rows = [Text("  ").append(f"{name:<15}", style="bold").append(value) for name, value in lines.items()]
    return Text("\n").join([Text("Inventory is ready", style="bold green"), *rows])


def _late(settings: Settings) -> str:
    log = settings.data_dir / "log" / "api.log"
    return f"The API is not ready after {PATIENCE:.0f} s. What it says is in {log}; waiting on."


def _url(host: str, port: int) -> str:
    reachable = _reachable(host)
    return f"http://[{reachable}]:{port}" if ":" in reachable else f"http://{reachable}:{port}"


def _reachable(host: str) -> str:
    return EVERYWHERE.get(host, host)


def _local(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")


if __name__ == "__main__":
    main()

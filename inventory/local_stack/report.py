"""The start-up report of `inventory up`: waits until the API is ready, then says where everything is."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path

from rich.console import Console
from rich.text import Text

from inventory.access.model import Mode
from inventory.config import Settings
from inventory.demo.addresses import HOST, SHOPS
from inventory.hosts import bracketed
from inventory.local_stack.demo import Demo, environment_file

LATE_AFTER = 20.0
"""Seconds after which the report says that it still waits."""
SETTLED_AFTER = 5.0
POLL_INTERVAL = 0.2
EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - nothing listens here


def show(settings: Settings, demo: Demo | None) -> None:
    """Print the report of the stack with these settings once it is ready."""
    console = Console(highlight=False, soft_wrap=True)
    with suppress(OSError):  # the terminal was closed, or is a file on a full disk
        late = lambda: console.print(_late(settings))  # noqa: E731
        wait_until(lambda: is_ready(settings) and demo_is_ready(demo), late=late, clock=time.monotonic, pause=time.sleep)
        faults = still_not_well(lambda: not_well(settings), clock=time.monotonic, pause=time.sleep)
        console.print(report(settings, demo, faults))


def wait_until(
    ready: Callable[[], bool], *, late: Callable[[], None], clock: Callable[[], float], pause: Callable[[float], None]
) -> None:
    """Return when it is ready; call `late` once if that takes longer than `LATE_AFTER`."""
    told, began = False, clock()
    while not ready():
        if not told and clock() - began > LATE_AFTER:
            late()
            told = True
        pause(POLL_INTERVAL)


def still_not_well(ask: Callable[[], str], *, clock: Callable[[], float], pause: Callable[[float], None]) -> str:
    """What is not well for `SETTLED_AFTER` seconds: the programs start together, and Redis may be later than the API."""
    began = clock()
    while (found := ask()) and clock() - began < SETTLED_AFTER:
        pause(POLL_INTERVAL)
    return found


def is_ready(settings: Settings) -> bool:
    """Whether `/readyz` answers 200."""
    return _answer(_reachable(settings.host), settings.port, "/readyz") is not None


def not_well(settings: Settings) -> str:
    """The parts that `/readyz` says are not well, such as `queue: no answer`; empty if all are."""
    answer = _answer(_reachable(settings.host), settings.port, "/readyz")
    checks = json.loads(answer)["checks"] if answer else {}
    return ", ".join(f"{part}: {state}" for part, state in checks.items() if state != "ok")


def demo_is_ready(demo: Demo | None) -> bool:
    """Whether the demo upstreams answer, if there are any."""
    return demo is None or all(_answer(HOST, port, "/_counts") is not None for port in demo.ports.values())


def _answer(host: str, port: int, path: str) -> bytes | None:
    """The body of an answer with status 200."""
    connection = HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        body = response.read()
        return body if response.status == 200 else None
    except (OSError, HTTPException):
        return None
    finally:
        connection.close()


def report(settings: Settings, demo: Demo | None = None, not_well: str = "") -> Text:
    """Where everything is, what is not well, and what to try; no line is broken, so that each can be copied."""
    api, queue = _url(settings.host, settings.port), _url(settings.host, settings.dashboard_port)
    lines = [
        ("Pages", f"{api}/"),
        ("API", f"{api}/api/v1/metadata"),
        ("Documentation", f"{api}/docs/"),
        ("Queue", f"{queue}{_about_login(settings)}"),
        *([("Keys", _about_keys(settings, demo))] if settings.mode is not Mode.OPEN else []),
        ("Kept in", str(settings.data_dir)),
        ("Logs", str(settings.data_dir / "log")),
        *([("Not well", f"{not_well}; the log of the API says why")] if not_well else []),
        *(
            _about_demo(settings, demo, api)
            if demo
            else [("Try", f"{_curl(settings)} -i {_lookup(api, 'https://example.com/')}")]
        ),
        ("Stop", "Ctrl-C"),
    ]
    rows = [Text("  ").append(f"{name:<15}", style="bold").append(value) for name, value in lines]
    return Text("\n").join([Text("Inventory is ready", style="bold green"), *rows])


def _about_demo(settings: Settings, demo: Demo, api: str) -> list[tuple[str, str]]:
    """Where the demo upstreams are, what they expose, and what to try with them."""
    urls = demo.urls
    feeds = ", ".join(f"{name} {urls[name]}" for name in SHOPS)
    reach = "" if _local(settings.host) else f" by everybody who can reach {settings.host}:{settings.port}"
    in_demo, curl = _in_demo(settings), _curl(settings)
    cities = f"curl -s '{urls['weather']}/cities.csv?count=300'"
    pages = f"curl -s '{urls['pages']}/urls.txt'"
    return [
        ("Demo", f"pages {urls['pages']}, weather {urls['weather']}, product feeds {feeds}"),
        ("Beware", f"with the demo, everything that listens on {HOST} of this machine can be fetched{reach}"),
        ("Try", f"{curl} -i {_lookup(api, urls['pages'] + '/redirect')}"),
        ("", f"{curl} '{api}/api/v1/weather?city=Paris'"),
        ("", f"{cities} | {curl} -F 'file=@-;filename=cities.csv' '{api}/api/v1/imports?kind=cities'"),
        ("", f"{curl} -X POST '{api}/api/v1/products/runs'"),
        ("", f"curl -X POST '{urls['corner']}/_switch?dead=true'  # one feed stops answering, until dead=false"),
        ("", f"({in_demo} collect {urls['pages']}/login)"),
        ("", f"{pages} | {curl} -F 'file=@-;filename=urls.txt' '{api}/api/v1/imports?kind=urls&tag=demo'"),
        ("", f"({in_demo} search 'tag:demo cookie.*.secure:false' --show 'cookie.*.secure')  # when that job is completed"),
    ]


def _about_keys(settings: Settings, demo: Demo | None) -> str:
    """How to get a key, and to send it."""
    made = f"{_in_demo(settings) if demo else command(settings)} keys create NAME --scope admin"
    return f"{f'({made})' if demo else made} makes one; put it into KEY for what is below"


def command(settings: Settings) -> str:
    """The command `inventory` for this data folder, from any folder and in any terminal."""
    return f"INVENTORY_DATA_DIR={shlex.quote(str(settings.data_dir))} {_command()}"


def _command() -> str:
    return shlex.quote(str(Path(sys.executable).with_name("inventory")))


def _in_demo(settings: Settings) -> str:
    """The command with the settings of the demo, whose folder is its own."""
    return f". {shlex.quote(str(environment_file(settings)))}; {_command()}"


def _about_login(settings: Settings) -> str:
    """How one gets to the dashboard, where it is not simply there."""
    if settings.mode is not Mode.OPEN:
        return " (its password is a key with the scope admin; the user does not matter)"
    return "" if _local(settings.host) else " (it has no login: keep it private)"


def _curl(settings: Settings) -> str:
    """How curl asks the API, with a key in `$KEY` where keys count."""
    return "curl" if settings.mode is Mode.OPEN else 'curl -H "X-API-Key: $KEY"'


def _lookup(api: str, url: str) -> str:
    return f"'{api}/api/v1/metadata?url={url}'"


def _late(settings: Settings) -> str:
    log = settings.data_dir / "log" / "api.log"
    return f"The API is not ready after {LATE_AFTER:.0f} s. Its log is {log}. Still waiting."


def _url(host: str, port: int) -> str:
    reachable = _reachable(host)
    return f"http://{bracketed(reachable)}:{port}"


def _reachable(host: str) -> str:
    return EVERYWHERE.get(host, host)


def _local(host: str) -> bool:
    return host in {"localhost", "::1"} or host.startswith("127.")

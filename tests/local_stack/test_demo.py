"""`inventory up --demo`: the stack beside upstreams of its own."""

from __future__ import annotations

import ipaddress
import os
import shlex
import signal
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from inventory.commands.up import agreed_settings
from inventory.config import Settings
from inventory.demo.addresses import NAMES
from inventory.errors import StartError
from inventory.local_stack import free_ports
from inventory.local_stack.demo import Demo
from inventory.local_stack.report import demo_is_ready, report
from tests.end_to_end.stack import wait_until
from tests.local_stack.stack import COMMAND, PROGRAMS, Up, environment, ports_in_a_row, up


def test_the_whole_of_it_can_be_tried_without_the_internet() -> None:
    demo = Demo(ports_in_a_row())
    with up("--demo", "--demo-port", str(demo.first_port), allow_networks="10.9.0.0/16") as stack:
        text = stack.report()
        assert "Beware         with the demo, everything that listens on 127.0.0.1 of this machine can be fetched\n" in text
        assert f"curl -i '{stack.url}?url={demo.urls['pages']}/redirect'" in text

        page_is_collected(stack, demo)
        weather_is_known(stack)
        commands_mean_the_same(stack, demo)
        a_killed_demo_comes_back(stack, demo)

        assert stack.end(signal.SIGINT, within=240) == 0
        assert stack.nothing_runs()
        assert "Traceback" not in stack.printed() + "".join(stack.log(name) for name in (*PROGRAMS, "demo"))


def page_is_collected(stack: Up, demo: Demo) -> None:
    collected = requests.post(stack.url, json={"url": f"{demo.urls['pages']}/redirect"}, timeout=60)

    assert collected.status_code == 201
    assert [cookie["name"] for cookie in collected.json()["cookies"]][:2] == ["campaign", "came_from"]


def weather_is_known(stack: Up) -> None:
    api = stack.url.rpartition("/")[0]
    known = requests.get(f"{api}/weather", params={"city": "paris"}, timeout=60)
    unknown = requests.get(f"{api}/weather", params={"city": "Atlantis"}, timeout=60)

    assert (known.status_code, known.json()["city"]) == (200, "Paris")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_city")


def commands_mean_the_same(stack: Up, demo: Demo) -> None:
    """What the file says leads a command to the same store and lets it fetch from the demo."""
    file = stack.data / "demo.env"
    settings = dict(shlex.split(line)[1].split("=", 1) for line in file.read_text().splitlines())
    command = f". {shlex.quote(str(file))}; exec {shlex.join(COMMAND)} collect {demo.urls['pages']}/redirect --json"
    done = subprocess.run(["sh", "-c", command], env=environment(), capture_output=True, text=True, timeout=240, check=False)

    assert file.stat().st_mode & 0o077 == 0
    assert settings["INVENTORY_ALLOW_NETWORKS"] == "10.9.0.0/16,127.0.0.1/32"
    assert f"url: {demo.urls['corner']}/api/goods\n" in Path(settings["INVENTORY_PRODUCT_FEEDS"]).read_text()
    assert done.returncode == 0, done.stderr
    assert '"snapshots": 2' in done.stdout


def a_killed_demo_comes_back(stack: Up, demo: Demo) -> None:
    before = stack.started("demo")[-1]
    os.kill(before, signal.SIGKILL)

    wait_until(lambda: stack.started("demo")[-1] != before, "the demo is started again")
    wait_until(lambda: demo_is_ready(demo), "it answers")


def test_the_demo_opens_loopback_besides_what_is_open_and_is_sent_no_key(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, allow_networks=(ipaddress.ip_network("127.0.0.1/32"),), openweather_key="secret")
    agreed = agreed_settings(settings, Demo(8100))

    assert agreed["INVENTORY_ALLOW_NETWORKS"] == "127.0.0.1/32"
    assert agreed["INVENTORY_WEATHER_URL"] == "http://127.0.0.1:8101/v1/forecast"
    assert agreed["INVENTORY_WEATHER_GEOCODING_URL"] == "http://127.0.0.1:8101/v1/search"
    assert agreed["INVENTORY_OPENWEATHER_KEY"] == ""
    assert not agreed_settings(settings).keys() & {"INVENTORY_ALLOW_NETWORKS", "INVENTORY_WEATHER_URL"}


def test_what_is_made_up_is_kept_apart_from_what_is_real(tmp_path: Path) -> None:
    settings = Demo(8100).own_folder(Settings(data_dir=tmp_path))

    assert settings.store == f"sqlite:///{tmp_path}/demo/inventory.sqlite3"


def test_the_report_lists_every_upstream_and_says_who_else_can_reach_loopback() -> None:
    demo = Demo(8100)
    here, everywhere = report(Settings(), demo).plain, report(Settings(host="0.0.0.0"), demo).plain

    assert all(demo.urls[name] in here for name in NAMES)
    assert "by everybody who can reach 0.0.0.0:8000" in everywhere
    assert "everybody" not in here
    assert "example.com" not in here
    assert "Beware" not in report(Settings()).plain


def test_a_taken_port_of_the_demo_stops_the_start() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartError, match=f"cannot listen on 127.0.0.1:{port}: .* --demo-port"):
            free_ports.check_for_demo(Demo(port), Settings())


def test_the_demo_does_not_take_the_ports_of_the_stack() -> None:
    first = ports_in_a_row()

    with pytest.raises(StartError, match=f"port {first + 2}, which API or dashboard needs"):
        free_ports.check_for_demo(Demo(first), Settings(port=first + 2))


def test_a_demo_that_nobody_serves_is_not_ready() -> None:
    assert not demo_is_ready(Demo(ports_in_a_row()))
    assert demo_is_ready(None)

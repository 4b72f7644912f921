"""`inventory up` keeps the whole stack running, and stops the whole of it."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator

import pytest
import requests

from tests.end_to_end.stack import wait_until
from tests.local_stack.stack import COMMAND, PROGRAMS, Up, run, up
from tests.upstreams import Upstream


@pytest.fixture(scope="module")
def running() -> Iterator[Up]:
    with up() as running:
        running.wait_until_ready()
        yield running


def exchange(running: Up, sent: bytes) -> tuple[int, dict[str, object]]:
    """Status and problem document that raw bytes are answered with."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
        client.sendall(sent)
        answer = b"".join(iter(lambda: client.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"Content-Type: application/problem+json" in head
    return int(head.split()[1]), json.loads(body)


def test_one_report_says_where_everything_is_and_how_to_stop_it(running: Up) -> None:
    report = running.report()

    assert report.startswith("Inventory is ready")
    assert report.count("Inventory is ready") == 1
    assert f"http://127.0.0.1:{running.port}/docs" in report
    assert f"http://127.0.0.1:{running.dashboard_port}" in report
    assert str(running.data) in report
    assert f"curl -i 'http://127.0.0.1:{running.port}/api/v1/metadata?url=https://example.com/'" in report


def test_it_runs_wherever_it_is_started(running: Up) -> None:
    assert running.ready(), "and `running` is started outside the checkout"
    assert len(running.started("api")) == 1, running.log("api")


def test_the_dashboard_shows_the_queue(running: Up) -> None:
    wait_until(running.dashboard_answers, "the dashboard answers")
    url = f"http://127.0.0.1:{running.dashboard_port}/0/data/workers.json"
    workers = wait_until(lambda: requests.get(url, timeout=5).json()["workers"], "a worker is seen")

    assert [worker["queues"] for worker in workers] == [["messages", "collect", "jobs"]]


def test_redis_listens_on_its_socket_alone(running: Up) -> None:
    assert (running.data / "redis.sock").is_socket()
    assert (running.data / "redis.sock").stat().st_mode & 0o777 == 0o600
    assert "port=0" in running.log("redis")


def test_nobody_else_may_look_into_what_it_keeps(running: Up) -> None:
    kept = [running.data, *running.data.rglob("*")]

    assert [path for path in kept if path.lstat().st_mode & 0o077] == []
    assert {"inventory.sqlite3", "inventory.sqlite3-wal", "inventory.sqlite3-shm", "log"} <= {path.name for path in kept}


def test_a_second_stack_on_the_same_folder_is_refused_with_the_pid_to_stop(running: Up) -> None:
    second = run(*COMMAND, "up", **running.settings)

    assert second.returncode == 2
    assert second.stdout == ""
    assert second.stderr == (
        f"inventory: INVENTORY_DATA_DIR='{running.data}' is in use by another `inventory up` (pid {running.process.pid}): "
        "stop it first, or choose another folder\n"
    )


@pytest.mark.parametrize("name", ["PORT", "DASHBOARD_PORT"])
def test_a_taken_port_is_named_with_the_setting_that_changes_it(running: Up, name: str) -> None:
    port = running.settings[name.lower()]
    settings = running.settings | {"data_dir": running.folder / "other", "port": 1, "dashboard_port": 2, name.lower(): port}
    if name == "DASHBOARD_PORT":
        settings["port"] = 65_000
    second = run(*COMMAND, "up", **settings)

    assert second.returncode == 2
    assert second.stderr.startswith(f"inventory: INVENTORY_{name}={port} is taken: ")
    assert second.stderr.count("\n") == 1


def test_a_request_line_that_is_too_long_is_a_problem(running: Up) -> None:
    status, problem = exchange(
        running, b"GET /api/v1/metadata?url=http://h/" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n"
    )

    assert (status, problem["code"]) == (422, "url_too_long")
    assert problem["request_id"]


@pytest.mark.parametrize("sent", [b"what is this\r\n\r\n", b"GET / HTTP/9.9\r\n\r\n", b"GET / HTTP/1.1\r\nno colon\r\n\r\n"])
def test_what_is_no_http_is_a_problem(running: Up, sent: bytes) -> None:
    status, problem = exchange(running, sent)

    assert (status, problem["code"]) == (400, "invalid_request")


def test_headers_that_are_too_large_are_a_problem(running: Up) -> None:
    status, problem = exchange(running, b"GET / HTTP/1.1\r\nX: " + b"x" * 9_000 + b"\r\n\r\n")

    assert (status, problem["code"]) == (413, "request_too_large")


def test_whatever_is_killed_is_started_again(running: Up) -> None:
    before = {name: running.started(name)[-1] for name in PROGRAMS}
    for pid in before.values():
        os.kill(pid, signal.SIGKILL)

    for name, pid in before.items():
        wait_until(lambda: running.started(name)[-1] != pid, f"{name} is started again")  # noqa: B023
    running.wait_until_ready()
    wait_until(running.dashboard_answers, "the dashboard answers")
    assert "(terminated by SIGKILL" in running.printed()


def test_ctrl_c_stops_all_of_it() -> None:
    with up() as stack:
        stack.wait_until_ready()
        wait_until(stack.dashboard_answers, "the dashboard answers")
        code = stack.end(signal.SIGINT, within=240)

        assert code == 0
        assert stack.nothing_runs()
        assert "Inventory stops when it has finished what it began\n" in stack.printed()
        assert "with SIGKILL" not in stack.log("supervisord")
        assert "Traceback" not in stack.printed() + "".join(stack.log(name) for name in PROGRAMS)


def test_a_terminal_that_closes_stops_all_of_it_even_while_it_starts() -> None:
    with up() as stack:
        wait_until(lambda: all(stack.started(name) for name in PROGRAMS), "everything was started")
        code = stack.end(signal.SIGHUP, within=240)

        assert code == 0
        wait_until(stack.nothing_runs, "every program has ended")


def test_a_killed_supervisor_takes_its_programs_with_it_and_what_was_collected_is_kept() -> None:
    with Upstream() as upstream, up(allow_networks="127.0.0.1/32") as first:
        first.wait_until_ready()
        page = upstream.url("/page")
        collected = requests.post(first.url, json={"url": page}, timeout=60)
        first.end(signal.SIGKILL, within=240)

        wait_until(first.nothing_runs, "every program has ended")
        with up(data_dir=first.data, allow_networks="127.0.0.1/32") as second:
            second.wait_until_ready()
            kept = requests.get(second.url, params={"url": page, "collect": "false"}, timeout=60)
            code = second.end(signal.SIGTERM, within=240)

    assert (collected.status_code, kept.status_code, code) == (201, 200, 0)
    assert kept.json()["page_source"] == collected.json()["page_source"]

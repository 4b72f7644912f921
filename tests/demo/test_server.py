"""The demo on the wire: kept and cut connections, and what is not HTTP; and the program that serves it."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import requests

from inventory.demo.addresses import FIRST_PORT, NAMES, feeds, ports, urls
from inventory.demo.upstreams import Choices
from tests.demo.served import served
from tests.end_to_end.stack import ROOT, wait_until

CUTS = Choices(failures=1)


@pytest.fixture(scope="module")
def upstreams() -> Iterator[Mapping[str, str]]:
    with served() as upstreams:
        yield upstreams


def exchange(url: str, sent: bytes) -> bytes:
    """All that is answered to raw bytes until the other side closes."""
    address = urlsplit(url)
    with socket.create_connection((address.hostname, address.port), timeout=60) as client:
        client.sendall(sent)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def test_a_connection_is_kept_for_several_requests(upstreams: Mapping[str, str]) -> None:
    connection = HTTPConnection(urlsplit(upstreams["pages"]).netloc, timeout=60)
    connection.connect()
    before, statuses = connection.sock, []
    for path in ("/", "/missing", "/redirect"):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        statuses.append(response.status)

    assert statuses == [200, 404, 302]
    assert connection.sock is before
    connection.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"what is this\r\n\r\n",
        b"GET / HTTP/3\r\n\r\n",
        b"GET http://elsewhere/ HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
def test_what_is_not_a_request_is_answered_400(upstreams: Mapping[str, str], sent: bytes) -> None:
    assert exchange(upstreams["pages"], sent).startswith(b"HTTP/1.1 400 ")


def test_a_head_has_no_body(upstreams: Mapping[str, str]) -> None:
    answer = exchange(upstreams["pages"], b"HEAD / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK")
    assert answer.endswith(b"\r\n\r\n")


def test_a_cut_connection_ends_before_the_answer_or_in_the_middle_of_it() -> None:
    ends = set()
    with served(CUTS) as upstreams:
        for url in [upstreams[name] for name in ("acme", "bazaar", "corner") for _ in range(5)]:
            try:
                requests.get(f"{url}/", timeout=60)
            except requests.ConnectionError:
                ends.add("before")
            except requests.exceptions.ChunkedEncodingError:
                ends.add("amid")

    assert ends == {"before", "amid"}


def test_a_real_sixth_request_within_a_second_is_refused(upstreams: Mapping[str, str]) -> None:
    with served(Choices(failures=0)) as quiet:
        address = urlsplit(quiet["acme"])
        sockets = [socket.create_connection((address.hostname, address.port), timeout=60) for _ in range(6)]
        for client in sockets:  # all of them before any is answered
            client.sendall(b"GET /v1/catalog HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        answers = [b"".join(iter(lambda: client.recv(65_536), b"")) for client in sockets]  # noqa: B023
        counted = requests.get(f"{quiet['acme']}/_counts", timeout=60).json()
        for client in sockets:
            client.close()

    assert sorted(answer.split()[1] for answer in answers) == [b"200"] * 5 + [b"429"]
    assert (counted["worst_second"], counted["outcomes"]) == (6, {"200": 5, "429": 1})


def test_the_program_says_where_it_serves_and_stops_when_it_is_asked() -> None:
    command = [sys.executable, "-m", "inventory.demo", "--port", "0", "--seed", "3", "--dead", "corner", "--products", "60"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        try:
            addresses = json.loads(program.stdout.readline())
            counted = {name: requests.get(f"{url}/_counts", timeout=60).json() for name, url in addresses.items()}
            idle = socket.create_connection(("127.0.0.1", urlsplit(addresses["pages"]).port), timeout=60)
            busy = socket.create_connection(("127.0.0.1", urlsplit(addresses["pages"]).port), timeout=60)
            busy.sendall(b"GET /slow?seconds=60 HTTP/1.1\r\nHost: h\r\n\r\n")
            wait_until(lambda: requests.get(f"{addresses['pages']}/_counts", timeout=60).json()["requests"], "it came")
            program.send_signal(signal.SIGTERM)
            _, complaints = program.communicate(timeout=30)
        finally:
            program.kill()
    idle.close()
    busy.close()

    assert tuple(counted) == NAMES
    assert [name for name, counts in counted.items() if counts["dead"]] == ["corner"]
    assert counted["acme"]["site"]["products"] == 60
    assert (program.returncode, complaints) == (0, "")


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        command = [sys.executable, "-m", "inventory.demo", "--port", str(taken.getsockname()[1])]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("inventory.demo: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("wrong", [["--failures", "2"], ["--products", "3"], ["--dead", "moon"]])
def test_an_option_that_is_not_valid_is_refused(wrong: list[str]) -> None:
    command = [sys.executable, "-m", "inventory.demo", *wrong]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 2
    assert wrong[0] in done.stderr


def test_the_upstreams_are_on_ports_in_a_row_and_the_feeds_point_there() -> None:
    assert urls(ports(FIRST_PORT)) == {name: f"http://127.0.0.1:{8100 + index}" for index, name in enumerate(NAMES)}
    assert "url: http://127.0.0.1:9003/products\n" in feeds(ports(9000))

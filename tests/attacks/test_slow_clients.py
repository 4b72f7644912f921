"""A short version of `python -m tests.attacks`: while an attack holds, with more clients than threads, others are served."""

from __future__ import annotations

import json
import re
import resource
import signal
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import pytest
import requests

from inventory.client_speed import CLIENT_TIMEOUT
from tests.attacks.crowd import Crowd, Manner
from tests.attacks.site import exchange, hit, imported, site
from tests.attacks.slow_clients import (
    BODIES,
    HEADS,
    IDLE,
    IMPORT,
    LARGE_PAGE,
    LINES,
    LONG,
    LOOKUP,
    PART,
    POST,
    READERS,
    UPLOADS,
)
from tests.end_to_end.stack import Stack, wait_until

THREADS = 20
SOME = 3 * THREADS
GENEROUS = 50.0
"""Times as long as a quiet one a hit may take here, where other tests take the processors; the full version says 5."""
WAITING = HEADS | BODIES | READERS | {"idle connections": IDLE["idle connections"]}
MAX_FILES = 256
MAX_GROWTH = 80.0
"""Megabytes that may be left of what some hundred answers of 4 MB took."""


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    with site(api_processes=1, api_threads=THREADS, inline_slots=4, live_streams=4) as running:
        yield running
        assert "Traceback" not in running.log("api")


def hits(running: Stack) -> float:
    return median(hit(running.port, number) for number in range(9))


@pytest.mark.parametrize(("count", "manner"), WAITING.values(), ids=WAITING)
def test_a_hit_is_answered_beside(running: Stack, count: int, manner: Manner) -> None:
    quiet = hits(running)
    with Crowd(running.port, min(count, SOME), manner):
        assert hits(running) < GENEROUS * max(quiet, 0.002)


@pytest.mark.parametrize(("count", "manner"), UPLOADS.values(), ids=UPLOADS)
def test_a_file_is_imported_beside(running: Stack, count: int, manner: Manner) -> None:
    with Crowd(running.port, count, manner):
        assert imported(running, LINES * 50_000)


@pytest.mark.parametrize("how", [b"", b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"])
def test_a_hit_is_answered_beside_streams_that_nobody_reads(running: Stack, how: bytes) -> None:
    files = {"file": ("u.txt", b"http://followed.test/\n")}
    job = requests.post(f"{running.url}/api/v1/imports", params={"kind": "urls"}, files=files, timeout=30).json()["job_id"]
    path = f"/ws/jobs/{job}" if how else f"/api/v1/jobs/{job}/events"
    key = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" if how else b""
    with Crowd(running.port, SOME, Manner(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n".encode() + how + key + b"\r\n")):
        hits(running)


def test_idle_connections_beyond_the_descriptors_make_room_for_new_ones() -> None:
    with site(MAX_FILES, api_processes=1, api_threads=THREADS, inline_slots=4, live_streams=4) as running:
        with Crowd(running.port, 3 * MAX_FILES, Manner()) as crowd:
            wait_until(lambda: crowd.ended() > MAX_FILES, "those that have waited longest are ended")
            hits(running)
        with Crowd(running.port, 3 * MAX_FILES, Manner(LOOKUP % (LARGE_PAGE, b""))):
            hits(running)


@pytest.mark.skipif(sys.platform != "linux", reason="another C library has other ways")
def test_large_answers_leave_no_memory_in_use(running: Stack) -> None:
    api = running.processes["api"].pid
    [process] = Path(f"/proc/{api}/task/{api}/children").read_text().split()
    before = megabytes(process)
    with Crowd(running.port, 5 * SOME, Manner(LOOKUP % (LARGE_PAGE, b""))):
        hits(running)

    wait_until(lambda: megabytes(process) < before + MAX_GROWTH, "what they took is given back")


def megabytes(process: str) -> float:
    """What a process has in memory."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1_000_000


def test_a_request_that_does_not_arrive_in_time_is_408(running: Stack) -> None:
    begun = {
        "a head": b"GET /healthz HTTP/1.1\r\nX-Slow: ",
        "a body": POST + b"Content-Length: 100\r\n\r\n{",
        "nothing": b"",
        "an upload": IMPORT % LONG + PART,
    }
    with ExitStack() as clients:
        sent = {name: clients.enter_context(socket.create_connection(("127.0.0.1", running.port), 60)) for name in begun}
        for name, content in begun.items():
            sent[name].sendall(content)
        began = time.monotonic()
        answers = {name: b"".join(iter(lambda client=client: client.recv(65_536), b"")) for name, client in sent.items()}

    assert time.monotonic() - began < CLIENT_TIMEOUT + 60
    assert answers.pop("nothing") == b""
    for name, answer in answers.items():
        head, _, body = answer.partition(b"\r\n\r\n")
        assert (head.split()[1], json.loads(body)["code"]) == (b"408", "request_timeout"), name


@pytest.mark.parametrize("size", [70_000, 5_000_000, 50_000_000])
@pytest.mark.parametrize("framing", ["announced", "chunked"])
@pytest.mark.parametrize("path", ["metadata", "imports?kind=urls"])
def test_a_client_that_sends_all_before_it_reads_sees_that_it_was_too_much(
    running: Stack, size: int, framing: str, path: str
) -> None:
    pieces = [b"x" * min(50_000, size - begin) for begin in range(0, size, 50_000)]
    head = f"POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nConnection: close\r\n"
    if framing == "announced":
        request = f"{head}Content-Length: {size}\r\n\r\n".encode() + b"".join(pieces)
    else:
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
        request = f"{head}Transfer-Encoding: chunked\r\n\r\n".encode() + chunks + b"0\r\n\r\n"

    answer = exchange(running.port, request)

    expected = b"413" if path == "metadata" else b"415"
    assert answer.split()[1] == expected, answer[:300]


def test_requests_that_are_sent_at_once_are_answered_in_order(running: Stack) -> None:
    paths = [b"/healthz", b"/nowhere", b"/api/v1/records?limit=1", b"/healthz", b"/nowhere"]
    body = b'{"url": "ftp://h.test/"}'
    sent = [b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % path for path in paths]
    sent.insert(2, POST + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    sent.append(b"GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n")

    answer = exchange(running.port, b"".join(sent))

    statuses = re.findall(rb"HTTP/1\.[01] ([0-9]{3}) ", answer)
    assert statuses == [b"200", b"404", b"422", b"200", b"200", b"404", b"200"]


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_a_request_may_come_in_any_pieces(running: Stack, cut: int) -> None:
    body = b'{"url": "ftp://h.test/"}'
    request = POST + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    with socket.create_connection(("127.0.0.1", running.port), timeout=120) as client:
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.sendall(request[:cut])
        time.sleep(0.02)
        client.sendall(request[cut:])
        answer = b"".join(iter(lambda: client.recv(65_536), b""))

    assert answer.split()[1] == b"422"
    assert b"unsupported_scheme" in answer


@pytest.mark.parametrize(("length", "told"), [(24, True), (10**8, False)])
def test_a_body_is_asked_for_if_it_will_be_read(running: Stack, length: int, told: bool) -> None:
    head = POST + b"Connection: close\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n" % length
    with socket.create_connection(("127.0.0.1", running.port), timeout=120) as client:
        client.sendall(head)
        first = client.recv(25)
        assert first.startswith(b"HTTP/1.1 100 Continue\r\n" if told else b"HTTP/1.1 413 ")
        if told:
            client.sendall(b'{"url": "ftp://h.test/"}')
            assert client.recv(65_536).startswith(b"HTTP/1.1 422 ")


def test_the_api_stops_though_clients_are_slow() -> None:
    with site(api_processes=1, api_threads=THREADS, inline_slots=4, live_streams=4, fetch_deadline=1) as running:
        with Crowd(running.port, 50, Manner()), Crowd(running.port, 50, HEADS["unfinished heads"][1]):
            process = running.processes.pop("api")
            process.send_signal(signal.SIGTERM)
            assert process.wait(60) == 0
        assert "Traceback" not in running.log("api")

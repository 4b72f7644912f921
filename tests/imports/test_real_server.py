"""Uploads through the real server: in little memory, refused with an answer that arrives, and never in the way of others."""

from __future__ import annotations

import socket
import subprocess
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
import requests

from inventory.imports.sniffing import HEAD_BYTES
from tests.end_to_end.stack import Stack, stack, wait_until

LIMIT = 128 * 1024 * 1024
BLOCK = b"".join(b"https://example.com/%043d\n" % n for n in range(16_384))  # 1 MiB
HEAD = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n\r\n'
END = b"\r\n--edge--\r\n"
FIELD_KIND = b'--edge\r\nContent-Disposition: form-data; name="kind"\r\n\r\nurls\r\n'
REQUEST = (
    b"POST /api/v1/imports?kind=urls HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=edge\r\n"
    b"Content-Length: %d\r\n\r\n"
)


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    with stack(api_processes=1, api_threads=20, upload_limit=LIMIT) as running:
        running.start("redis", "api")
        yield running


def body(size: int, file_name: bytes = b"urls.txt") -> Iterator[bytes]:
    yield HEAD % file_name
    while size > 0:
        yield BLOCK[:size]
        size -= len(BLOCK)
    yield END


class Announced:
    """A body whose length `requests` says in advance, and which it reads piece by piece."""

    def __init__(self, size: int) -> None:
        self._pieces = body(size)
        self._length = size + len(HEAD % b"urls.txt") + len(END)

    def __len__(self) -> int:
        return self._length

    def read(self, _size: int) -> bytes:
        return next(self._pieces, b"")


def upload(running: Stack, content: Iterator[bytes] | Announced) -> requests.Response:
    return requests.post(
        f"{running.url}/api/v1/imports",
        params={"kind": "urls"},
        data=content,  # type: ignore[arg-type]
        headers={"Content-Type": "multipart/form-data; boundary=edge"},
        timeout=110,
    )


def kept(running: Stack) -> list[Path]:
    return [path for path in (running.folder / "files").rglob("*") if path.is_file()]


def peak(running: Stack) -> int:
    """The most memory that any of the API's processes had so far, in MiB."""
    found = subprocess.run(["pgrep", "-g", str(running.processes["api"].pid)], capture_output=True, text=True, check=True)
    status = [Path(f"/proc/{process}/status").read_text() for process in found.stdout.split()]
    return max(int(text.partition("VmHWM:")[2].split()[0]) for text in status) // 1024


def test_a_big_file_takes_little_memory_and_one_byte_too_many_is_told(running: Stack) -> None:
    before = peak(running)

    answers = [upload(running, send(LIMIT)) for send in (Announced, body)]
    assert [answer.status_code for answer in answers] == [202, 202]
    assert answers[0].json() == answers[1].json()
    (file,) = kept(running)
    assert file.stat().st_size == LIMIT

    for send in (Announced, body):
        answer = upload(running, send(LIMIT + 1))
        assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")
    assert kept(running) == [file]
    assert peak(running) - before < 64


@pytest.mark.parametrize("size", [2 * LIMIT, 10 * LIMIT])
@pytest.mark.parametrize("send", [Announced, body])
def test_a_refusal_arrives_although_much_is_still_being_sent(running: Stack, send, size: int) -> None:  # type: ignore[no-untyped-def]
    answer = upload(running, send(size))

    assert (answer.status_code, answer.json()["code"]) == (413, "upload_too_large")


def test_an_upload_is_refused_by_its_beginning_while_the_rest_is_still_being_sent(running: Stack) -> None:
    answer = upload(running, body(48 * 1024 * 1024, b"urls.jsonl"))

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_file")


def test_the_form_of_the_page_arrives_as_an_upload_does(running: Stack) -> None:
    before, kept_before = peak(running), kept(running)
    for size, status in ((LIMIT - 1, 303), (2 * LIMIT, 413)):
        answer = requests.post(
            f"{running.url}/jobs",
            data=chain([FIELD_KIND], body(size)),
            headers={"Content-Type": "multipart/form-data; boundary=edge", "Accept": "text/html"},
            allow_redirects=False,
            timeout=110,
        )
        assert answer.status_code == status

    assert len(kept(running)) == len(kept_before) + 1
    assert peak(running) - before < 64


def test_a_preview_larger_than_other_bodies_arrives_and_a_file_is_refused(running: Stack) -> None:
    for size, status in ((HEAD_BYTES, 200), (LIMIT, 413)):
        answer = requests.post(
            f"{running.url}/api/v1/imports/preview",
            data=body(size),
            headers={"Content-Type": "multipart/form-data; boundary=edge"},
            timeout=110,
        )
        assert answer.status_code == status


def test_an_incomplete_upload_leaves_nothing(running: Stack) -> None:
    before = kept(running)
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as client:
        client.sendall(REQUEST % 50_000_000 + HEAD % b"urls.txt" + BLOCK * 12)
        client.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: client.recv(65_536), b""))

    assert b" 422 " in answer.splitlines()[0]
    assert b"invalid_request" in answer
    wait_until(lambda: kept(running) == before, "nothing of it is kept")


def test_uploads_that_stand_still_take_neither_the_threads_of_lookups_nor_the_slots_of_others(running: Stack) -> None:
    clients = [socket.create_connection(("127.0.0.1", running.port), timeout=60) for _ in range(24)]
    try:
        for client in clients:
            client.sendall(REQUEST % 50_000_000 + HEAD % b"urls.txt" + BLOCK[:1000])

        assert upload(running, body(3_000_000)).status_code == 202
        assert running.look_up("http://h.test/", collect="false").status_code == 404
    finally:
        for client in clients:
            client.close()

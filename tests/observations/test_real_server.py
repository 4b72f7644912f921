"""Searches through the real server: what no client library sends, and exports that cannot be finished."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import pytest
import requests

from inventory.records.model import Statement, Statements
from inventory.store.sqlite import SqliteStore
from tests.contract.actions import LEASE, NOW, stored, target
from tests.end_to_end.stack import Stack, stack, wait_until

TARGETS = 3_000
TITLE = "t" * 900
SEARCH = "/api/v1/search"
STORE = "inventory.sqlite3"


@pytest.fixture(scope="module")
def running() -> Iterator[Stack]:
    with stack(api_processes=1) as running:
        running.start("redis", "api")
        with closing(SqliteStore(running.folder / STORE)) as store:
            for first in range(0, TARGETS, 500):
                store.records.accept_all([(target(n), None) for n in range(first, first + 500)], now=NOW)
                owned = store.records.claim_due(now=NOW, lease_for=LEASE, limit=500)
                shown = Statements([Statement("title", TITLE), Statement("status", "200")])
                store.records.settle([replace(stored(each, body=None), statements=shown) for each in owned])
        yield running


@contextmanager
def moved_away(running: Stack) -> Iterator[None]:
    """The store is missing."""
    files = [path for path in running.folder.glob(f"{STORE}*") if path.is_file()]
    for path in files:
        path.rename(path.with_name(f"away-{path.name}"))
    yield
    for path in files:
        path.with_name(f"away-{path.name}").rename(path)


def exchange(running: Stack, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65_536), b""))


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        (b"q=" + b"a" * 16_385, 422, "url_too_long"),
        (b"q=" + b"t:a+" * 10_000, 422, "url_too_long"),
        (b"q=" + b"status:1+" * 800, 422, "invalid_query"),
        (b"q=\xff\xfe", 400, "invalid_request"),
        (b"q=%ff", 422, "invalid_request"),
        (b"q=%ED%A0%80", 422, "invalid_request"),
        (b"q=a", 422, "invalid_query"),
        (b"q=title:\xc3", 400, "invalid_request"),
        (b"q=%", 422, "invalid_query"),
        (b"q=%0", 422, "invalid_query"),
        (b"q=%00", 200, None),
        (b"q=%zzz", 200, None),
        (b"q=title:%C3%BC", 200, None),
    ],
)
def test_what_no_library_sends_is_answered(running: Stack, query: bytes, status: int, code: str | None) -> None:
    answer = exchange(running, b"GET " + SEARCH.encode() + b"?" + query + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")

    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status, answer[:500]
    assert json.loads(body).get("code") == code


def test_an_export_sends_all_of_it(running: Stack) -> None:
    answer = requests.get(f"{running.url}{SEARCH}/export", params={"format": "jsonl", "show": "title"}, timeout=60)

    documents = [json.loads(line) for line in answer.text.splitlines()]
    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert len({document["id"] for document in documents}) == len(documents) == TARGETS
    assert all(document["observations"][0]["value"] == TITLE for document in documents)


@pytest.mark.parametrize("form", ["csv", "jsonl"])
def test_a_client_sees_that_an_export_could_not_be_finished(running: Stack, form: str) -> None:
    query = {"format": form, "show": "title"}
    with requests.get(f"{running.url}{SEARCH}/export", params=query, stream=True, timeout=60) as answer:
        assert answer.status_code == 200
        pieces = answer.iter_content(1_024)
        next(pieces)
        with moved_away(running), pytest.raises(requests.exceptions.ChunkedEncodingError):
            list(pieces)
    assert requests.get(f"{running.url}{SEARCH}", timeout=60).json()["total"] == TARGETS


def test_a_client_that_hangs_up_leaves_its_slot_to_others(running: Stack) -> None:
    def begins() -> bool:
        with requests.get(f"{running.url}{SEARCH}/export?show=title", stream=True, timeout=60) as answer:
            return answer.status_code == 200 and bool(next(answer.iter_content(1)))

    for _ in range(20):
        wait_until(begins, "there is a slot")

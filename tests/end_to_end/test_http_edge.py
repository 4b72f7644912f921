"""What no client library sends: every answer is a problem still, none is an internal fault, and the API lives on."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from http.client import HTTPResponse
from urllib.parse import quote

import pytest

from tests.end_to_end.stack import Stack, stack_on
from tests.real_mongo import ANY_STORE

POST = b"POST /api/v1/metadata HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
REQUESTS = {
    "nonsense": (b"nonsense\r\n\r\n", 400, "invalid_request"),
    "an HTTP version of nobody": (b"GET / HTTP/9.9\r\n\r\n", 400, "invalid_request"),
    "a length that is no number": (POST + b"Content-Length: x\r\n\r\n", 400, "invalid_request"),
    "two lengths": (POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}", 400, "invalid_request"),
    "a length and chunks": (POST + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}", 400, "invalid_request"),
    "a chunk of no size": (POST + b"Transfer-Encoding: chunked\r\n\r\nZZ\r\n\r\n", 422, "invalid_request"),
    "a body in more chunks than any": (
        POST + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 10_000 + b"0\r\n\r\n",
        413,
        "request_too_large",
    ),
    "a body that is cut": (POST + b'Content-Length: 10\r\n\r\n{"u', 422, "invalid_request"),
    "a request line of 9,000 characters": (
        b"GET /api/v1/metadata?url=http://h/" + b"x" * 9_000 + b" HTTP/1.1\r\nHost: localhost\r\n\r\n",
        422,
        "url_too_long",
    ),
    "a header of 100 KB": (
        b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 100_000 + b"\r\n\r\n",
        413,
        "request_too_large",
    ),
    "a path that is not UTF-8": (b"GET /%ff HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "not_found"),
    "a path that climbs": (b"GET /api/v1/bodies/..%2f..%2fetc HTTP/1.1\r\nHost: localhost\r\n\r\n", 404, "not_found"),
    "a host that is none": (b"GET /nowhere HTTP/1.1\r\nHost: \xff\r\n\r\n", 421, "unknown_host"),
}


@pytest.fixture(scope="module", params=ANY_STORE)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(request.param) as running:
        running.start("redis", "api")
        yield running


@pytest.mark.parametrize(("request_", "status", "code"), REQUESTS.values(), ids=REQUESTS)
def test_it_is_answered_as_a_problem(running: Stack, request_: bytes, status: int, code: str) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
        connection.sendall(request_)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))

    head, _, body = answer.partition(b"\r\n\r\n")
    assert int(head.split()[1]) == status, answer
    assert b"application/problem+json" in head
    assert json.loads(body)["code"] == code
    assert running.look_up("http://h.test/", collect="false").status_code == 404


@pytest.mark.parametrize("url", ["http://example.invalid/", "ftp://example.invalid/"])
def test_a_lookup_of_a_url_alone_gets_the_same_head_and_body_as_any_other(running: Stack, url: str) -> None:
    target = f"/api/v1/metadata?url={quote(url, safe='')}"
    running.get(target)

    (fast_head, fast), (head, body) = (_ask(running, target), _ask(running, f"{target}&collect=true"))

    assert fast == body
    assert fast_head == head


def _ask(running: Stack, target: str) -> tuple[set[str], bytes]:
    """The lines of the head, but for the date, and the body of an answer on a connection that is kept."""
    request = f"GET {target} HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: mine\r\n\r\n"
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
        connection.sendall(request.encode())
        answer = HTTPResponse(connection)
        answer.begin()
        lines = {f"{name}: {value}" for name, value in answer.getheaders() if name != "Date"}
        return lines | {f"{answer.status} {answer.reason}"}, answer.read()


@pytest.mark.parametrize("kind", ANY_STORE)
def test_a_lookup_below_a_path_is_answered_there_by_the_loop_and_by_flask(kind: str) -> None:
    """gunicorn takes the path from SCRIPT_NAME of its environment. A lookup that names `collect` is left to Flask."""
    with stack_on(kind) as mounted:
        mounted.environment["SCRIPT_NAME"] = "/inventory"
        mounted.start("redis", "api")
        target = f"/api/v1/metadata?url={quote('http://127.0.0.1/page', safe='')}"
        answers = [mounted.get(f"/inventory{target}{more}") for more in ("", "&collect=true")]
        outside = mounted.get(target)

    assert outside is not None
    assert (outside.status_code, outside.headers["Content-Type"]) == (400, "application/problem+json")
    for answer in answers:
        assert answer is not None
        location = "/inventory/api/v1/metadata?url=http://127.0.0.1/page"
        assert (answer.status_code, answer.headers["Location"]) == (202, location)

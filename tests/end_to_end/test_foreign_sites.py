"""What other sites and other names can do to the real server: nothing. And no header of a client says where it is."""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator

import pytest
import requests

from tests.end_to_end.followers import HANDSHAKE
from tests.end_to_end.stack import Stack, stack_on
from tests.real_mongo import ANY_STORE

FOREIGN = "Origin: http://evil.example\r\n"
LOOKUP = "/api/v1/metadata?url=http://h.test/{}"


@pytest.fixture(scope="module", params=ANY_STORE)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(request.param, api_processes=1, allowed_hosts="inventory.test") as running:
        running.start("redis", "api")
        yield running


@pytest.fixture(scope="module")
def job(running: Stack) -> str:
    """The id of a job that waits: there is no worker."""
    answer = requests.post(
        f"{running.url}/api/v1/imports?kind=urls", files={"file": ("urls.txt", b"http://h.test/\n")}, timeout=30
    )
    return str(answer.json()["job_id"])


def exchange(running: Stack, sent: str, body: bytes = b"") -> tuple[int, dict[str, str], bytes]:
    """What comes of bytes that are sent on a connection of their own: status, headers, and what follows."""
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
        connection.sendall(sent.encode("latin-1") + body)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(65_536), b""))
    head, _, rest = answer.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    return int(first.split()[1]), dict(line.split(": ", 1) for line in lines), rest


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ("GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        ("GET /healthz HTTP/1.1\r\nHost: localhost.evil.example\r\n\r\n", 421),
        ("GET /healthz HTTP/1.1\r\nHost: localhost, evil.example\r\n\r\n", 421),
        ("GET /healthz HTTP/1.1\r\nHost: localhost@evil.example\r\n\r\n", 421),
        ("GET /healthz HTTP/1.1\r\nHost: [::1%25lo]\r\n\r\n", 421),
        ("GET /healthz HTTP/1.1\r\nHost:\r\n\r\n", 421),
        ("GET /healthz HTTP/1.1\r\n\r\n", 421),
        ("GET /healthz HTTP/1.0\r\n\r\n", 421),
        ("GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n\r\n", 400),
        ("GET http://evil.example/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
        ("GET http://localhost/healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421),
        ("GET http://u@localhost/healthz HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
        ("CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n", 421),
        ("GET http://localhost/healthz HTTP/1.1\r\nHost: LOCALHOST.:80\r\n\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nHost: [0:0::1]:8000\r\n\r\n", 200),
        ("GET /healthz HTTP/1.1\r\nHost: inventory.test\r\n\r\n", 200),
        ("GET /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n", 200),
    ],
)
def test_a_name_that_is_not_ours_has_no_answer(running: Stack, request_: str, status: int) -> None:
    got, headers, body = exchange(running, request_)

    assert got == status, body
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    if status == 421:
        assert json.loads(body)["code"] == "unknown_host"


@pytest.mark.parametrize("path", ["/ws/jobs/{}", "/api/v1/jobs/{}/events"])
def test_another_site_follows_no_job(running: Stack, job: str, path: str) -> None:
    upgrade = HANDSHAKE if path.startswith("/ws") else ""
    status, _, body = exchange(running, f"GET {path.format(job)} HTTP/1.1\r\nHost: localhost\r\n{FOREIGN}{upgrade}\r\n")

    assert (status, json.loads(body)["code"]) == (403, "foreign_origin")


def test_our_own_page_follows_it(running: Stack, job: str) -> None:
    with socket.create_connection(("127.0.0.1", running.port), timeout=60) as connection:
        connection.sendall(
            f"GET /ws/jobs/{job} HTTP/1.1\r\nHost: localhost:8000\r\nOrigin: http://localhost:8000\r\n{HANDSHAKE}\r\n".encode()
        )
        assert connection.recv(12) == b"HTTP/1.1 101"


@pytest.mark.parametrize("path", ["/api/v1/imports?kind=urls", "/api/v1/products/runs", "/jobs"])
def test_what_is_refused_is_read_to_its_end_so_that_the_client_sees_why(running: Stack, path: str) -> None:
    before = len(running.get("/api/v1/jobs").json()["jobs"])  # type: ignore[union-attr]
    body = b"x" * 4_000_000
    with requests.Session() as session:
        for _ in range(3):
            answer = session.post(running.url + path, data=body, headers={"Origin": "null"}, timeout=30)
            assert (answer.status_code, answer.json()["code"]) == (403, "foreign_origin")
        assert session.get(f"{running.url}/healthz", timeout=30).status_code == 200

    assert len(running.get("/api/v1/jobs").json()["jobs"]) == before  # type: ignore[union-attr]


def test_a_lookup_from_another_site_or_from_a_browser_that_does_not_say_is_not_accepted(running: Stack) -> None:
    for number, headers in enumerate(
        [
            "Host: localhost\r\nSec-Fetch-Site: cross-site\r\n",
            f"Host: localhost\r\n{FOREIGN}",
            "Host: inventory.test\r\nUser-Agent: Mozilla/5.0\r\n",
        ]
    ):
        status, _, body = exchange(running, f"GET {LOOKUP.format(number)} HTTP/1.1\r\n{headers}\r\n")
        assert (status, json.loads(body)["code"]) == (404, "not_in_inventory")
        assert running.get("/api/v1/records", host="h.test").json()["records"] == []  # type: ignore[union-attr]


SAID = [
    "SCRIPT_NAME: /api",
    "SCRIPT_NAME: /evil",
    "Script-Name: /evil",
    "PATH_INFO: /metrics",
    "X-Script-Name: /evil",
    "X-Forwarded-Prefix: /evil",
    "X-Forwarded-Host: evil.example",
    "X-Forwarded-Port: 1",
    "X-Forwarded-Proto: https",
    "X-Forwarded-Protocol: ssl",
    "X-Forwarded-Ssl: on",
    "X-Forwarded-For: 8.8.8.8",
    "Forwarded: for=8.8.8.8;host=evil.example;proto=https",
    "X-Real-IP: 8.8.8.8",
    "X-Original-URL: /metrics",
    "X-Rewrite-URL: /metrics",
    "X-HTTP-Method-Override: DELETE",
    "REQUEST_METHOD: DELETE",
    "REMOTE_ADDR: 8.8.8.8",
    "HTTP_HOST: evil.example",
    "wsgi.url_scheme: https",
]


@pytest.mark.parametrize("said", SAID)
@pytest.mark.parametrize("path", ["/", "/docs", "/docs/", LOOKUP.format("x"), "/api/v1/metadata", "/nowhere"])
def test_no_header_of_a_client_says_where_the_service_is_or_what_it_was_asked(
    running: Stack, job: str, path: str, said: str
) -> None:
    asked = f"GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: same\r\n"
    varying = re.compile(rb'nonce[-="]+[\w-]{22}')

    usual, told = exchange(running, f"{asked}\r\n"), exchange(running, f"{asked}{said}\r\n\r\n")

    assert told[0] == usual[0]
    assert told[1].get("Location") == usual[1].get("Location")
    assert varying.sub(b"", told[2]) == varying.sub(b"", usual[2])

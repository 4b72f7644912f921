"""An S3 server, in a process of its own, and the variables under which `Files` finds it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator

import pytest
import requests

from tests.end_to_end.stack import free_port

BUCKET = "inventory-files"


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    """The URL of an empty S3 server."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _await(url, server)
        yield url
    finally:
        server.kill()
        server.wait()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The URL of an empty bucket, which this process's environment gives access to."""
    for name, text in {
        "AWS_ENDPOINT_URL": s3_server,
        "AWS_ACCESS_KEY_ID": "access",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_REGION": "us-east-1",
    }.items():
        monkeypatch.setenv(name, text)
    requests.post(f"{s3_server}/moto-api/reset", timeout=60)
    url = f"{s3_server}/{BUCKET}"
    assert requests.put(url, timeout=60).ok
    return url


def _await(url: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 100
    while time.monotonic() < until:
        assert server.poll() is None, "the S3 server has ended"
        try:
            requests.get(f"{url}/moto-api/", timeout=60)
        except requests.ConnectionError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the S3 server did not start")

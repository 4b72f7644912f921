"""Keys in real processes: made and revoked by a command, checked by each process of the API, in no log."""

from __future__ import annotations

import json
import subprocess
import time
from typing import Any

import pytest
import requests

from tests.end_to_end.stack import API, PYTHON, ROOT, Stack, stack, stack_on, wait_until
from tests.real_mongo import STORES
from tests.upstreams import Upstream

COMMAND = [PYTHON, "-c", "from inventory.commands.main import main; main(prog_name='inventory')", "keys"]
REVOKED_WITHIN = 2.0
"""Seconds, as it is documented."""


def keys(running: Stack, *words: str) -> Any:
    done = subprocess.run(
        [*COMMAND, *words], cwd=ROOT, env=running.environment, capture_output=True, text=True, timeout=240, check=True
    )
    return json.loads(done.stdout) if done.stdout else None


@pytest.mark.parametrize("kind", STORES)
def test_a_key_made_by_a_command_opens_the_service_until_it_is_revoked(kind: str, upstream: Upstream) -> None:
    url = upstream.url("/page")
    with stack_on(kind, access="keys") as running:
        running.start("redis", "api")
        made = keys(running, "create", "ci", "--scope", "read", "--scope", "collect", "--json")
        headers = {"Authorization": f"Bearer {made['key']}"}

        assert requests.get(running.url + API, params={"url": url}, timeout=30).status_code == 401
        assert requests.post(running.url + API, json={"url": url}, headers=headers, timeout=30).status_code == 201
        clients = [requests.Session() for _ in range(20)]  # each on a connection of its own, so of both processes
        answers = [client.get(running.url + API, params={"url": url}, headers=headers) for client in clients * 3]
        assert {(answer.status_code, answer.headers["Cache-Control"]) for answer in answers} == {(200, "private, no-cache")}

        def used_at() -> Any:
            [listed] = keys(running, "list", "--json")
            return listed["last_used_address"] == "127.0.0.1" and listed["last_used_at"]

        wait_until(used_at, "its use is noted")
        keys(running, "revoke", made["id"])
        time.sleep(REVOKED_WITHIN)
        answers = [client.get(running.url + API, params={"url": url}, headers=headers) for client in clients]

        assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(401, "revoked_key")}
        assert made["key"] not in running.log("api")
        for client in clients:
            client.close()


def test_what_the_command_line_opens_to_the_network_does_not_start_open() -> None:
    with stack() as running:
        command = [PYTHON, "-m", "gunicorn", "--bind", "0.0.0.0:0", "wsgi:app"]
        done = subprocess.run(
            command, cwd=ROOT, env=running.environment, capture_output=True, text=True, timeout=240, check=False
        )

    [line] = done.stderr.splitlines()
    assert done.returncode == 2
    assert "INVENTORY_HOST is 127.0.0.1" in line

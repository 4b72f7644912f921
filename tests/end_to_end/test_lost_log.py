"""The log of the store is lost under running programs: each lets go of it, also one that nobody asks."""

from __future__ import annotations

import requests

from tests.end_to_end.stack import API, stack, wait_until

PROCESSES = 3


def test_a_process_that_nobody_asks_keeps_no_lost_log_from_being_saved() -> None:
    with stack(api_processes=PROCESSES) as running, requests.Session() as one:
        running.start("redis", "api")

        def status(number: int) -> int:
            url = f"http://example.com/{number}"
            return one.get(running.url + API, params={"url": url}, timeout=30).status_code  # one connection: one process

        for number in range(40):  # each by a connection of its own, so that every process opens the store
            assert running.look_up(f"http://example.com/early/{number}").status_code == 202
        assert status(1) == 202
        (running.folder / "inventory.sqlite3-wal").unlink()
        assert status(2) == 503
        wait_until(lambda: status(3) == 202, "the store is used again")

        assert running.look_up("http://example.com/early/0").status_code == 202
        assert status(1) == 202

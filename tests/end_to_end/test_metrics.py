"""`/metrics` of a running stack: any API process tells of all of them, and nothing that was counted is lost with one."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.end_to_end.stack import Stack, stack_on, wait_until
from tests.real_mongo import ANY_STORE

MISSING = {"url": "http://h.test/", "collect": "false"}


def scrape(running: Stack) -> dict[str, float]:
    """The samples by name; of requests, those of lookups that found nothing."""
    text = requests.get(f"{running.url}/metrics", timeout=30).text
    return {
        sample.name: sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.labels in ({}, {"method": "GET", "route": "/api/v1/metadata", "status": "404"})
    }


def counted(running: Stack) -> float:
    return scrape(running)["inventory_http_request_seconds_count"]


@pytest.mark.parametrize("kind", ANY_STORE)
def test_any_process_answers_for_all_of_them_also_for_one_that_was_killed(kind: str) -> None:
    with stack_on(kind) as running:
        running.start()
        for _ in range(40):  # each on a connection of its own
            assert requests.get(f"{running.url}/api/v1/metadata", params=MISSING, timeout=30).status_code == 404
        wait_until(lambda: counted(running) == 40, "all are counted")
        assert {counted(running) for _ in range(10)} == {40.0}

        api = running.processes["api"].pid
        processes = Path(f"/proc/{api}/task/{api}/children").read_text().split()
        assert len(processes) == 2
        os.kill(int(processes[0]), signal.SIGKILL)
        wait_until(lambda: running.get("/healthz"), "the API answers again")

        assert {counted(running) for _ in range(10)} == {40.0}
        wait_until(lambda: scrape(running)["inventory_workers"] == 2, "both workers listen")
        assert scrape(running)["inventory_collection_lag_seconds"] == 0


@pytest.mark.parametrize("kind", ANY_STORE)
def test_no_folder_is_left_when_the_api_ends(kind: str) -> None:
    with stack_on(kind) as running:
        running.start("redis", "api")
        requests.get(f"{running.url}/healthz", timeout=30)
        assert list(running.counts.iterdir())

        running.end("api", signal.SIGTERM, group=False)

        assert not running.counts.exists()

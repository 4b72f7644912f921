"""A watch on a real stack: pages change, and a real receiver is told of each once, whatever is killed meanwhile."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.end_to_end.stack import API, Stack, stack_on, wait_until
from tests.real_mongo import STORES
from tests.upstreams import Answer, Request, Upstream
from tests.webhooks.receivers import Receiver

PATHS = ("/a", "/b", "/c")


class Site(Upstream):
    """Answers with the value of a header that each path shows."""

    shown: dict[str, str]

    def respond(self, request: Request) -> tuple[Answer, asyncio.Event | None]:
        _, gate = super().respond(request)
        return Answer(200, headers=[("X-Mode", self.shown[request.path])], body=b"<title>page</title>"), gate


@pytest.fixture(params=STORES)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(request.param) as running:
        running.start()
        yield running


@pytest.fixture
def site() -> Iterator[Site]:
    with Site() as site:
        site.shown = dict.fromkeys(PATHS, "on")
        yield site


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        yield server


def send(running: Stack, method: str, path: str, **body: object) -> dict[str, Any]:
    answer = requests.request(method, f"{running.url}{path}", json=body or None, timeout=60)
    answer.raise_for_status()
    return answer.json()


def test_each_change_is_told_once_whatever_is_killed(running: Stack, site: Site, receiver: Receiver) -> None:
    for path in PATHS:
        send(running, "POST", API, url=site.url(path))
    chosen = {"query": "title:page", "every": 60, "fields": "header.x-mode", "cooldown": 0, "webhook": receiver.url("/hook")}
    watch = send(running, "POST", "/api/v1/watches", name="modes", **chosen)
    path = f"/api/v1/watches/{watch['id']}"
    [secret] = watch["webhook_secrets"].values()
    wait_until(lambda: send(running, "GET", path)["scheduled"] == 3, "its targets are enrolled")

    site.shown |= {"/a": "off", "/b": "off"}
    for path_of_page in ("/a", "/b"):
        send(running, "POST", API, url=site.url(path_of_page))
    running.end("scheduler")
    running.end("worker")
    running.redis.flushall()
    running.start("worker", "scheduler")
    wait_until(receiver.count, "the message comes", 180)
    site.shown["/c"] = "off"  # nobody asks for it, so its schedule collects it
    running.end("scheduler", signal.SIGTERM)
    running.start("scheduler")
    told = wait_until(lambda: _told(running, path, 3), "all of it is told and delivered", 240)

    verified = dict(receiver.verified(secret))
    assert {each["id"] for each in told} == set(verified)
    assert len(verified) == len(told)
    groups = [group for content in verified.values() for group in content["data"]["groups"]]
    assert {(group["on"], group["field"], *group["old"], *group["new"]) for group in groups} == {
        ("changes", "header.x-mode", "on", "off")
    }
    assert sorted(sample["url"] for group in groups for sample in group["samples"]) == [site.url(each) for each in PATHS]
    assert requests.get(verified[told[0]["id"]]["data"]["link"], timeout=30).json()["id"] == told[0]["id"]
    metrics = requests.get(f"{running.url}/metrics", timeout=30).text
    assert "inventory_watches 1.0" in metrics
    assert f'inventory_deliveries{{state="delivered"}} {len(told)}.0' in metrics


def _told(running: Stack, path: str, findings: int) -> list[dict[str, Any]]:
    """The messages of a watch, once they tell so many findings and are delivered."""
    numbers = [each["number"] for each in send(running, "GET", f"{path}/messages")["messages"]]
    messages = [send(running, "GET", f"{path}/messages/{number}") for number in numbers]
    delivered = [each for each in messages if [one["state"] for one in each["deliveries"]] == ["delivered"]]
    return messages if messages == delivered and sum(each["findings"] for each in messages) >= findings else []

"""Product feeds on real processes: a worker killed in the middle, the command, and the budgets that all share."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import requests

from inventory.demo.upstreams import Choices
from tests.demo.served import served
from tests.end_to_end.stack import ROOT, Stack, stack_on, wait_until
from tests.products.runs import counts, described
from tests.real_mongo import ANY_STORE

SHOPS = ("acme", "bazaar", "corner")


def summary(running: Stack) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{running.url}/api/v1/products/summary", timeout=30).json()
    return found


def pages(running: Stack) -> int:
    return sum(feed["pages"] for feed in summary(running)["feeds"])


def job(running: Stack, job_id: str) -> dict[str, Any]:
    found: dict[str, Any] = requests.get(f"{running.url}/api/v1/jobs/{job_id}", timeout=30).json()
    return found


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", ANY_STORE)
def test_a_run_whose_worker_is_killed_goes_on_at_the_page(kind: str, tmp_path: Path) -> None:
    choices = Choices(failures=0.0, malformed=False, products=dict.fromkeys(SHOPS, 300))
    with served(choices) as urls, stack_on(kind, product_feeds=described(tmp_path, urls), workers=1) as running:
        running.start()
        accepted = requests.post(f"{running.url}/api/v1/products/runs", timeout=30)
        assert accepted.status_code == 202
        wait_until(lambda: pages(running) >= 9, "nine pages")
        running.end("worker")
        had = pages(running)
        running.start("worker")
        ended = wait_until(
            lambda: found if (found := job(running, accepted.json()["job_id"]))["status"] == "completed" else None,
            "the run ends, once the leases of the dead are over",
            240,
        )
        came = summary(running)["summary"]
        asked = {name: Counter(each["target"] for each in log(urls[name])) for name in SHOPS}
        worst = {name: counts(urls[name])["worst_second"] for name in SHOPS}

    assert had < 45
    assert (came["total_products"], ended["succeeded"], ended["total"]) == (900, 900, 900)
    for name in SHOPS:
        pages_asked = 16 if name == "acme" else 15  # the number of pages that an API tells is not believed to be all
        assert len(asked[name]) == pages_asked
        twice = sum(asked[name].values()) - pages_asked
        assert twice <= 4, "those that were on their way, waited, or were just being kept"
        assert worst[name] <= 5


def log(url: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = requests.get(f"{url}/_log", timeout=60).json()
    return found


def run_command(running: Stack, output: Path, *options: str) -> tuple[subprocess.CompletedProcess[str], Any]:
    """What `inventory products` did, and the summary that it wrote."""
    program = "from inventory.commands.main import main; main()"
    command = [sys.executable, "-c", program, "products", *options, "--output", str(output)]
    done = subprocess.run(
        command, cwd=ROOT, env=running.environment, capture_output=True, text=True, timeout=300, check=False
    )
    return done, json.loads(output.read_text()) if output.exists() else done.stderr


@pytest.mark.parametrize("kind", ANY_STORE)
def test_the_command_ends_well_when_nothing_is_missing(kind: str, tmp_path: Path) -> None:
    choices = Choices(failures=0.0, malformed=False, products=dict.fromkeys(SHOPS, 40))
    with served(choices) as urls, stack_on(kind, product_feeds=described(tmp_path, urls)) as running:
        running.start("redis", "worker", "scheduler")
        done, document = run_command(running, tmp_path / "result.json", "--products", "3")

    assert done.returncode == 0, done.stderr
    assert all(word in done.stdout for word in ("acme", "bazaar", "corner", "total_products", "120"))
    assert len(document["products"]) == 3
    assert "incomplete" not in done.stderr
    assert (document["summary"]["total_products"], document["errors"]) == (120, [])


@pytest.mark.parametrize("kind", ANY_STORE)
def test_the_command_follows_a_run_and_writes_the_summary(kind: str, tmp_path: Path) -> None:
    with (
        served(Choices(failures=0.2)) as urls,
        stack_on(kind, product_feeds=described(tmp_path, urls)) as running,
    ):
        running.start("redis", "worker", "scheduler")
        done, document = run_command(running, tmp_path / "result.json", "--json")
        can_be_had = {name: counts(urls[name])["site"]["can_be_had"] for name in SHOPS}
        worst = {name: counts(urls[name])["worst_second"] for name in SHOPS}

    assert done.returncode == 1, "a page of acme is always broken"
    assert "the feed acme is incomplete (1 missing): http://" in done.stderr
    assert ": malformed_page: The page is not valid JSON" in done.stderr
    assert " rejected; see them with: inventory job " in done.stderr
    assert document == json.loads(done.stdout)
    assert document["summary"]["sources"] == list(SHOPS)
    assert len(document["products"]) == 100
    assert set(document["products"][0]) >= {"id", "title", "source", "price", "category", "processed_at"}
    sources = {feed["name"]: feed for feed in document["feeds"]}
    assert {name: sources[name]["products"] for name in SHOPS} == can_be_had
    assert max(worst.values()) <= 5
    assert "acme" in done.stderr
    assert {error["error"].split(":")[0] for error in document["errors"]} == {"invalid_product", "malformed_page"}

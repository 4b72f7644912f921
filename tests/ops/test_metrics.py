"""`/metrics`: requests by route, what is due, wake-ups, workers and upstreams, in Prometheus's text format."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from inventory import create_app, wiring
from inventory.config import Settings
from inventory.errors import StartError
from inventory.ops import metrics, request_metrics
from inventory.rate_limits.limits import HostLimits
from tests.conftest import Build
from tests.fakes import Replacing, Unlimited
from tests.ops.actions import scrape, value
from tests.rate_limits.budget_halves import POLICY, LocalHalf

LOOKUP = {"method": "GET", "route": "/api/v1/metadata"}


def requests_of(client: FlaskClient, **labels: str) -> float:
    return value(client, "inventory_http_request_seconds_count", **labels)


def test_requests_are_counted_by_route_and_status_also_those_answered_before_flask(client: FlaskClient) -> None:
    hits, promises = requests_of(client, **LOOKUP, status="200"), requests_of(client, **LOOKUP, status="202")
    query = {"url": "http://example.com/metrics"}

    client.get("/api/v1/metadata", query_string=query)
    client.post("/api/v1/metadata", json=query)
    client.get("/api/v1/metadata", query_string=query)  # in front of Flask
    client.get("/api/v1/metadata", query_string=query | {"fields": "headers"})

    assert requests_of(client, **LOOKUP, status="202") == promises + 1
    assert requests_of(client, **LOOKUP, status="200") == hits + 2


def test_what_a_client_makes_up_has_no_series_of_its_own(client: FlaskClient) -> None:
    before = requests_of(client, method="other", route="none", status="404")

    for number in range(5):
        client.open(f"/made-up/{number}", method=f"MADE{number}")

    assert requests_of(client, method="other", route="none", status="404") == before + 5
    assert not [labels for name, labels in scrape(client) if "made" in str(labels).lower()]


def test_a_path_with_an_id_is_counted_by_its_pattern(client: FlaskClient) -> None:
    labels = {"method": "GET", "route": "/api/v1/jobs/<job_id>", "status": "404"}
    before = requests_of(client, **labels)

    for number in range(3):
        client.get(f"/api/v1/jobs/{number:032x}")

    assert requests_of(client, **labels) == before + 3


def test_what_is_due_and_for_how_long_and_what_waits_for_a_worker(client: FlaskClient, services: wiring.Services) -> None:
    assert value(client, "inventory_collection_lag_seconds") == 0
    client.get("/api/v1/metadata", query_string={"url": "http://example.com/"})

    found = scrape(client)

    assert found[("inventory_collection_lag_seconds", frozenset())] > 0
    assert found[("inventory_bells", frozenset({("queue", "collect")}))] == 1
    assert found[("inventory_workers", frozenset())] == 0
    assert found[("inventory_up", frozenset({("part", "store")}))] == 1
    assert found[("inventory_up", frozenset({("part", "queue")}))] == 1


def eligible(make_services: Build, half: LocalHalf, urls: Iterable[str]) -> float:
    """What `/metrics` says after these URLs were asked for."""
    client = create_app(services=make_services(budgets=half.budgets)).test_client()
    for url in urls:
        assert client.get("/api/v1/metadata", query_string={"url": url}).status_code == 202
    return value(client, "inventory_collections_eligible")


def test_a_thousand_due_targets_of_a_thousand_hosts_are_all_eligible(make_services: Build) -> None:
    urls = (f"http://{n}.example.com/" for n in range(1_000))

    assert eligible(make_services, LocalHalf(HostLimits(1, 1)), urls) == 1_000


def test_a_thousand_due_targets_of_one_slow_host_are_the_work_of_some_seconds(make_services: Build) -> None:
    urls = (f"http://slow.example.com/{n}" for n in range(1_000))

    assert eligible(make_services, LocalHalf(HostLimits(1, 1)), urls) == 1 + metrics.ELIGIBLE_WITHIN


def test_nothing_of_a_host_whose_breaker_is_open_is_eligible(make_services: Build) -> None:
    half = LocalHalf(HostLimits(10, 4))
    half.fail("dead.example.com", POLICY.failures)
    urls = ["http://live.example.com/", *(f"http://dead.example.com/{n}" for n in range(9))]

    assert eligible(make_services, half, urls) == 1


@pytest.mark.parametrize("hosts", [0, 1, 99_999])
def test_of_what_is_due_and_of_the_budgets_a_bounded_number_is_looked_at(
    make_services: Build, services: wiring.Services, hosts: int
) -> None:
    looked_at: list[int] = []

    def due_hosts(*, limit: int, **_: object) -> dict[str, int]:
        return {f"{n}.example": 1 for n in range(min(hosts, limit))}

    def permits(names: Sequence[str], **_: object) -> dict[str, int]:
        looked_at.append(len(names))
        return dict.fromkeys(names, 0)

    store = Replacing(services.store, records=Replacing(services.store.records, due_hosts=due_hosts))
    wired = make_services(store=store, budgets=Replacing(Unlimited(), permits=permits))

    assert metrics.eligible(wired) == max(0, min(hosts, metrics.MAX_DUE) - metrics.MAX_HOSTS)
    assert looked_at == [min(hosts, metrics.MAX_HOSTS)]


def test_upstreams_have_counts_of_what_their_budgets_permitted(make_services: Build) -> None:
    half = LocalHalf(HostLimits(10, 4))
    client = create_app(services=make_services(budgets=half.budgets)).test_client()
    half.end(half.permit("counted.example"), elapsed=0.03)
    half.end(half.permit("counted.example"), failed=True)

    found = scrape(client)

    host = frozenset({("host", "counted.example")})
    assert found[("inventory_upstream_requests_total", host)] == 2
    assert found[("inventory_upstream_failures_total", host)] == 1
    assert found[("inventory_upstream_put_off_total", host)] == 0
    assert found[("inventory_upstream_breaker_open", host)] == 0


def test_a_part_that_does_not_answer_is_reported_and_stops_no_scrape(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    away = replace(settings, store_url=f"sqlite:///{tmp_path}/file/store", redis_url="redis://127.0.0.1:1/0")
    client = create_app(away).test_client()

    found = scrape(client)

    assert found[("inventory_up", frozenset({("part", "store")}))] == 0
    assert found[("inventory_up", frozenset({("part", "queue")}))] == 0
    gone = {"inventory_collection_lag_seconds", "inventory_collections_eligible", "inventory_bells"}
    assert not [name for name, _ in found if name in gone]


def test_counts_begin_at_zero_in_a_folder_that_is_the_same_after_a_crash(settings: Settings, tmp_path: Path) -> None:
    counts = request_metrics.folder(settings, str(tmp_path))
    request_metrics.prepare(counts)
    (counts / "histogram_1.db").touch()

    request_metrics.prepare(request_metrics.folder(settings, str(tmp_path)))

    assert list(tmp_path.glob("inventory-*")) == [counts]
    assert not list(counts.iterdir())
    assert request_metrics.folder(replace(settings, port=settings.port + 1), str(tmp_path)) != counts


def test_a_folder_that_cannot_be_made_stops_the_start_in_a_line(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()

    with pytest.raises(StartError, match="/metrics"):
        request_metrics.prepare(tmp_path / "taken" / "counts")


COUNTS_WITHOUT_ROOM = """
import resource, sys
from prometheus_client import generate_latest
from inventory.ops import request_metrics

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def counts():
    return generate_latest(request_metrics.registry()).count(b"_count{")

limit(int(sys.argv[1]))
for number in range(100):
    request_metrics.observe("GET", f"/{number}", 200, 0.1)
before = counts()
limit(resource.RLIM_INFINITY)
request_metrics.observe("GET", "/0", 200, 0.1)
print(before, counts())
"""


@pytest.mark.parametrize(("size", "series"), [(1, range(1)), (2**16, range(5, 99))])
def test_a_folder_without_room_for_more_series_breaks_no_request_and_no_scrape(
    tmp_path: Path, size: int, series: range
) -> None:
    """Neither for the first series of a process, nor for those that make its file grow."""
    done = subprocess.run(
        [sys.executable, "-c", COUNTS_WITHOUT_ROOM, str(size)],
        env={request_metrics.FOLDER: str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    *told, last = done.stdout.splitlines()
    before, after = map(int, last.split())

    assert "not_counted" in told[0]
    assert before in series
    assert after == max(before, 1)


def test_the_first_requests_of_a_process_may_be_counted_at_once() -> None:
    program = (
        "import sys; from threading import Barrier, Thread; from inventory.ops import request_metrics as counts\n"
        "sys.setswitchinterval(1e-6); at_once, broken = Barrier(16), []\n"
        "def count(n):\n"
        "    at_once.wait()\n"
        "    try: counts.observe('GET', f'/{n}', 200, 0.1); counts.count_refusal('x')\n"
        "    except Exception as error: broken.append(repr(error))\n"
        "threads = [Thread(target=count, args=(n,)) for n in range(16)]\n"
        "[each.start() for each in threads]; [each.join() for each in threads]; sys.exit('; '.join(broken) or 0)\n"
    )
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

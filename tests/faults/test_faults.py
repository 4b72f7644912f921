"""Nothing that was accepted is lost: the short version of `make faults`, with every fault once."""

from __future__ import annotations

import signal
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.end_to_end.stack import wait_until
from tests.faults import conductor, scenarios
from tests.faults.rig import rig
from tests.faults.stores import mongo_is_there
from tests.upstreams import Upstream

KINDS = ["sqlite", *(["mongo"] if mongo_is_there() else [])]


@pytest.mark.parametrize("kind", KINDS)
def test_every_202_ends_whatever_happens_meanwhile(kind: str) -> None:
    with rig(kind, max_attempts=3) as running:
        running.start()
        row = conductor.all_at_random(running, seed=7, accepted=300, rate=20, away=2, short=True)
        logs = {name: running.log(name)[-3000:] for name in running.commands}

    assert row.holds, f"{row.verdict.complaints}\n{logs if row.verdict.unexpected else ''}"
    assert row.verdict.stored > 200
    assert row.verdict.failed >= 1, "what nobody answers, and the poison"


@pytest.mark.parametrize("kind", KINDS)
def test_simultaneous_lookups_over_four_api_processes_are_one_record_and_one_fetch(kind: str) -> None:
    with rig(kind, api_processes=4) as running:
        running.start()
        row = scenarios.simultaneous(running, 1, 200, 0)

    assert row.holds, row.verdict.complaints
    assert row.verdict.stored == 5


def test_a_graceful_stop_answers_what_is_in_flight_and_settles_it() -> None:
    with rig(fetch_deadline=200) as running, Upstream() as slow, ThreadPoolExecutor(1) as pool:
        running.start()
        slow.hold("/page/inline")
        slow.hold("/page/queued")
        inline = pool.submit(running.post, slow.url("/page/inline"))
        running.look_up(slow.url("/page/queued"))
        wait_until(lambda: slow.count() == 2, "both are fetched")

        for name in ("api", "worker", "worker-2"):
            running.processes[name].send_signal(signal.SIGTERM)
        slow.release("/page/inline")
        slow.release("/page/queued")
        began = time.monotonic()

        assert inline.result().status_code == 201
        for name in ("api", "worker", "worker-2"):
            assert running.processes[name].wait(120) == 0
        assert time.monotonic() - began < 90, "it waits for no deadline"
        del running.processes["api"]
        running.start("api")
        assert running.look_up(slow.url("/page/queued")).status_code == 200
        assert slow.count("/page/queued") == 1


def test_a_start_waits_for_the_store_with_a_line_a_second() -> None:
    with rig() as running:
        running.store.take_away()
        running.start("redis", "api", "worker", "scheduler")

        for name in ("worker", "scheduler", "api"):
            wait_until(lambda name=name: running.log(name).count("waiting_for_store") >= 3, f"{name} says that it waits")
        answer = running.look_up(running.upstream.url("/page"))
        assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (503, True)
        assert all(program.poll() is None for program in running.processes.values())

        running.store.bring_back()
        assert running.look_up(running.upstream.url("/page")).status_code == 202
        running.wait_for(running.upstream.url("/page"), 200)


def test_workers_collect_while_redis_is_away_and_do_not_die_of_it() -> None:
    with rig() as running:
        running.start("redis", "api", "worker", "scheduler")
        running.redis_proxy.behave("refuse")
        running.look_up(running.upstream.url("/page"))

        running.wait_for(running.upstream.url("/page"), 200)
        running.redis_proxy.behave("pass")
        wait_until(lambda: "queue_answers_again" in running.log("worker"), "it listens to the queue again")
        running.look_up(running.upstream.url("/page/2"))
        running.wait_for(running.upstream.url("/page/2"), 200)
        assert running.log("worker").count("Traceback") <= 1, "not a crash each second"


def test_every_202_is_written_down_before_the_next_lookup(tmp_path: Path) -> None:
    from tests.faults.witness import Witness

    with rig() as running:
        running.start("redis", "api")
        witness = Witness(running.url, tmp_path / "accepted")
        urls = [running.upstream.url(f"/page/{n}") for n in range(3)]

        assert [witness.ask(url) for url in urls] == [202, 202, 202]
        assert list(witness.seen()) == urls

"""The faults, by name: each makes one happen to a running rig, and sees that the programs run again afterwards."""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from inventory.errors import StorageUnavailable
from inventory.records.model import Failure, State
from inventory.store import Store
from tests.end_to_end.stack import PYTHON, ROOT, wait_until
from tests.faults.claims import look
from tests.faults.rig import OURS, TRAPS, WORKERS, Rig
from tests.faults.stores import SqliteFile
from tests.faults.witness import Witness
from tests.upstreams import Upstream

STOPS_WITHIN = 60.0
"""Seconds for a graceful stop: the grace of the composition is longer."""
BACKLOG = 300.0
"""Seconds that a lookup may wait for all those before it, where a slow store and an outage have made them many."""


@dataclass(frozen=True)
class Scene:
    """What a fault may use: the rig, the witness, a source of chance, and how many seconds something is away."""

    rig: Rig
    witness: Witness
    rng: Random
    away: float


Fault = Callable[[Scene], None]


def kill_a_worker(scene: Scene) -> None:
    """A worker pool with its worker, in mid-fetch or not."""
    name = scene.rng.choice(WORKERS)
    scene.rig.kill(name)
    scene.rig.start(name)


def kill_the_api(scene: Scene) -> None:
    scene.rig.kill("api")
    scene.rig.start("api")


def kill_the_scheduler(scene: Scene) -> None:
    scene.rig.kill("scheduler")
    time.sleep(scene.away / 2)
    scene.rig.start("scheduler")


def kill_redis(scene: Scene) -> None:
    scene.rig.kill("redis")
    time.sleep(scene.away / 2)
    scene.rig.start("redis")


def kill_the_store(scene: Scene) -> None:
    """Its server; for SQLite, which has none, everything that has the file open, at once."""
    if scene.rig.store.command is None:
        scene.rig.kill(*OURS)
        scene.rig.start(*OURS)
        return
    scene.rig.kill("store")
    time.sleep(scene.away / 2)
    scene.rig.start("store")


def stop_a_worker_beyond_its_lease(scene: Scene) -> None:
    """SIGSTOP while it waits for an upstream, SIGCONT when its lease is over and somebody else has done its work."""
    with Upstream(TRAPS) as trap:
        trap.hold("/page/stopped")
        scene.witness.ask(trap.url("/page/stopped"))
        pid = wait_until(lambda: scene.rig.who_is_connected_to(trap), "a worker fetches", BACKLOG)
        os.kill(pid, signal.SIGSTOP)
        trap.release("/page/stopped")
        try:
            time.sleep(scene.rig.lease + 4)
        finally:
            with contextlib.suppress(ProcessLookupError):  # another fault killed it meanwhile
                os.kill(pid, signal.SIGCONT)
        time.sleep(2)  # it brings what it has, too late


def lose_every_wake_up(scene: Scene) -> None:
    """Jobs that were enqueued while no worker ran are flushed: only the scheduler can know what is due."""
    scene.rig.kill(*WORKERS)
    time.sleep(scene.away / 2)
    scene.rig.redis.flushall()
    scene.rig.start(*WORKERS)


def flush_redis(scene: Scene) -> None:
    scene.rig.redis.flushall()


def redis_away(scene: Scene) -> None:
    scene.rig.redis_proxy.behave("refuse")
    time.sleep(scene.away)
    scene.rig.redis_proxy.behave("pass")


def redis_swallows_everything(scene: Scene) -> None:
    scene.rig.redis_proxy.behave("black hole")
    time.sleep(scene.away / 2)
    scene.rig.redis_proxy.behave("pass")


def redis_limps(scene: Scene) -> None:
    """Slow, then cut in the middle of replies, then silent after having done what it was asked."""
    for mode in ("delay", "cut", "drop replies"):
        scene.rig.redis_proxy.behave(mode, seconds=0.3, replied=scene.rng.randint(1, 400))  # type: ignore[arg-type]
        time.sleep(scene.away / 4)
    scene.rig.redis_proxy.behave("pass")


def store_away(scene: Scene) -> None:
    scene.rig.store.take_away()
    time.sleep(scene.away)
    scene.rig.store.bring_back()


def store_away_for_longer_than_a_lease(scene: Scene) -> None:
    """What is fetched meanwhile is settled too late, and must not count."""
    with Upstream(TRAPS) as trap:
        trap.hold("/page/late")
        scene.witness.ask(trap.url("/page/late"))
        wait_until(lambda: trap.count("/page/late"), "a worker fetches", BACKLOG)
        scene.rig.store.take_away()
        trap.release("/page/late")
        time.sleep(scene.rig.lease + 2)
        scene.rig.store.bring_back()


def store_swallows_everything(scene: Scene) -> None:
    _proxied(scene, "black hole")


def store_is_cut_in_replies(scene: Scene) -> None:
    _proxied(scene, "cut")


def store_replies_are_lost_after_the_commit(scene: Scene) -> None:
    _proxied(scene, "drop replies")


def _proxied(scene: Scene, mode: str) -> None:
    assert scene.rig.store.proxy is not None
    scene.rig.store.proxy.behave(mode, replied=scene.rng.randint(1, 2000))  # type: ignore[arg-type]
    time.sleep(scene.away / 2)
    scene.rig.store.proxy.behave("pass")


def stop_workers_in_mid_fetch(scene: Scene) -> None:
    """SIGTERM: they must end by themselves, with everything in flight settled."""
    name = scene.rng.choice(WORKERS)
    _ask_to_stop(scene, name)


def stop_the_api_under_load(scene: Scene) -> None:
    _ask_to_stop(scene, "api")


def kill_a_reindexing(scene: Scene) -> None:
    """`inventory reindex` while everything else goes on; the scheduler indexes what it marked."""
    program = subprocess.Popen(
        [PYTHON, "-c", "from inventory.commands.main import main; main()", "reindex"],
        cwd=ROOT, env=scene.rig.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    time.sleep(1 + scene.rng.random())
    program.kill()
    program.wait(60)


def _ask_to_stop(scene: Scene, name: str) -> None:
    began = time.monotonic()
    scene.rig.end(name, signal.SIGTERM, group=False)
    took = time.monotonic() - began
    if took > STOPS_WITHIN:
        scene.witness.unexpected.append(f"{name} took {took:.0f} s to stop")
    scene.rig.start(name)


def both_late(scene: Scene) -> None:
    """Everything is down; ours come up first, Redis and the store when the programs have waited for them."""
    rig = scene.rig
    rig.kill(*OURS, "redis")
    rig.store.take_away()
    rig.start(*OURS)
    time.sleep(scene.away)
    rig.look_after()
    rig.store.bring_back()
    rig.start("redis")


def full_disk(scene: Scene) -> None:
    """No write of our programs to any file succeeds (`RLIMIT_FSIZE`: EFBIG instead of ENOSPC), then there is room again."""
    _room(scene.rig, 1)
    time.sleep(scene.away / 2)
    _room(scene.rig, resource.RLIM_INFINITY)


def _room(rig: Rig, size: int) -> None:
    for pid in rig.pids():
        try:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
        except ProcessLookupError:
            continue


def poison(scene: Scene) -> None:
    """A URL that kills each worker that fetches it: the worker that is connected to its upstream gets SIGKILL, every time.

    It must fail after all its attempts. Each ended so, or with a worker that another fault killed sooner.
    """
    rig, killed, killed_before = scene.rig, 0, scene.rig.workers_killed
    with Upstream(TRAPS) as trap, look(rig.store.direct) as store:
        trap.hold("/page/poison")
        url = trap.url("/page/poison")
        scene.witness.ask(url)
        record_id = scene.witness.seen()[url]
        until = time.monotonic() + (rig.lease + 20) * (rig.attempts + 1)
        while (failure := _failure(store, record_id)) is None and time.monotonic() < until and not scene.witness.closed:
            killed += _kill_who_fetches(rig, trap, seconds=1)
    sooner = rig.workers_killed - killed_before
    all_taken = failure is not None and failure.attempts == rig.attempts
    if not (all_taken and rig.attempts - sooner <= killed <= rig.attempts):
        scene.witness.unexpected.append(
            f"the poison was taken {killed} times, beside {sooner} workers that were killed otherwise: {failure}"
        )


def _failure(store: Store, record_id: str) -> Failure | None:
    """How a record failed in the end; None while it has not, or nobody can say."""
    try:
        record = store.records.find(record_id)
    except StorageUnavailable:
        return None
    return record.failure if record is not None and record.state is State.FAILED else None


def _kill_who_fetches(rig: Rig, trap: Upstream, *, seconds: float) -> bool:
    """Whether somebody was connected within so many seconds, and was killed."""
    until = time.monotonic() + seconds
    while (pid := rig.who_is_connected_to(trap)) is None:
        if time.monotonic() > until:
            return False
        time.sleep(0.02)
    with contextlib.suppress(ProcessLookupError):  # another fault was quicker, and that counts too
        os.kill(pid, signal.SIGKILL)
    wait_until(lambda: rig.who_is_connected_to(trap) != pid, "it is dead")
    return True


EVERYWHERE: tuple[Fault, ...] = (
    kill_a_worker, kill_the_api, kill_the_scheduler, kill_redis, kill_the_store, stop_a_worker_beyond_its_lease, flush_redis,
    lose_every_wake_up, redis_away, redis_swallows_everything, redis_limps, store_away, store_away_for_longer_than_a_lease,
    stop_workers_in_mid_fetch, stop_the_api_under_load, both_late, kill_a_reindexing,
)  # fmt: skip
WITH_A_SERVER: tuple[Fault, ...] = (
    store_swallows_everything,
    store_is_cut_in_replies,
    store_replies_are_lost_after_the_commit,
)
IN_A_FILE: tuple[Fault, ...] = (full_disk,)


def faults_for(rig: Rig) -> Mapping[str, Fault]:
    """The faults that can happen to this rig's store, by name."""
    own = IN_A_FILE if isinstance(rig.store, SqliteFile) else WITH_A_SERVER
    faults = [fault for fault in (*EVERYWHERE, *own) if rig.store.lasting or fault is not kill_the_store]
    return {fault.__name__.replace("_", " "): fault for fault in faults}

"""`python -m workers collect` runs a pool of collecting workers, `python -m workers schedule` the scheduler."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import closing, suppress
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from threading import Event
from types import FrameType

import click
from rq.serializers import JSONSerializer
from rq.worker_pool import ForkProcess, WorkerPool

from inventory import descriptors, malloc_arenas, notifier, wiring
from inventory.config import Settings
from inventory.errors import StartError
from inventory.http_client.requests_transport import KEPT_CONNECTIONS, KEPT_HOSTS, default_tls
from inventory.ops import log_config
from inventory.store import waiting
from workers import scheduler, tasks, worker

COLLECT_AFTER = 20_000
"""Objects made and not freed before a worker looks for cycles: a failure leaves some 80 in them, a success none."""

DESCRIPTORS = KEPT_HOSTS * KEPT_CONNECTIONS + 1_024
"""Of a worker: all connections that it may keep, and what its threads have open. Many systems allow 1,024 or 256 unasked."""


class Pool(WorkerPool):
    """RQ's pool, whose processes work while Redis is away, and from which no request to stop is lost.

    Such a request may come while the pool starts, or meet a process in its first moments with the pool's handlers.
    """

    def get_worker_process(self, name: str, burst: bool, _sleep: float = 0, logging_level: str = "INFO") -> BaseProcess:
        """A process that is not started yet."""
        return ForkProcess(
            target=worker.run,
            args=(name, self._queue_names, self._connection_class, self._pool_class, self._pool_kwargs),
            kwargs={"worker_class": worker.CollectWorker, "serializer": JSONSerializer, "burst": burst}
            | {"logging_level": logging_level},
            name=f"Worker {name} (WorkerPool {self.name})",
        )

    def _install_signal_handlers(self) -> None:
        super()._install_signal_handlers()
        if tasks.stopping.is_set():
            self.request_stop()

    def request_stop(self, signum: int | None = None, frame: FrameType | None = None) -> None:
        tasks.stopping.set()
        if parent_process() is None:
            super().request_stop(signum, frame)


@click.group()
def main() -> None:
    """Inventory's background processes."""
    os.umask(0o077)  # what they keep is private
    log_config.configure()


@main.command()
def collect() -> None:
    """Collect what is accepted, in INVENTORY_WORKERS processes; SIGTERM lets them finish what is in flight."""
    malloc_arenas.limit_arenas()
    malloc_arenas.give_large_blocks_back()
    descriptors.allow(DESCRIPTORS)
    settings = _start(_stop_on_signals(tasks.stopping))
    redis = notifier.connect(settings.redis, socket_timeout=None)
    default_tls()  # here, so that loading it is no part of a worker's first collection and of its deadline
    gc.collect()
    gc.freeze()  # what is loaded stays, so the collector need not go through it again and again (docs/speed.md)
    gc.set_threshold(COLLECT_AFTER)
    Pool(list(notifier.TASKS), connection=redis, num_workers=settings.workers).start(logging_level="INFO")


@main.command()
def schedule() -> None:
    """Wake workers for what is due, again and again, until SIGTERM."""
    stopping = _stop_on_signals(Event())
    settings = _start(stopping)
    scheduler.run(wiring.build(settings, in_background=True), stopping)


def _stop_on_signals(stopping: Event) -> Event:
    """Let SIGINT and SIGTERM set it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _start(stopping: Event) -> Settings:
    """The settings, once the store answers; ends this program if it is asked to stop before, or can never work."""
    try:
        settings = Settings.read()
        log_config.configure(masking=settings.masking)
        with closing(wiring.open_store(settings)) as store:
            ready = waiting.await_store(store, stopping)
    except StartError as error:
        with suppress(OSError):
            click.echo(f"inventory: {error}", err=True)
        sys.exit(2)
    if not ready:
        sys.exit(0)
    return settings


if __name__ == "__main__":
    main()

"""`python -m workers collect` runs a pool of collecting workers, `python -m workers schedule` the scheduler."""

from __future__ import annotations

import gc
import os
import signal
import sys
from contextlib import suppress
from multiprocessing import parent_process
from threading import Event
from types import FrameType

import click
import structlog
from rq.serializers import JSONSerializer
from rq.worker_pool import WorkerPool

from inventory import malloc_arenas, notifier, wiring
from inventory.config import Settings
from inventory.errors import StartError
from inventory.ops import log_config
from workers import scheduler, tasks
from workers.worker import CollectWorker

log = structlog.get_logger(__name__)


class Pool(WorkerPool):
    """RQ's pool, from which no request to stop is lost: neither one while it starts, nor one that meets a fork in its first
    moments, when it still has the handlers of the pool."""

    def _install_signal_handlers(self) -> None:
        super()._install_signal_handlers()
        if tasks.stopping.is_set():
            self.request_stop()

    def request_stop(self, signum: int | None = None, frame: FrameType | None = None) -> None:
        """Stop the workers, and then the pool."""
        tasks.stopping.set()
        if parent_process() is None:
            super().request_stop(signum, frame)


@click.group()
def main() -> None:
    """Inventory's background processes."""
    os.umask(0o077)  # what they keep is nobody else's
    log_config.configure()


@main.command()
def collect() -> None:
    """Collect what is accepted, in INVENTORY_WORKERS processes; SIGTERM lets them finish what is in flight."""
    malloc_arenas.use_few_arenas()
    settings = _start(_stop_on_signals(tasks.stopping))

    class PulsingWorker(CollectWorker):
        pulse = staticmethod(lambda: _pulse(settings, "worker"))

    redis = notifier.connect(settings.redis, socket_timeout=None)
    gc.collect()
    gc.freeze()  # what is loaded stays: the collector need not look at it again and again, which took 7 % of an import
    Pool(
        list(notifier.TASKS),
        connection=redis,
        num_workers=settings.workers,
        worker_class=PulsingWorker,
        serializer=JSONSerializer,
    ).start(logging_level="INFO")


@main.command()
def schedule() -> None:
    """Ring for what is due, again and again, until SIGTERM."""
    stopping = _stop_on_signals(Event())
    settings = _start(stopping)
    scheduler.run(wiring.build(settings), stopping, pulse=lambda: _pulse(settings, "scheduler"))


def _pulse(settings: Settings, name: str) -> None:
    """Touch `NAME.pulse` in the data folder: its age tells a health check when the last round was."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        (settings.data_dir / f"{name}.pulse").touch()
    except OSError as error:  # a full disk, say: the health check will see it, the work goes on
        log.warning("no_pulse", error=str(error))


def _stop_on_signals(stopping: Event) -> Event:
    """Have SIGINT and SIGTERM set it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _start(stopping: Event) -> Settings:
    """The settings, once the store answers; ends this program if it is asked to stop before, or can never work."""
    try:
        settings = Settings.read()
        ready = wiring.await_store(settings, stopping)
    except StartError as error:
        with suppress(OSError):
            click.echo(f"inventory: {error}", err=True)
        sys.exit(2)
    if not ready:
        sys.exit(0)
    return settings


if __name__ == "__main__":
    main()

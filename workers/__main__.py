"""`python -m workers collect` runs a pool of collecting workers, `python -m workers schedule` the scheduler."""

from __future__ import annotations

import signal
import sys
from threading import Event

import click
import structlog
from rq.serializers import JSONSerializer
from rq.worker_pool import WorkerPool

from inventory import queue, wiring
from inventory.config import Settings
from inventory.errors import StartError
from inventory.ops import logging
from workers import scheduler
from workers.collecting import CollectWorker

log = structlog.get_logger(__name__)


@click.group()
def main() -> None:
    """Inventory's background processes."""
    logging.configure()


@main.command()
def collect() -> None:
    """Collect what is accepted, in INVENTORY_WORKERS processes; SIGTERM lets them finish what is in flight."""
    settings = _start(_stop_on_signals())

    class PulsingWorker(CollectWorker):
        pulse = staticmethod(lambda: _pulse(settings, "worker"))

    redis = queue.connect(settings.redis, socket_timeout=None)
    WorkerPool(
        [queue.NAME], connection=redis, num_workers=settings.workers, worker_class=PulsingWorker, serializer=JSONSerializer
    ).start(logging_level="INFO")


@main.command()
def schedule() -> None:
    """Ring for what is due, again and again, until SIGTERM."""
    stopping = _stop_on_signals()
    settings = _start(stopping)
    scheduler.run(wiring.build(settings), stopping, pulse=lambda: _pulse(settings, "scheduler"))


def _pulse(settings: Settings, name: str) -> None:
    """Touch `NAME.pulse` in the data folder: its age tells a health check when the last round was."""
    try:
        settings.data_dir.mkdir(parents=True, exist_ok=True)
        (settings.data_dir / f"{name}.pulse").touch()
    except OSError as error:  # a full disk, say: the health check will see it, the work goes on
        log.warning("no_pulse", error=str(error))


def _stop_on_signals() -> Event:
    """What SIGINT and SIGTERM set."""
    stopping = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def _start(stopping: Event) -> Settings:
    """The settings, once the store answers; ends this program if it is asked to stop before, or can never work."""
    try:
        settings = Settings.read()
        ready = wiring.await_store(settings, stopping)
    except StartError as error:
        click.echo(f"inventory: {error}", err=True)
        sys.exit(2)
    if not ready:
        sys.exit(0)
    return settings


if __name__ == "__main__":
    main()

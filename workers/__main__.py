"""`python -m workers collect` runs a pool of collecting workers, `python -m workers schedule` the scheduler."""

from __future__ import annotations

import signal
import sys
from threading import Event
from types import FrameType
from typing import Any

import click
import structlog
from redis.exceptions import RedisError
from rq import SimpleWorker
from rq.serializers import JSONSerializer
from rq.worker_pool import WorkerPool

from inventory import queue, wiring
from inventory.config import Settings
from inventory.embedded.leash import die_with_parent
from inventory.errors import StartError
from inventory.ops import logging
from workers import scheduler, tasks

log = structlog.get_logger(__name__)

WORKER_TTL = 60
"""Seconds after which a worker that died without a word leaves the dashboard."""


class CollectWorker(SimpleWorker):
    """A worker that collects in its own process, many targets at once, and stops when what is in flight is settled."""

    log_job_description = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{**kwargs, "worker_ttl": WORKER_TTL})

    def work(self, *args: Any, **kwargs: Any) -> bool:
        """RQ's work loop, without RQ's scheduler: what is due is in the store. It stops when the pool is gone."""
        die_with_parent()
        return super().work(*args, **{**kwargs, "with_scheduler": False})

    def heartbeat(self, *args: Any, **kwargs: Any) -> None:
        """RQ's sign of life, and one for the container's health check."""
        super().heartbeat(*args, **kwargs)
        _pulse(tasks.services().settings, "worker")

    def request_stop(self, signum: int, frame: FrameType | None) -> None:
        """Claim no more, settle what is in flight, then stop."""
        tasks.stopping.set()
        try:
            super().request_stop(signum, frame)
        except RedisError:  # it could not write down that it stops; it stops all the same
            self._stop_requested = True


@click.group()
def main() -> None:
    """Inventory's background processes."""
    logging.configure()


@main.command()
def collect() -> None:
    """Collect what is accepted, in INVENTORY_WORKERS processes; SIGTERM lets them finish what is in flight."""
    settings = _start()
    redis = queue.connect(settings.redis, socket_timeout=None)
    WorkerPool(
        [queue.NAME], connection=redis, num_workers=settings.workers, worker_class=CollectWorker, serializer=JSONSerializer
    ).start(logging_level="INFO")


@main.command()
def schedule() -> None:
    """Ring for what is due, again and again, until SIGTERM."""
    settings = _start()
    stopping = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    scheduler.run(wiring.build(settings), stopping, pulse=lambda: _pulse(settings, "scheduler"))


def _pulse(settings: Settings, name: str) -> None:
    """Touch `NAME.pulse` in the data folder: its age tells a health check when the last round was."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    (settings.data_dir / f"{name}.pulse").touch()


def _start() -> Settings:
    try:
        settings = Settings.read()
        wiring.check_start(settings)
    except StartError as error:
        click.echo(f"inventory: {error}", err=True)
        sys.exit(2)
    return settings


if __name__ == "__main__":
    main()

"""What looks at an installation."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from functools import partial

from inventory.clock import utc_now
from inventory.config import Settings
from inventory.doctor import entrance, machine, owed, setting_names
from inventory.doctor.model import Check, Finding, StoreCheck
from inventory.doctor.owed import OwedCheck
from inventory.doctor.queue import QueueCheck
from inventory.errors import SettingError
from inventory.local_stack import folder_lock, redis_server
from inventory.notifier import connect
from inventory.store.sqlite.doctor import SqliteCheck
from inventory.wiring.backups import files_folder
from inventory.wiring.parts import open_store, sqlite_path

REDIS_TIMEOUT = 2.0


def all_checks() -> Mapping[str, Check]:
    """The checks of this process's settings; if these cannot be read, those that do without."""
    first: dict[str, Check] = {"python": machine.python, "settings": partial(setting_names.check, os.environ)}
    try:
        settings = Settings.read()
    except SettingError:
        return first
    return {**first, **_checks(settings)}


def _checks(settings: Settings) -> Mapping[str, Check]:
    is_up = folder_lock.is_held(settings.data_dir)
    redis = connect(settings.redis, socket_timeout=REDIS_TIMEOUT)
    is_own, find_own = not settings.redis_url, redis_server.find_server
    queue = QueueCheck(redis, settings.redis, is_up=is_up, is_own=is_own, find_own=find_own, clock=utc_now)
    store = _store_check(settings)
    path = sqlite_path(settings) if settings.store.startswith("sqlite:") else None
    folder, files = settings.data_dir, files_folder(settings)
    private = [each for each in (folder, path, files) if each is not None]
    return {
        "data folder": partial(machine.data_dir, folder),
        "rights": partial(machine.rights, private),
        "store": store.findings,
        "redis": queue.redis,
        "workers": queue.workers,
        "scheduler": partial(owed.scheduler, folder, is_up=is_up, clock=utc_now),
        "owed": partial(_ledger, settings, store, queue),
        "ports": partial(entrance.ports, settings, is_up=is_up),
        "access": partial(entrance.access, settings),
        "disk use": partial(machine.disk_use, folder, path, files),
    }


def _store_check(settings: Settings) -> StoreCheck:
    if settings.store.startswith("sqlite:"):
        return SqliteCheck(sqlite_path(settings), utc_now)
    from inventory.store.mongo.doctor import MongoCheck  # here, as in `parts`

    return MongoCheck(settings.store, utc_now)


def _ledger(settings: Settings, check: StoreCheck, queue: QueueCheck) -> Iterator[Finding]:
    """What needs the store itself, which an older schema would be brought forward by."""
    if not check.is_current():
        return
    with closing(open_store(settings)) as store:
        yield from entrance.keys(settings, store.keys, now=utc_now())
        ledger = OwedCheck(
            store.records, store.jobs, store.deliveries, store.observations,
            max_attempts=settings.max_attempts, waiting=queue.waiting, clock=utc_now,
        )  # fmt: skip
        yield from ledger.findings()

"""gunicorn, from the inventory's settings: the same under `inventory up`, in a container and by hand."""

import gc
import os
import sys
import tempfile
from contextlib import suppress
from math import ceil
from threading import Event, Thread
from time import sleep

from gunicorn.glogging import Logger

from inventory import REQUEST_LIMIT, wiring
from inventory.config import Settings
from inventory.errors import StartError, StorageUnavailable
from inventory.gunicorn_worker.worker import InventoryWorker
from inventory.hosts import bracketed
from inventory.imports.multipart import OVERHEAD
from inventory.ops import log_config, request_metrics
from inventory.pace import CLIENT_TIMEOUT

LOOK_AT_STORE = 1.0
"""Seconds between two looks of a process at the store."""


class WithoutAccessLog(Logger):
    """gunicorn's lines about itself; with `logconfig_dict` it makes an access log too, for nobody: 60 µs of each answer."""

    access_log_enabled = False


def _or_exit(step, *arguments):
    """The result of a step of the start; what stops the start is one line on standard error and exit code 2."""
    try:
        return step(*arguments)
    except StartError as error:
        sys.stderr.write(f"inventory: {error}\n")
        sys.exit(2)


def on_starting(_server):
    """Before anything listens or forks."""
    _or_exit(wiring.check_start, settings)
    _or_exit(request_metrics.prepare, counts)


def post_worker_init(worker):
    """End streams when the worker is to stop, and look after the store."""
    worker.wsgi.extensions["inventory"].live.serving = lambda: worker.alive
    worker.body_limit, worker.small_body = _body_limit, REQUEST_LIMIT
    gc.collect()
    gc.freeze()  # what is loaded stays: the collector need not look at it again and again, which took 4 % of a hit
    Thread(target=_mind_store, args=(worker,), name="mind-store", daemon=True).start()


def _body_limit(method, path):
    """Bytes of a body that is read piece by piece: that of an upload alone."""
    return settings.upload_limit + OVERHEAD if method == "POST" and path.endswith("/api/v1/imports") else None


def on_exit(_server):
    """When all processes have ended."""
    request_metrics.remove(counts)


def _mind_store(worker):
    """Say once a second that the store is away at the start, in the first of the processes; all answer 503 meanwhile.

    Then look at it once a second: a log that is lost is let go of also by a process that nobody asks.
    """
    if worker.age == 1:
        try:
            wiring.await_store(settings, Event())
        except StartError as error:
            sys.stderr.write(f"inventory: {error}\n")
    store = worker.wsgi.extensions["inventory"].store
    while worker.alive:
        with suppress(StorageUnavailable):
            store.ping(LOOK_AT_STORE)
        sleep(LOOK_AT_STORE)


os.umask(0o077)  # uploads, counts and the store are nobody else's
settings = _or_exit(Settings.read)

bind = f"{bracketed(settings.host)}:{settings.port}"
worker_class = InventoryWorker
workers = settings.api_processes
threads = settings.api_threads
# No header says where the application is mounted, and only a proxy that the operator named, by which scheme it was called.
forwarder_headers = ""
forwarded_allow_ips = os.environ.get("FORWARDED_ALLOW_IPS", "")
keepalive = int(CLIENT_TIMEOUT)  # that connections are kept at all; how long is the worker's to say
sendfile = False  # an answer is collected, and sent when its client takes it
limit_request_line = 8190  # the most that gunicorn allows: a URL of 2,048 characters, percent-encoded, has up to 6,144

timeout = 60
graceful_timeout = ceil(settings.fetch_deadline) + 5  # an inline collection may end, and be answered

accesslog = None  # the application writes one line for each request
logconfig_dict = log_config.configuration()
logger_class = WithoutAccessLog
proc_name = "inventory"

# Nothing is written but heartbeats and counts, and these to memory: the root file system may be read-only.
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108
counts = request_metrics.folder(settings, worker_tmp_dir or tempfile.gettempdir())
os.environ[request_metrics.FOLDER] = str(counts)

"""gunicorn, from the inventory's settings: the same under `inventory up`, in a container and by hand."""

import gc
import os
import sys
import tempfile
from contextlib import closing, suppress
from math import ceil
from threading import Event, Thread
from time import sleep

from gunicorn.glogging import Logger

from inventory import wiring
from inventory.access import starting
from inventory.app import REQUEST_LIMIT
from inventory.client_speed import CLIENT_TIMEOUT
from inventory.clock import utc_now
from inventory.config import Settings
from inventory.errors import StartError, StorageUnavailable
from inventory.gunicorn_worker.options import common_options
from inventory.http_client.requests_transport import default_tls
from inventory.imports.receiving import body_limit
from inventory.ops import log_config, request_metrics
from inventory.services import EXTENSION
from inventory.store import waiting
from inventory.web_api import shortcut


class WithoutAccessLog(Logger):
    """gunicorn's log of itself. With `logconfig_dict` it would also format an access log that nobody reads."""

    access_log_enabled = False


def _or_exit(step, *arguments):
    """The result of a step of the start; a `StartError` is one line on standard error, and exit code 2."""
    try:
        return step(*arguments)
    except StartError as error:
        sys.stderr.write(f"inventory: {error}\n")
        sys.exit(2)


def on_starting(server):
    """Before anything listens or forks. The command line may have another address to listen on than the settings."""
    hosts = [address[0] for address in server.cfg.address if isinstance(address, tuple)]  # a socket has a path
    _or_exit(starting.check_bound, hosts, settings.host, settings.access)
    if warning := starting.warning(settings.allowed_hosts, settings.public_url, settings.host, settings.access):
        server.log.warning(warning)
    with closing(wiring.open_store(settings)) as store:
        if _or_exit(waiting.is_prepared, store):  # one that is away is waited for by the processes
            _or_exit(_check_access, store, hosts)
    _or_exit(request_metrics.prepare, counts)
    default_tls()  # once for all processes, so that loading it is no part of a collection and of its deadline


def _check_access(store, hosts):
    """`StartError` if the network reaches this service and nobody could ask anything of it."""
    with suppress(StorageUnavailable):  # it went away in this moment: without it no key is right
        for host in hosts:
            starting.check(host, settings.mode, store.keys, now=utc_now())


def post_worker_init(worker):
    """Tell the application of a new process what it needs from its worker, and watch the store."""
    worker.wsgi.extensions[EXTENSION].streams.serving = lambda: worker.alive
    worker.body_limit, worker.small_body = _body_limit, REQUEST_LIMIT
    if make_shortcut := worker.wsgi.extensions.get(shortcut.KEY):
        worker.shortcut = make_shortcut(mounted_at=os.environ.get("SCRIPT_NAME", ""))  # as gunicorn reads it
    gc.collect()
    gc.freeze()  # what is loaded stays loaded, so the collector need not visit it again
    Thread(target=_watch_store, args=(worker,), name="watch-store", daemon=True).start()


def _body_limit(method, path):
    """Bytes of a body that the application reads piece by piece: only an upload is read so."""
    return body_limit(method, path, settings.upload_limit)


def on_exit(_server):
    """When all processes have ended."""
    request_metrics.remove(counts)


def _watch_store(worker):
    """Ping the store once a second, so that even an idle process notices a lost log and lets go of it.

    While the store is away at the start, requests are answered 503, and the first process logs a line a second.
    """
    store = worker.wsgi.extensions[EXTENSION].store
    if worker.age == 1:
        try:
            waiting.await_store(store, Event())
        except StartError as error:
            sys.stderr.write(f"inventory: {error}\n")
    while worker.alive:
        waiting.ping_idle(store)
        sleep(waiting.RETRY_AFTER)


os.umask(0o077)  # only the owner may read uploads, counts and the store
settings = _or_exit(Settings.read)
common = common_options(settings, settings.port)
globals().update(common)  # gunicorn reads its options from this module's names

workers = settings.api_processes
threads = settings.api_threads
keepalive = int(CLIENT_TIMEOUT)  # enables kept connections; the worker decides how long each is kept
limit_request_line = 8190  # gunicorn's maximum: a URL of 2,048 characters, percent-encoded, has up to 6,144

timeout = 60
graceful_timeout = ceil(settings.fetch_deadline) + 5  # time for an inline collection to end and to be answered

accesslog = None  # the application logs each request
logconfig_dict = log_config.configuration(masking=settings.masking)
logger_class = WithoutAccessLog
proc_name = "inventory"

counts = request_metrics.folder(settings, common["worker_tmp_dir"] or tempfile.gettempdir())
os.environ[request_metrics.FOLDER] = str(counts)

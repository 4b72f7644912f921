"""The queue's dashboard as a program: `python -m inventory.ops.dashboard`.

It is rq-dashboard behind the same check of hosts and origins as the API: no page of another site may press its buttons.
Its options are read from `RQ_DASHBOARD_…`, as by its own command, which only has a development server.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from gunicorn.app.base import BaseApplication
from rq_dashboard import cli, web

from inventory.config import Settings
from inventory.errors import InventoryError, StartError
from inventory.gunicorn_worker.options import common_options
from inventory.ops import request_log
from inventory.web_api import problems, same_origin, security_headers
from inventory.web_api.same_origin import SameOrigin

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

THREADS = 8
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Its pages have inline scripts, and templates that are compiled to functions."""


def application(settings: Settings) -> WSGIApplication:
    """The dashboard of the Redis that the settings name."""
    return SameOrigin(_dashboard(settings), settings.hosts, _refuse, changes=_may_change, policy=POLICY)


def _dashboard(settings: Settings) -> WSGIApplication:
    """rq-dashboard as its own command builds it."""
    options = cli.run.make_context("rq-dashboard", [], auto_envvar_prefix="RQ_DASHBOARD").params
    app = cli.make_flask_app(options["config"], options["username"], options["password"], options["url_prefix"])
    app.config["RQ_DASHBOARD_REDIS_URL"] = list(options["redis_url"]) or [settings.redis]
    app.config["RQ_DASHBOARD_DISABLE_DELETE"] = options["disable_delete"]
    app.config["RQ_DASHBOARD_SHOW_FULL_ARGS"] = options["show_full_args"]
    if options["poll_interval"]:
        app.config["RQ_DASHBOARD_POLL_INTERVAL"] = options["poll_interval"]
    web.config.serializer = cli.JSONSerializer
    web.setup_rq_connection(app)
    wsgi: WSGIApplication = app.wsgi_app
    return wsgi


def _may_change(environ: WSGIEnvironment) -> bool:
    """Whether a request may change something: in rq-dashboard, a GET of `/requeue/…` does."""
    return same_origin.may_change(environ) or "/requeue/" in environ["PATH_INFO"]


def _refuse(environ: WSGIEnvironment, start_response: StartResponse, error: InventoryError) -> Iterable[bytes]:
    status, code = problems.status_and_code(type(error))
    request_id = request_log.identify(environ.get("HTTP_X_REQUEST_ID", ""))
    body = problems.problem_json(status, code, str(error), request_id)
    about = [("Content-Type", problems.MEDIA_TYPE), ("Content-Length", str(len(body))), ("X-Request-ID", request_id)]
    start_response(f"{status} {HTTPStatus(status).phrase}", [*about, (security_headers.POLICY, security_headers.NOTHING)])
    return [body]


class _Server(BaseApplication):  # type: ignore[misc]
    """gunicorn with one process. It reads neither a configuration file nor a command line."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        configuration = {
            **common_options(self._settings, self._settings.dashboard_port),
            "workers": 1,
            "threads": THREADS,
            "graceful_timeout": 3,
            "proc_name": "inventory-dashboard",
        }
        for name, value in configuration.items():
            self.cfg.set(name, value)

    def load(self) -> WSGIApplication:
        return application(self._settings)


def main() -> None:
    """Serve the dashboard until SIGTERM."""
    try:
        server = _Server(Settings.read())
    except StartError as error:
        sys.stderr.write(f"inventory: {error}\n")
        sys.exit(2)
    server.run()


if __name__ == "__main__":
    main()

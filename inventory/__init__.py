"""Inventory: ask for a URL, get its headers, cookies and page source at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from flask import Flask

from inventory import wiring
from inventory.config import Settings
from inventory.errors import InventoryError
from inventory.events import routes as events
from inventory.history import routes as history
from inventory.imports import routes as imports
from inventory.jobs import routes as jobs
from inventory.jobs import sockets
from inventory.ops import health, log_config, request_log
from inventory.products import routes as products
from inventory.rate_limits import routes as upstreams
from inventory.records import routes as records
from inventory.services import EXTENSION, Services
from inventory.ui import docs, home
from inventory.ui import jobs as job_pages
from inventory.weather import routes as weather
from inventory.web_api import problems
from inventory.web_api.blueprint import Api
from inventory.web_api.same_origin import SameOrigin
from inventory.webpages import routes as webpages
from inventory.webpages.fast_lookup import FastLookup

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

__version__ = "0.1.0"

REQUEST_LIMIT = 64 * 1024
"""Bytes of a JSON body."""


class App(Flask):
    """Flask with `front` before everything else, and whose views are synchronous, all of them: asking that of each function
    it calls took 5 % of a lookup."""

    front: WSGIApplication

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        return self.front(environ, start_response)

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function as it is."""
        return func


OUTSIDE_OPERATIONS = """\
Answers that belong to no operation are `application/problem+json` too: 404 `not_found` for a route that there is not, 405
`method_not_allowed` with the header Allow, 400 `invalid_request` for what is no well-formed HTTP request, 413
`request_too_large` for its headers, 422 `url_too_long` for its first line, 408 `request_timeout` for one that does not
arrive in time (a client may leave the service waiting for 15 s, and wins time back at 8 KiB/s), 421 `unknown_host` for a
host that the inventory does not answer for, 403 `foreign_origin` for what a page of another site sends and would change
something."""


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The application for these settings, or for this process's environment; building it connects to nothing."""
    services = services or wiring.build(settings or Settings.read())
    log_config.configure()

    app = App(__name__, static_folder=None)
    app.config.update(
        API_TITLE="Inventory",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        API_SPEC_OPTIONS={"info": {"description": OUTSIDE_OPERATIONS}},
        MAX_CONTENT_LENGTH=REQUEST_LIMIT,
        SOCK_SERVER_OPTIONS=sockets.OPTIONS,
    )
    app.extensions[EXTENSION] = services

    refuse = partial(_refuse, app.wsgi_app)
    app.front = SameOrigin(partial(Flask.__call__, app), services.settings.hosts, refuse)
    if not services.history.keeps(webpages.SOURCE):
        app.wsgi_app = FastLookup(app.wsgi_app, webpages.SOURCE, services.records)  # type: ignore[method-assign]
    request_log.register(app)
    problems.register(app)
    app.register_blueprint(home.blueprint)
    app.register_blueprint(job_pages.blueprint)
    app.register_blueprint(sockets.sockets)
    app.register_blueprint(docs.blueprint)
    api = Api(app)
    api.register_blueprint(webpages.blueprint)
    api.register_blueprint(records.blueprint)
    api.register_blueprint(imports.blueprint)
    api.register_blueprint(jobs.blueprint)
    api.register_blueprint(sockets.blueprint)
    api.register_blueprint(events.blueprint)
    api.register_blueprint(weather.blueprint)
    api.register_blueprint(history.blueprint)
    api.register_blueprint(upstreams.blueprint)
    api.register_blueprint(products.blueprint)
    api.register_blueprint(health.blueprint)
    return app


def _refuse(
    application: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse, error: InventoryError
) -> Iterable[bytes]:
    """Have an error that was met in front of the application answered like every other one."""
    environ[request_log.FAULT] = error
    return application(environ, start_response)

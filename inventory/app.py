"""The application factory."""

from __future__ import annotations

import os
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask

from inventory import __version__, wiring
from inventory.access import address, quota_check, request_audit, request_check
from inventory.access import audit_routes as audit
from inventory.access import routes as keys
from inventory.access.model import Mode
from inventory.activity import routes as activity
from inventory.archive import routes as archive
from inventory.cdx import routes as cdx
from inventory.changes import routes as changes
from inventory.config import Settings
from inventory.errors import InventoryError
from inventory.events import routes as events
from inventory.graphql_api import routes as graphql
from inventory.history import routes as history
from inventory.imports import routes as imports
from inventory.imports.schemas import KindField
from inventory.jobs import routes as jobs
from inventory.jobs import sockets
from inventory.mementos import routes as mementos
from inventory.observations import routes as observations
from inventory.ops import health, log_config, request_log, request_metrics
from inventory.policy import routes as policies
from inventory.products import routes as products
from inventory.rate_limits import routes as upstreams
from inventory.records import routes as records
from inventory.services import EXTENSION, Services
from inventory.ui import page_errors, visitors
from inventory.ui.blueprints import PAGES
from inventory.watches import routes as watches
from inventory.weather import routes as weather
from inventory.web_api import cross_origin, problems, shortcut
from inventory.web_api.blueprint import Api
from inventory.web_api.same_origin import SameOrigin
from inventory.webhooks import routes as webhooks
from inventory.webpages import routes as webpages
from inventory.webpages.fast_lookup import FastLookup
from inventory.webpages.model import SOURCE

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

REQUEST_LIMIT = 64 * 1024
"""Bytes of a JSON body."""


def create_app(settings: Settings | None = None, services: Services | None = None) -> Flask:
    """The application for these settings, or for this process's environment; building it connects to nothing."""
    services = services or wiring.build(settings or Settings.read())
    log_config.configure(masking=services.settings.masking)

    app = Flask(__package__, static_folder=None)
    app.config.update(
        API_TITLE="Inventory",
        API_VERSION=__version__,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/",
        API_SPEC_OPTIONS={"info": {"description": problems.OUTSIDE_OPERATIONS}},
        MAX_CONTENT_LENGTH=REQUEST_LIMIT,
        SOCK_SERVER_OPTIONS=sockets.OPTIONS,
    )
    app.extensions[EXTENSION] = services
    address_of = address.TrustedProxies.of(os.environ.get(address.VARIABLE, "")).client

    app.wsgi_app = _layers(app, services)  # type: ignore[method-assign, assignment]
    if not (services.history.keeps(SOURCE) or services.quotas.usual):
        app.extensions[shortcut.KEY] = _make_shortcut(app, services, address_of)
    request_log.register(app)
    problems.register(app, services.settings.masking)
    for pages in PAGES:
        app.register_blueprint(pages)
    app.register_blueprint(sockets.sockets)
    api = Api(app)
    api.document_fields(KindField, KindField.documented(services.imports.types.values()))
    for feature in (
        webpages, observations, changes, archive, cdx, mementos, records, imports, jobs, sockets, events, weather, history,
        activity, upstreams, products, policies, watches, webhooks, keys, audit, graphql, health,
    ):  # fmt: skip
        api.register_blueprint(feature.blueprint)
    request_check.register(app, services.access, address_of)
    request_audit.register(app, services.audit, request_metrics.count_refusal)
    quota_check.register(app, services.quotas, of_keys=services.access.mode is not Mode.OPEN)
    visitors.register(app)
    page_errors.register(app)
    cross_origin.register(app, services.settings.cors_origins)
    return app


def _layers(app: Flask, services: Services) -> WSGIApplication:
    """What a request passes before Flask: the check of its host and site."""
    flask = app.wsgi_app

    def refuse(environ: WSGIEnvironment, start_response: StartResponse, error: InventoryError) -> Iterable[bytes]:
        environ[request_log.EARLY_ERROR] = error  # Flask answers it like every other error
        return flask(environ, start_response)

    return SameOrigin(flask, services.settings.hosts, refuse, origins=services.settings.cors_origins)


def _make_shortcut(app: Flask, services: Services, address_of: request_check.AddressOf) -> shortcut.MakeShortcut:
    """Makes what a server of ours may ask before the application."""
    return partial(
        FastLookup,
        app.wsgi_app,
        services.records,
        services.settings.hosts,
        services.access.admit,
        address_of,
        services.audit.note_lookups if services.audit.keeps_lookups else None,
        is_local=services.store.records.is_local,
    )

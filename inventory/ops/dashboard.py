"""The queue's dashboard as a WSGI application; `python -m inventory.dashboard` serves it.

It is rq-dashboard behind the same check of hosts and origins as the API: no page of another site may press its buttons.
Unless everything is open, it is for administrators alone. Its options are read from `RQ_DASHBOARD_…`, as by its own command,
which only has a development server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from rq_dashboard import cli, web

from inventory.config import Settings
from inventory.errors import InventoryError, StorageUnavailable
from inventory.ops import request_log
from inventory.web_api import problems, same_origin, security_headers
from inventory.web_api.same_origin import SameOrigin

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    Note = Callable[[str], object]
    Admit = Callable[[WSGIEnvironment], Note]

DONE = "done"
"""The outcome of what was not refused and did not fail, as in the audit of the API."""
HEALTH = "/healthz"
"""Says that the dashboard lives, to whoever asks: a health check has no key."""
CHALLENGE = ("WWW-Authenticate", 'Basic realm="Inventory", charset="UTF-8"')
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Its pages have inline scripts, and templates that are compiled to functions."""


def application(settings: Settings, admit: Admit | None = None) -> WSGIApplication:
    """The dashboard of the Redis that the settings name.

    `admit` raises an `InventoryError` for requests of those who may not see it, and gives what is told the outcome of one
    that may change something. Without it everybody may, but for a login of rq-dashboard's own.
    """
    app = Admitting(_dashboard(settings, own_login=admit is None), admit or (lambda _: lambda _: None))
    return SameOrigin(app, settings.hosts, _refuse, changes=may_change, policy=POLICY)


class Admitting:
    """A WSGI application that passes on to another one what `admit` lets through, and asks everybody else for a login."""

    def __init__(self, app: WSGIApplication, admit: Admit) -> None:
        self._app, self._admit = app, admit

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if environ["PATH_INFO"] == HEALTH:
            return _healthy(start_response)
        environ["HTTP_X_REQUEST_ID"] = request_log.identify(environ.get("HTTP_X_REQUEST_ID", ""))
        try:
            note = self._admit(environ)
        except StorageUnavailable as error:
            return _refuse(environ, start_response, error)
        except InventoryError as error:
            return _ask_for_login(environ, start_response, error)
        if not may_change(environ):
            return self._app(environ, start_response)
        return self._noted(environ, start_response, note)

    def _noted(self, environ: WSGIEnvironment, start_response: StartResponse, note: Note) -> Iterable[bytes]:
        """Answer a request that may change something, and note its outcome before that is sent."""
        outcomes = ["500"]

        def begin(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Callable[[bytes], object]:
            outcomes.append(DONE if status < "400" else status[:3])
            return start_response(status, [*headers, ("X-Request-ID", environ["HTTP_X_REQUEST_ID"])], exc_info)

        answer = self._app(environ, begin)
        note(outcomes[-1])
        return answer


def _dashboard(settings: Settings, *, own_login: bool) -> WSGIApplication:
    """rq-dashboard as its own command builds it; without `own_login` its user name and password do not count."""
    options = cli.run.make_context("rq-dashboard", [], auto_envvar_prefix="RQ_DASHBOARD").params
    login = (options["username"], options["password"]) if own_login else (None, None)
    app = cli.make_flask_app(options["config"], *login, options["url_prefix"])
    app.config["RQ_DASHBOARD_REDIS_URL"] = list(options["redis_url"]) or [settings.redis]
    app.config["RQ_DASHBOARD_DISABLE_DELETE"] = options["disable_delete"]
    app.config["RQ_DASHBOARD_SHOW_FULL_ARGS"] = options["show_full_args"]
    if options["poll_interval"]:
        app.config["RQ_DASHBOARD_POLL_INTERVAL"] = options["poll_interval"]
    web.config.serializer = cli.JSONSerializer
    web.setup_rq_connection(app)
    wsgi: WSGIApplication = app.wsgi_app
    return wsgi


def may_change(environ: WSGIEnvironment) -> bool:
    """Whether a request may change something: in rq-dashboard, a GET of `/requeue/…` does."""
    return same_origin.may_change(environ) or "/requeue/" in environ["PATH_INFO"]


def _healthy(start_response: StartResponse) -> Iterable[bytes]:
    body = b'{"status":"alive"}'
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


def _refuse(environ: WSGIEnvironment, start_response: StartResponse, error: InventoryError) -> Iterable[bytes]:
    detail = error.public_detail if isinstance(error, StorageUnavailable) else str(error)
    return _problem(environ, start_response, *problems.status_and_code(type(error)), detail)


def _ask_for_login(environ: WSGIEnvironment, start_response: StartResponse, error: InventoryError) -> Iterable[bytes]:
    """401, for a key without the scope too: the browser is to ask for another one, and forget this."""
    detail = f"{error} Send a key with the scope `admin` as the password, or log in at /login of the API."
    return _problem(environ, start_response, 401, problems.status_and_code(type(error))[1], detail, CHALLENGE)


def _problem(
    environ: WSGIEnvironment, start_response: StartResponse, status: int, code: str, detail: str, *also: tuple[str, str]
) -> Iterable[bytes]:
    request_id = request_log.identify(environ.get("HTTP_X_REQUEST_ID", ""))
    body = problems.problem_json(status, code, detail, request_id)
    about = [("Content-Type", problems.MEDIA_TYPE), ("Content-Length", str(len(body))), ("X-Request-ID", request_id)]
    policy = (security_headers.POLICY, security_headers.NOTHING)
    start_response(f"{status} {HTTPStatus(status).phrase}", [*about, policy, *also])
    return [body]

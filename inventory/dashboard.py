"""The queue's dashboard as a program: `python -m inventory.dashboard`.

Where keys count, it is for those who have one with the scope `admin`: as the password of HTTP Basic (with any user name), in
the headers of the API, or by the cookie of its `/login`, which a browser sends to every port of a host.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from gunicorn.app.base import BaseApplication
from werkzeug.datastructures import Authorization

from inventory.access import address, credentials
from inventory.access.audit import AuditService
from inventory.access.model import Caller, Mode, Verb
from inventory.access.service import AccessService, with_user
from inventory.config import Settings
from inventory.errors import KeyRequired, OutOfScope, StartError
from inventory.gunicorn_worker.options import common_options
from inventory.ops import dashboard
from inventory.web_api import problems

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

THREADS = 8


class Administrators:
    """Admits requests of those who have a key with the scope `admin`; raises as `AccessService` does for all others.

    `address_of` tells the address of a client from that of the peer and `X-Forwarded-For`.
    """

    def __init__(self, access: AccessService, audit: AuditService, address_of: Callable[[str, str], str]) -> None:
        self._access, self._audit, self._address_of = access, audit, address_of

    def __call__(self, environ: WSGIEnvironment) -> Callable[[str], None]:
        """Admit a request; what is answered keeps its outcome in the audit. So does a refusal of a usable key."""
        sent = credentials.sent(environ)
        basic = Authorization.from_header(sent.authorization)
        if basic is not None and basic.type == "basic":
            sent = sent._replace(x_api_key=basic.password)
        client = self._address_of(environ.get("REMOTE_ADDR", ""), environ.get("HTTP_X_FORWARDED_FOR", ""))
        caller = self._access.authenticate(*sent, client)
        if caller.key is None:
            raise KeyRequired("The queue's dashboard is for administrators.")
        named = with_user(caller, lambda header: environ.get(f"HTTP_{header.upper().replace('-', '_')}"))
        note = partial(self._note, named, environ)
        try:
            self._access.require(caller, Verb.ADMIN, limited=False)
        except OutOfScope as error:
            note(problems.status_and_code(type(error))[1])
            raise
        return note

    def _note(self, caller: Caller, environ: WSGIEnvironment, outcome: str) -> None:
        action, request_id = "queue.change" if dashboard.may_change(environ) else "queue.read", environ["HTTP_X_REQUEST_ID"]
        self._audit.note(caller, action, environ["PATH_INFO"], outcome=outcome, request_id=request_id)


def application(settings: Settings) -> WSGIApplication:
    """The dashboard with the login that the settings ask for. Where everything is open, it needs no store."""
    if settings.mode is Mode.OPEN:
        return dashboard.application(settings)
    from inventory.wiring.access import open_access  # here: it takes 30 MB, and half a second

    proxies = address.TrustedProxies.of(os.environ.get(address.VARIABLE, ""))
    return dashboard.application(settings, Administrators(*open_access(settings), proxies.client))


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

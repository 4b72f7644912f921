"""`/ws/jobs/{id}`: a job followed over a WebSocket (RFC 6455), with the messages of `/api/v1/jobs/{id}/events`.

flask-sock speaks it once the request was checked: what cannot be followed is refused in HTTP, before the handshake.
"""

from __future__ import annotations

import re
from collections import deque
from contextlib import closing, suppress
from functools import partial

from flask import Blueprint as FlaskBlueprint
from flask import Response, g, request
from flask.views import MethodView
from flask_sock import Sock
from simple_websocket import ConnectionClosed, Server
from wsproto.frame_protocol import CloseReason

from inventory import json_bytes
from inventory.access.current import caller
from inventory.errors import ForeignOrigin, InvalidRequest, StorageUnavailable, TooManyStreams, UnknownJob
from inventory.jobs.allowed import while_allowed
from inventory.jobs.routes import LAST_EVENT_ID
from inventory.jobs.seeing import seen_job
from inventory.jobs.stream import HEARTBEAT, seen_to_the_end
from inventory.services import services
from inventory.web_api import needs
from inventory.web_api.blueprint import Blueprint

OPTIONS = {"ping_interval": HEARTBEAT, "max_message_size": 4_096}
"""flask-sock's: a client that has not answered a ping when the next is due is gone; its own messages are short."""
SETTLE_DELAY = 0.05
"""Seconds between the handshake and the first message: some clients, such as simple-websocket's, lose what comes with it."""
CLOSE_TIMEOUT = 2.0
"""Seconds in which a client may answer that the connection is closed."""
VERSION, KEY = "13", re.compile(r"[A-Za-z0-9+/]{22}==")
HANDSHAKE = {
    "HTTP_HOST": "inventory",
    "HTTP_CONNECTION": "Upgrade",
    "HTTP_UPGRADE": "websocket",
    "HTTP_SEC_WEBSOCKET_VERSION": VERSION,
}

blueprint = Blueprint("live", __name__, description="Progress of bulk work, over WebSocket")
sockets = FlaskBlueprint("sockets", __name__)


@blueprint.route("/ws/jobs/<job_id>")
class Sockets(MethodView):
    """The documentation, and the answer to a client that does not speak WebSocket."""

    @blueprint.doc(parameters=[LAST_EVENT_ID])
    @blueprint.alt_response(101, description="WebSocket: messages of `event`, `id` and the job as `data`", success=True)
    @blueprint.problems(InvalidRequest, ForeignOrigin, UnknownJob, TooManyStreams, StorageUnavailable)
    @blueprint.needs("read", limited=True, other="import")
    def get(self, job_id: str) -> Response:
        """Follow a job over a WebSocket: the messages of `/api/v1/jobs/{job_id}/events` as JSON texts.

        The connection is closed with 1000 after the end, and with 1001 when the client has to connect again to see more. It
        is pinged every 15 s.
        """
        raise InvalidRequest("This route is for WebSockets. Connect with ws://, or follow /api/v1/jobs/ID/events over HTTP.")


@sockets.before_request
def _admit() -> None:
    """Take a slot for the client, and leave only the headers that the handshake needs, because it fails on others."""
    if request.method == "OPTIONS":  # Flask answers it, and nobody was authenticated
        return
    key, version = request.headers.get("Sec-WebSocket-Key", ""), request.headers.get("Sec-WebSocket-Version")
    if not KEY.fullmatch(key) or version != VERSION:
        raise InvalidRequest("This is not a WebSocket handshake. Send Sec-WebSocket-Version: 13 and a Sec-WebSocket-Key.")
    g.job, g.last = seen_job((request.view_args or {})["job_id"]), request.headers.get("Last-Event-ID", "")
    g.slot = services().streams.slots.take(request.environ.get("gunicorn.socket"))
    kept = {name: value for name, value in request.environ.items() if not name.startswith("HTTP_")}
    request.environ.clear()
    request.environ |= kept | HANDSHAKE | {"HTTP_SEC_WEBSOCKET_KEY": key, "gunicorn.socket": g.slot.client}


@sockets.after_request
def _switched(response: Response) -> Response:
    """Have the log say which status the client got; this response is not sent."""
    if response.status_code == 200 and "slot" in g:
        response.status_code = 101
    return response


@sockets.teardown_request
def _leave(_: BaseException | None) -> None:
    if "slot" in g:
        g.slot.close()


@needs.needs("read", limited=True, other="import")
def follow(socket: Server, job_id: str) -> None:  # noqa: ARG001 - the rule's; the job was looked up before
    """Send messages until the end, then close; messages of the client are ignored."""
    socket.input_buffer = deque(maxlen=1)
    socket.thread.join(SETTLE_DELAY)
    client, over = g.slot.client, seen_to_the_end(g.job, g.last)
    is_allowed = partial(services().access.still_holds, caller())
    found = while_allowed(services().streams.follow(g.job, g.last, client), is_allowed)
    with suppress(OSError, ConnectionClosed), closing(found) as messages:
        for message in messages:
            if message is not None:
                socket.send(json_bytes.dumps({"event": message.event, "id": message.id, "data": message.document}).decode())
                over = message.event == "end"
        if client.ready(at_once=True):
            socket.close(CloseReason.NORMAL_CLOSURE if over else CloseReason.GOING_AWAY)
            socket.thread.join(CLOSE_TIMEOUT)


Sock().route("/ws/jobs/<job_id>", bp=sockets)(follow)

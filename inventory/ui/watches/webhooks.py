"""`/webhooks`: the receivers of messages, how they answer, and what can be done with one."""

from __future__ import annotations

from typing import Any

from flask import Response, url_for

from inventory.services import services
from inventory.ui.elsewhere import same_elsewhere
from inventory.ui.forms import load_query
from inventory.ui.page_errors import page_blueprint
from inventory.ui.pages import page, see_other
from inventory.web_api import needs
from inventory.web_api.pagination import PageQuery
from inventory.webhooks import answers

blueprint = page_blueprint("webhook_pages")

PAGE_QUERY = PageQuery()
FIRST_PAGE: dict[str, Any] = {"limit": 50, "cursor": None}


@blueprint.get("/webhooks")
@needs.needs("watch")
def webhooks() -> Response:
    """The webhooks, newest first."""
    return _page(load_query(PAGE_QUERY, FIRST_PAGE["limit"]))


@blueprint.post("/webhooks/<webhook_id>/rotate")
@needs.needs("watch")
def rotate(webhook_id: str) -> Response:
    """Give a webhook a new secret, which is shown this once."""
    webhook, secret = services().webhooks.rotate(webhook_id)
    return _page(FIRST_PAGE, of=webhook.url, secret=secret)


@blueprint.post("/webhooks/<webhook_id>/test")
@needs.needs("watch")
def test(webhook_id: str) -> Response:
    """Send a test message, and show what came of it."""
    webhook = services().webhooks.find(webhook_id)
    return _page(FIRST_PAGE, of=webhook.url, tested=answers.test(webhook_id))


@blueprint.post("/webhooks/<webhook_id>/enable")
@needs.needs("watch", action="webhook.change")
def enable(webhook_id: str) -> Response:
    """Let messages be sent to it."""
    services().webhooks.change(webhook_id, enabled=True)
    return see_other(url_for(".webhooks"))


@blueprint.post("/webhooks/<webhook_id>/disable")
@needs.needs("watch", action="webhook.change")
def disable(webhook_id: str) -> Response:
    """Send it nothing, and cancel what it is owed."""
    services().webhooks.change(webhook_id, enabled=False)
    return see_other(url_for(".webhooks"))


def _page(query: dict[str, Any], **result: Any) -> Response:
    ways = same_elsewhere("/api/v1/webhooks", {}, "webhook", "list")
    return page("webhooks.html", found=answers.webhooks(query), ways=ways, **result)

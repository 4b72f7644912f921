"""`/watches`: what is watched, what was told of it, and what can be done with a watch but for its form."""

from __future__ import annotations

import json
from typing import Any

from flask import Request, Response, request, url_for

from inventory.errors import InventoryError
from inventory.services import services
from inventory.ui.elsewhere import Ways, same_elsewhere
from inventory.ui.forms import load_query, whole
from inventory.ui.page_errors import page_blueprint, page_with
from inventory.ui.pages import page, see_other
from inventory.ui.watches.members import in_unit
from inventory.watches import answers, schemas, watch_file
from inventory.watches.applying import WatchApplier, exported
from inventory.watches.documents import Document
from inventory.watches.members import settings_from
from inventory.web_api import arguments, needs
from inventory.web_api.pagination import PageQuery
from inventory.webhooks import answers as webhook_answers
from inventory.webhooks.model import MAX_WEBHOOKS

blueprint = page_blueprint("watch_pages")

PAGE_QUERY, TEST_QUERY = PageQuery(), schemas.WatchTestRequest()
MAX_WATCHES, MAX_MESSAGES, MAX_FINDINGS = 50, 8, 20
"""Of one page."""
API = "/api/v1/watches"
WATCH = schemas.WatchRequest()


@blueprint.app_template_filter()
def period(seconds: int) -> str:
    """A time that people have set, such as `12 hours`."""
    number, unit = in_unit(seconds)
    return f"{number:,} {unit.removesuffix('s') if number == 1 else unit}"


@blueprint.get("/watches")
@needs.needs("watch", limited=True)
def watches() -> Response:
    """The watches, newest first."""
    found = answers.watches(load_query(PAGE_QUERY, MAX_WATCHES))
    return page("watches.html", found=found, all=sees_webhooks(), ways=same_elsewhere(API, {}, "watch", "list"))


@blueprint.get("/watches/export.yaml")
@needs.needs("watch")
def export() -> Response:
    """All of them as the file that `inventory watch apply` takes."""
    found, left_out = exported(WatchApplier(services().watches, services().webhooks).kept())
    text = "".join(f"# {line}\n" for line in left_out) + watch_file.written(found)
    return Response(text, mimetype="application/yaml", headers={"Content-Disposition": "attachment; filename=watches.yaml"})


@blueprint.get("/watches/<watch_id>")
@needs.needs("watch", limited=True)
def one_watch(watch_id: str) -> Response:
    """One watch, and its messages."""
    watch = answers.watch(watch_id)
    messages = answers.messages(watch_id, load_query(PAGE_QUERY, MAX_MESSAGES))
    urls = webhook_urls()
    return page("watch.html", watch=watch, found=messages, urls=urls, ways=_ways(watch, urls))


@blueprint.get("/watches/<watch_id>/test")
@needs.needs("watch", limited=True)
def test(watch_id: str) -> Response:
    """What it would have told of the last days. Nothing is sent."""
    watch, found, error = answers.watch(watch_id, counted=False), None, None
    try:
        found = answers.test(watch_id, arguments.load(TEST_QUERY, _days, request))
    except InventoryError as raised:
        error = raised
    return page_with("watch_test.html", error, watch=watch, found=found)


@blueprint.get("/watches/<watch_id>/messages/<number>")
@needs.needs("watch", limited=True)
def one_message(watch_id: str, number: str) -> Response:
    """One message, its deliveries, and all that it tells."""
    watch, message = answers.watch(watch_id, counted=False), answers.message(watch_id, number)
    findings = answers.findings(watch_id, number, load_query(PAGE_QUERY, MAX_FINDINGS))
    ways = same_elsewhere(f"{API}/{watch_id}/messages/{number}", {}, "watch", "log", _name(watch), "--message", number)
    return page(
        "watch_message.html",
        watch=watch,
        message=message,
        payload=json.dumps(message["payload"], indent=2, ensure_ascii=False),
        found=findings,
        urls=webhook_urls(),
        ways=ways,
    )


@blueprint.post("/watches/<watch_id>/messages/<number>/deliveries/<delivery_id>/again")
@needs.needs("watch", limited=True)
def again(watch_id: str, number: str, delivery_id: str) -> Response:
    """Send a message to one of its destinations again."""
    answers.again(watch_id, number, delivery_id)
    return see_other(url_for(".one_message", watch_id=watch_id, number=number))


@blueprint.post("/watches/<watch_id>/pause")
@needs.needs("watch", limited=True)
def pause(watch_id: str) -> Response:
    """Pause a watch."""
    answers.pause(watch_id)
    return see_other(url_for(".one_watch", watch_id=watch_id))


@blueprint.post("/watches/<watch_id>/resume")
@needs.needs("watch", limited=True)
def resume(watch_id: str) -> Response:
    """Let it go on."""
    answers.resume(watch_id)
    return see_other(url_for(".one_watch", watch_id=watch_id))


@blueprint.get("/watches/<watch_id>/delete")
@needs.needs("watch", limited=True)
def ask_to_delete(watch_id: str) -> Response:
    """What is gone with a watch, and the second step."""
    return page("watch_delete.html", watch=answers.watch(watch_id, counted=False))


@blueprint.post("/watches/<watch_id>/delete")
@needs.needs("watch", limited=True)
def delete(watch_id: str) -> Response:
    """Remove a watch."""
    answers.delete(watch_id)
    return see_other(url_for(".watches"))


def sees_webhooks() -> bool:
    """Whether the caller may see webhooks: a key that is limited to hosts or tags may not."""
    return services().limits.of("watch") is None


def webhook_urls() -> dict[str, str]:
    """The URLs of all webhooks by id; none for a caller who may not see them."""
    if not sees_webhooks():
        return {}
    found = webhook_answers.webhooks({"limit": MAX_WEBHOOKS, "cursor": None})
    return {each["id"]: each["url"] for each in found["webhooks"]}


def _name(watch: Document) -> str:
    """What a command calls a watch: by its id, if its name looks like an option."""
    return str(watch["id"] if watch["name"].startswith("-") else watch["name"])


def _ways(watch: Document, urls: dict[str, str]) -> Ways:
    members = {each.data_key or name: watch[each.data_key or name] for name, each in WATCH.fields.items()}
    members["webhook"] = [urls.get(each, each) for each in watch["webhook"]]
    file = watch_file.written([settings_from(WATCH.load(members))])
    return [*same_elsewhere(f"{API}/{watch['id']}", {}, "watch", "show", _name(watch)), ("For a file of watches", file)]


def _days(sent: Request) -> dict[str, Any]:
    return {name: whole(value) for name, value in arguments.query(sent).items()}

"""`/record`: all that is known of one webpage, and the forms by which it is looked up, collected, labelled and deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, json, request, url_for

from inventory.changes import answers as changes
from inventory.clock import rfc3339
from inventory.errors import CollectionFailed, InvalidRequest, NotFound, NotInInventory, OutOfScope
from inventory.labels import MAX_LABELS
from inventory.listing import Key
from inventory.records.model import Target
from inventory.services import services
from inventory.ui.elsewhere import same_elsewhere
from inventory.ui.forms import form, load_query
from inventory.ui.page_errors import page_blueprint, page_with, problem_of
from inventory.ui.page_room import PageRoom
from inventory.ui.pages import fragment, page, see_other
from inventory.ui.records.queries import MAX_POLLS, AddressQuery, ProgressQuery, RecordQuery
from inventory.ui.records.record_page import RecordPage
from inventory.ui.records.responses import redirects
from inventory.ui.records.shown_values import Presenter
from inventory.web_api import arguments, needs, same_origin, work
from inventory.webpages import answers, schemas

blueprint = page_blueprint("record_pages")

ROOM_OF_FAILURE = 60_000
"""Characters of HTML for the redirects that a failed collection saw."""
ADDRESS_QUERY, RECORD_QUERY, PROGRESS_QUERY, FORM = AddressQuery(), RecordQuery(), ProgressQuery(), schemas.CollectBody()


@blueprint.get("/lookup")
@needs.needs("read", limited=True)
def lookup() -> Response:
    """The form for a URL."""
    query = load_query(ADDRESS_QUERY)
    return page("lookup.html", url=query["url"], deleted=query["deleted"] and not _is_known(query["url"]))


@blueprint.get("/record")
@needs.needs("read", limited=True, effect="collect", counted="lookups")
def record() -> Response:
    """A record; what is not known is accepted for collection like a lookup of the API, and the page waits for it."""
    try:
        query = load_query(RECORD_QUERY)
        of = answers.target("read", query["url"])
        if query["snapshot"] or query["at"]:
            return _snapshot(of, query)
        return _record(of, query)
    except InvalidRequest as error:
        return address_again(error)


@blueprint.get("/record/progress")
@needs.needs("read", limited=True)
def progress() -> Response:
    """What has become of a collection, for htmx; once it has ended, the page is loaded again."""
    query = load_query(PROGRESS_QUERY)
    try:
        document = answers.record({"url": query["url"], "fields_": ("collected_at", "failure")})
    except (CollectionFailed, NotInInventory):
        return _load_again()
    if not _waits(document, query["requested"]):
        return _load_again()
    polls = query["polls"] + 1
    return fragment("_record_progress.html", document=document, query=query, polls=polls, given_up=polls >= MAX_POLLS)


@blueprint.post("/record/collect")
@needs.needs("collect", limited=True, action="metadata.collect", counted="collections")
def collect() -> Response:
    """Accept a collection, like POST /api/v1/metadata with `Prefer: respond-async`, and show what becomes of it."""
    result = answers.collect_soon(arguments.load(FORM, form, request)["url"])
    work.note(begun=result.begun)
    requested = rfc3339(result.record.requested_at)
    return see_other(url_for("record_pages.record", url=result.record.target.key, requested=requested))


@blueprint.post("/record/tags")
@needs.needs("import", limited=True, action="metadata.tag")
def tag() -> Response:
    """Give a record its labels, like PUT /api/v1/metadata/tags."""
    sent = form(request)
    labels = [line for line in sent.pop("tags", "").splitlines() if line.strip()]
    body = arguments.load(schemas.TagsBody(), lambda _: {**sent, "tags": labels}, request)
    try:
        answers.tag(body)
    except InvalidRequest as error:
        if "tags" not in (error.errors or {}):
            raise
        of = answers.target("read", body["url"])
        document = answers.record({"url": of.key})
        if document["status"] == "pending":
            raise
        return _page(of, document, 422, tags_problem=problem_of(error), tags_text="\n".join(labels))
    return see_other(url_for("record_pages.record", url=body["url"], _anchor="tags"))


@blueprint.post("/record/delete")
@needs.needs("delete", limited=True, action="metadata.delete")
def delete() -> Response:
    """Forget a record, like DELETE /api/v1/metadata."""
    url = arguments.load(FORM, form, request)["url"]
    answers.delete(url)
    return see_other(url_for("record_pages.lookup", url=url, deleted="true"))


def address_again(error: InvalidRequest) -> Response:
    """The form with what was sent and what is wrong with it; raises the error if that is not the URL."""
    if "url" not in (error.errors or {}):
        raise error
    return page_with("lookup.html", error, url=request.args.get("url", ""))


def _record(of: Target, query: dict[str, Any]) -> Response:
    """The page of a record, of the promise of it, or of why there is none."""
    try:
        response = answers.lookup(
            schemas.LookupQuery().load({"url": of.key}),
            why=request.environ.get(same_origin.WITHOUT_EFFECT),
            mounted_at=request.script_root,
        )
    except CollectionFailed as error:
        return _failed(of, problem_of(error))
    except NotInInventory as error:
        return _without(of, "record_missing.html", 404, problem=problem_of(error))
    work.note(begun=response.begun)
    document = json.loads(response.body)
    if response.status == 202:
        return _without(of, "record_pending.html", 202, document=document, query=query, polls=0)
    return _page(of, document, cursor=query["cursor"], waits=_waits(document, query["requested"]), query=query, polls=0)


def _failed(of: Target, problem: dict[str, Any]) -> Response:
    """The page of a URL of which nothing is known but how its collection failed."""
    seen = redirects(problem["failure"].get("redirects", ()), Presenter(room=PageRoom(ROOM_OF_FAILURE)))
    return _without(of, "record_failed.html", problem["status"], problem=problem, seen=seen)


def _snapshot(of: Target, query: dict[str, Any]) -> Response:
    """The page of an earlier snapshot, or of the latest one by its id."""
    snapshot_id = query["snapshot"]
    if snapshot_id is None:
        snapshot_id = changes.pair({"url": of.key, "from_": query["at"], "to": query["at"]}).newer.id
    document = answers.snapshot(snapshot_id)
    if document["url"] != of.key:
        raise NotFound(f"The snapshot {snapshot_id} is of another URL.")
    return _page(of, document, cursor=query["cursor"])


def _page(of: Target, document: dict[str, Any], status: int = 200, *, cursor: Key | None = None, **members: Any) -> Response:
    shown = RecordPage.of(of, document, cursor=cursor, now=services().records.clock())
    if shown.snapshot_id is None:
        ways = same_elsewhere("/api/v1/metadata", {"url": of.key}, "get", of.key)
    else:
        ways = same_elsewhere(f"/api/v1/metadata/snapshots/{shown.snapshot_id}", {})
    return page("record.html", status, shown=shown, document=document, url=of.key, ways=ways, **_usual(of), **members)


def _without(of: Target, template: str, status: int, **members: Any) -> Response:
    return page(template, status, url=of.key, **_usual(of), **members)


def _usual(of: Target) -> dict[str, Any]:
    """What each page of a target needs: what its reader may do with it."""
    may = {verb: services().limits.admit(verb, of) for verb in ("collect", "import", "delete", "export")}
    return {"may": may, "max_labels": MAX_LABELS}


def _waits(document: dict[str, Any], requested: datetime | None) -> bool:
    """Whether the collection that was asked for at that instant has no outcome yet."""
    if document["status"] == "pending":
        return True
    if requested is None:
        return False
    ended = [document["collected_at"], *([document["failure"]["at"]] if document["failure"] else ())]
    return all(datetime.fromisoformat(instant) < requested for instant in ended)


def _is_known(url: str) -> bool:
    """Whether there is a record of a URL, as far as its reader may know."""
    try:
        answers.record({"url": url, "fields_": ("failure",)})
    except (NotInInventory, InvalidRequest):
        return False
    except (CollectionFailed, OutOfScope):
        return True
    return True


def _load_again() -> Response:
    response = Response("")
    response.headers.update({"HX-Refresh": "true", "Cache-Control": "no-store"})
    return response

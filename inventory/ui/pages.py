"""What all pages for browsers share: how they are rendered, where their styles and scripts are, and what they link to."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, g, render_template, request, url_for
from markupsafe import escape
from werkzeug.exceptions import NotFound as NoSuchRoute

from inventory.observations.queries.quoting import quoted
from inventory.ui.page_room import PageRoom
from inventory.ui.visitors import Visitor, visitor
from inventory.web_api import needs, security_headers
from inventory.web_api.needs import PUBLIC

blueprint = Blueprint("pages", __name__, template_folder="templates")

STATIC_FILES = Path(__file__).with_name("static")
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".txt": "text/plain"}
A_YEAR = 365 * 86400
MAX_LINK, MAX_RECORD_LINK, ROOM_FOR_LINKS = 1_500, 4_000, 45_000
"""Characters of an address that others' texts are in, of that of a record, and of all of these on a page."""
REPEATED = 4
"""How often a page repeats what it was asked, in its forms and in links that it cannot do without; see `room_for_links`."""
NAVIGATION = (
    ("home.home", "Home"),
    ("search_pages.search", "Search"),
    ("change_pages.changes", "Changes"),
    ("job_pages.all_jobs", "Jobs"),
    ("watch_pages.watches", "Watches"),
    ("upstream_pages.upstreams", "Upstreams"),
    ("weather_pages.weather", "Weather"),
    ("product_pages.catalogue", "Products"),
    ("event_pages.events", "Log events"),
    ("api_docs.swagger_ui", "API"),
)
"""The pages that each page links to: endpoint and title."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A link of the navigation. `here`: it leads to the page that has it, or to what is above that page."""

    url: str
    title: str
    here: bool


def page(template: str, status: int = 200, *, also: str = "", forms: str = "'self'", **members: object) -> Response:
    """A rendered template, which shows its `visitor`, and whose scripts and styles carry `nonce`.

    `also` is what its policy allows besides, and `forms` where its forms may be sent.
    """
    nonce = token_urlsafe(16)
    response = Response(_rendered(template, nonce=nonce, **members), status)
    response.headers.update(security_headers.of_page(nonce, also, forms))
    return response


def fragment(template: str, **members: object) -> Response:
    """A part of a page that is shown already, for htmx to put into it."""
    response = Response(_rendered(template, **members))
    response.headers["Cache-Control"] = "no-store"
    return response


def _rendered(template: str, **members: object) -> bytes:
    """In UTF-8, which half of a surrogate pair has no place in: its escape is shown."""
    return render_template(template, visitor=visitor(), **members).encode("utf-8", "backslashreplace")


def see_other(url: str) -> Response:
    """303: what a form of ours is answered with. The URL is a path of ours, as `url_for` makes it."""
    response = Response(status=303, headers={"Location": url, "Cache-Control": "no-store"})
    response.autocorrect_location_header = False
    return response


def wants_fragment() -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"


def wants_page() -> bool:
    """Whether the request is that of a browser for a page, and not that of a program. Below /api there are no pages."""
    named = [each for each, quality in request.accept_mimetypes if quality > 0]
    is_wanted = any(each.partition(";")[0].strip().lower() == "text/html" for each in named)
    return is_wanted and not request.path.startswith("/api/")


def service_url() -> str:
    """Where this service is, by the name under which the page was asked for; without a slash at the end."""
    return f"{request.scheme}://{request.headers['Host']}{request.script_root}"


@blueprint.app_template_global()
def navigation(visitor: Visitor) -> list[Link]:
    """What each page links to: the pages that its visitor may open."""
    links = [(url_for(endpoint), title) for endpoint, title in NAVIGATION if visitor.may_open(endpoint)]
    path = request.script_root + request.path
    return [Link(url=url, title=title, here=path == url or path.startswith(f"{url}/")) for url, title in links]


@blueprint.app_template_global()
def static_url(name: str) -> str:
    """The address of one of our styles and scripts. It changes with the file, so that browsers may keep it for long."""
    return url_for("pages.static_file", name=name, v=_static_file(name)[1])


@blueprint.app_template_global()
def search_url(field: str, value: str, query: str = "", at: str | None = None, show: str | None = None) -> str:
    """The search for the targets that show a value, among those that the query means.

    White space is AND and binds least, so that what is added to a query narrows all of it.
    """
    asked = {"q": f"{query} {quoted(field, value)}".strip(), "at": at, "show": show}
    given = {name: each for name, each in asked.items() if each is not None}
    return f"{request.script_root}/search?{urlencode(given, errors='replace')}"


def room_for_links() -> PageRoom:
    """That of a page for addresses with texts of others: less, if it was asked a long question."""
    if "room_for_links" not in g:
        g.room_for_links = PageRoom(max(0, ROOM_FOR_LINKS - REPEATED * len(request.query_string)))
    room: PageRoom = g.room_for_links
    return room


@blueprint.app_template_global()
def fitting(url: str, longest: int = MAX_LINK) -> str | None:
    """The address, unless it is longer than that, or a page has no room for more of such addresses."""
    return url if len(url) <= longest and room_for_links().take(len(escape(url))) else None


@blueprint.app_template_global()
def record_url(url: str, at: str | None = None) -> str | None:
    """The address of the record of a URL, now or at an instant, if a page has room for it."""
    return fitting(url_for("record_pages.record", url=url, at=at), MAX_RECORD_LINK)


@blueprint.app_template_global()
def diff_url(url: str, before: str, at: str) -> str | None:
    """The address of the difference between two collections of a URL, if a page has room for it."""
    asked: dict[str, Any] = {"url": url, "from": before, "to": at}
    return fitting(url_for("diff_pages.diff", **asked), MAX_RECORD_LINK)


@blueprint.app_template_global()
def same_page(endpoint: str | None = None, /, **changed: object) -> str:
    """The address of the present page with other parameters; None takes one away. Its first page, if no cursor is given.

    Or the address of another page, of this `endpoint`, with the parameters of the present one.
    """
    asked: dict[str, object] = {**request.args.to_dict(flat=False), "cursor": None, **changed}
    kept = {name: value for name, value in asked.items() if value is not None}
    path = request.script_root + request.path if endpoint is None else url_for(endpoint)
    return f"{path}?{urlencode(kept, doseq=True)}"


@blueprint.get("/static/<name>")
@needs.needs(PUBLIC)
def static_file(name: str) -> Response:
    """A style or a script of ours, compressed if the browser takes that."""
    if name not in _static_names():
        raise NoSuchRoute
    content, digest, compressed = _static_file(name)
    is_compressed = request.accept_encodings["gzip"] > 0
    response = Response(compressed if is_compressed else content, mimetype=MEDIA_TYPES[Path(name).suffix])
    if is_compressed:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Vary"] = "Accept-Encoding"
    if request.args.get("v") == digest:
        response.headers["Cache-Control"] = f"public, max-age={A_YEAR}, immutable"
    return response


@cache
def _static_names() -> frozenset[str]:
    """The names of the files that there are: one that is sent is looked up here, because the file system may refuse it."""
    return frozenset(path.name for path in STATIC_FILES.iterdir() if path.suffix in MEDIA_TYPES)


@cache
def _static_file(name: str) -> tuple[bytes, str, bytes]:
    """The content of a file, a digest of it, and the content compressed."""
    content = (STATIC_FILES / name).read_bytes()
    return content, sha256(content).hexdigest()[:16], gzip.compress(content, mtime=0)

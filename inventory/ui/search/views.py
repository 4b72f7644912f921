"""`/search`: targets by what they show, now or before; with facets beside them, and completion of the query."""

from __future__ import annotations

from typing import Any

from flask import Response, request, url_for
from marshmallow import fields
from marshmallow.validate import Range

from inventory.errors import InvalidRequest, TooManyRequests
from inventory.observations import answers, schemas
from inventory.services import services
from inventory.ui.elsewhere import same_elsewhere
from inventory.ui.forms import load_query
from inventory.ui.page_errors import page_blueprint, page_with
from inventory.ui.pages import fitting, fragment, page, wants_fragment
from inventory.ui.search.completion import MAX_TYPED, completions_of
from inventory.ui.search.elsewhere import exports, ways
from inventory.ui.search.past import past_of
from inventory.ui.search.results import SHOWN, excerpt_of, results_of, values_of
from inventory.web_api import needs

blueprint = page_blueprint("search_pages")

ROWS = 25
FACETS = ("status", "domain", "header.server", "media_type", "tls.issuer", "failure", "tag")
OPEN = 3
"""Facets that are counted without being asked for, as far as they are in view: each is a search of its own."""
FEW, MANY = 8, 100
"""Values of a facet beside the results, and on a page of its own."""


class PageQuery(schemas.SearchQuery):
    """What the page takes: as the API, with fewer targets, and with fields that it shows by itself."""

    limit = fields.Integer(load_default=ROWS, validate=Range(1, ROWS, error=f"Send a whole number, 1 to {ROWS}."))
    show = fields.String(load_default=SHOWN, **schemas.NAMES)


class FacetQuery(schemas.FacetsQuery):
    """The values of a field that a page has room for."""

    limit = fields.Integer(load_default=MANY, validate=Range(1, MANY, error=f"Send a whole number, 1 to {MANY}."))
    show = fields.String(load_default=SHOWN, **schemas.NAMES)


class FieldsPageQuery(schemas.FieldsQuery):
    """Fields, as many as the API lists at once."""

    limit = fields.Integer(load_default=200, validate=Range(1, 200, error="Send a whole number, 1 to 200."))


PAGE_QUERY, FACET_QUERY, FIELDS_QUERY = PageQuery(), FacetQuery(), FieldsPageQuery()


@blueprint.get("/search")
@needs.needs("read", limited=True)
def search() -> Response:
    """The targets of a query, with a form to change it; beside the form what is wrong with it."""
    past = past_of(answers.fields({"prefix": "", "limit": 1})["known_since"], services().records.clock())
    try:
        query = load_query(PAGE_QUERY, counts_empty=("show",))
        document = answers.search(query)
    except InvalidRequest as error:
        asked = {"q": "", "at": None, "show": SHOWN, **request.args}
        return page_with("search.html", error, asked=asked, past=past, excerpt=excerpt_of(request.args.get("q", ""), error))
    results = results_of(document["targets"], query)
    urls = {name: fitting(_facet_url(name, query)) for name in FACETS}
    return page(
        "search.html",
        asked=query,
        past=past,
        found=document,
        results=results,
        facets=[(name, number < OPEN, url) for number, (name, url) in enumerate(urls.items()) if url],
        few=FEW,
        exports=exports(query),
        ways=ways(query),
    )


@blueprint.get("/search/facet")
@needs.needs("read", limited=True)
def facet() -> Response:
    """The values of a field among the targets of a query: a page, or for htmx the few that stand beside the results."""
    if wants_fragment():
        return _facet_beside()
    query = load_query(FACET_QUERY, counts_empty=("show",))
    document = answers.facets(_facets_query(query), request.script_root)
    return page("search_facet.html", asked=query, found=document, values=values_of(document, query))


@blueprint.get("/search/fields")
@needs.needs("read", limited=True)
def all_fields() -> Response:
    """The fields that queries can name."""
    query = load_query(FIELDS_QUERY)
    api = same_elsewhere("/api/v1/search/fields", {"prefix": query["prefix"]})
    return page("search_fields.html", asked=query, found=answers.fields(query), ways=api)


@blueprint.get("/search/completions")
@needs.needs("read", limited=True)
def completions() -> Response:
    """For htmx: what the query may go on with after what is typed."""
    return fragment("_search_completions.html", found=completions_of(request.args.get("before", "")[-MAX_TYPED:]))


def _facet_beside() -> Response:
    """What is wrong stands in the place of the values, because htmx shows nothing but answers without an error."""
    try:
        query = load_query(FACET_QUERY, counts_empty=("show",))
        document = answers.facets(_facets_query(query), request.script_root)
    except (InvalidRequest, TooManyRequests) as error:
        return fragment("_search_facet.html", problem=str(error))
    return fragment(
        "_search_facet.html",
        found=document,
        values=values_of(document, query),
        more=_facet_url(query["field"], query),
    )


def _facet_url(name: str, query: dict[str, Any]) -> str:
    show = None if query["show"] == SHOWN else query["show"]
    return url_for("search_pages.facet", field=name, q=query["q"] or None, at=query["at"], show=show)


def _facets_query(query: dict[str, Any]) -> dict[str, Any]:
    return {name: query[name] for name in ("q", "at", "field", "limit")}

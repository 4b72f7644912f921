"""`/api/v1/products`: pull the product feeds, list what they have, sum it up."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, current_app, url_for
from flask.views import MethodView

from inventory import json_bytes, pagination
from inventory.api import Blueprint
from inventory.errors import ForeignOrigin, InvalidRequest, StorageUnavailable
from inventory.jobs.documents import job_document
from inventory.jobs.schemas import JobSchema
from inventory.products import documents, examples, schemas
from inventory.products.model import ProductFilter
from inventory.products.service import ProductService

blueprint = Blueprint("products", __name__, url_prefix="/api/v1", description="Product feeds and their catalogue")


def products() -> ProductService:
    """The service that this application was wired with."""
    return cast(ProductService, current_app.extensions["inventory.products"])


@blueprint.route("/products/runs")
class Runs(MethodView):
    """Runs, which pull all feeds."""

    @blueprint.response(202, JobSchema, description="Accepted, durably; Location has the job", example=examples.RUN)
    @blueprint.problems(ForeignOrigin, StorageUnavailable)
    def post(self) -> Response:
        """Pull all product feeds, as a job whose progress can be followed. While one is unfinished, it is that one."""
        response = _json(job_document(job := products().start(), products().clock()), 202)
        response.headers["Location"] = url_for("jobs.OneJob", job_id=job.id)
        return response


@blueprint.route("/products")
class Products(MethodView):
    """The catalogue."""

    @blueprint.arguments(schemas.ProductsQuery, location="query")
    @blueprint.response(200, schemas.ProductsPage, description="One page", example=examples.PRODUCTS)
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """List products, those that were added last first."""
        limit = query["limit"]
        chosen = ProductFilter(query["source"], query["category"], query["min_price"], query["max_price"])
        found = products().listing(chosen, limit=limit + 1, after=query["cursor"])
        shown, next_cursor = pagination.page(found, limit, lambda each: (each.added_at, each.record_id))
        return _json({"products": [documents.product_document(each) for each in shown], "next_cursor": next_cursor})


@blueprint.route("/products/summary")
class Summary(MethodView):
    """What came of it."""

    @blueprint.response(200, schemas.ProductsSummarySchema, description="The summary", example=examples.SUMMARY)
    @blueprint.problems(StorageUnavailable)
    def get(self) -> Response:
        """Sum up the latest run that has begun, feed by feed, and the catalogue: categories and changed prices."""
        return _json(documents.summary_document(products().summary()))


def _json(document: documents.Document, status: int = 200) -> Response:
    return Response(json_bytes.dumps(document), status, mimetype="application/json")

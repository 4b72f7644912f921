"""`/api/v1/products`: pull the product feeds, list the catalogue, sum it up."""

from __future__ import annotations

from typing import Any

from flask import Response
from flask.views import MethodView

from inventory.errors import ForeignOrigin, InvalidRequest, NotFound, StorageUnavailable
from inventory.jobs.responses import accepted, accepts_job
from inventory.products import answers, schemas
from inventory.services import services
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.pagination import PageQuery
from inventory.web_api.responses import json_response

blueprint = Blueprint("products", __name__, url_prefix="/api/v1", description="Product feeds and their catalogue")


@blueprint.route("/products/runs")
class Runs(MethodView):
    """Runs, which pull all feeds."""

    @accepts_job(blueprint, "products/run")
    @blueprint.problems(ForeignOrigin, StorageUnavailable)
    @blueprint.needs("collect", action="product.run")
    def post(self) -> Response:
        """Pull all product feeds, as a job that can be followed. An unfinished run is answered instead of a new one."""
        return accepted(services().products.start(), services().products.clock())


@blueprint.route("/products")
class Products(MethodView):
    """The catalogue."""

    @blueprint.arguments(schemas.ProductsQuery, location="query")
    @blueprint.response(200, schemas.ProductsPage, description="One page", example="products/products")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """List products, those that were added last first."""
        return json_response(answers.products(query))


@blueprint.route("/products/<record_id>/prices")
class Prices(MethodView):
    """The prices of a product."""

    @blueprint.arguments(PageQuery, location="query")
    @blueprint.response(200, schemas.PricesPage, description="One page", example="products/prices")
    @blueprint.problems(InvalidRequest, NotFound, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any], record_id: str) -> Response:
        """List what a product cost, newest first: one price for each run that saw it, as long as its snapshot is kept."""
        return json_response(answers.prices(record_id, query))


@blueprint.route("/products/summary")
class Summary(MethodView):
    """The latest run and the catalogue."""

    @blueprint.arguments(schemas.SummaryQuery, location="query")
    @blueprint.response(200, schemas.ProductsSummarySchema, description="The summary", example="products/summary")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """Sum up the latest run that has begun, feed by feed, and the catalogue: products, categories and changed prices."""
        return json_response(answers.summary(query))

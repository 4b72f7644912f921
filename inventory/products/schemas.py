"""The shapes of the products API: its parameters and documents (shares from 0 to 1, RFC 3339 instants)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validates_schema
from marshmallow.validate import Length, OneOf, Range

from inventory.jobs.model import JobStatus
from inventory.products.service import MAX_PRODUCTS, PRODUCTS
from inventory.web_api.arguments import QuerySchema
from inventory.web_api.pagination import PageQuery, PageSchema

MAYBE: dict[str, Any] = {"required": True, "allow_none": True}
SUCCESS_RATE = {"description": "The share of the requests that were answered with a page."}
PRICE = {"description": "The double nearest to the price."}
PRICE_EXACT = {"description": "The price in digits, with as many decimals as the feed sent.", "example": "24.50"}


class ProductsQuery(PageQuery):
    """Which products to list."""

    source = fields.String(
        load_default=None, validate=Length(1, 40), metadata={"description": "Those of one feed.", "example": "acme"}
    )
    category = fields.String(load_default=None, validate=Length(1, 500), metadata={"example": "home"})
    min_price = fields.Float(load_default=None, validate=Range(0), metadata={"description": "In any currency."})
    max_price = fields.Float(load_default=None, validate=Range(0))

    @validates_schema
    def validate_prices(self, query: Mapping[str, Any], **_: Any) -> None:
        """An empty range is a mistake, which an empty answer would hide."""
        least, most = query.get("min_price"), query.get("max_price")
        if least is not None and most is not None and most < least:
            raise ValidationError("Below `min_price`. Send a higher price.", "max_price")


class SummaryQuery(QuerySchema):
    """How much of the catalogue a summary shows."""

    products = fields.Integer(
        load_default=PRODUCTS,
        validate=Range(0, MAX_PRODUCTS, error=f"Send a whole number, 0 to {MAX_PRODUCTS:,}."),
        metadata={"description": "How many products to show, those that were added last."},
    )


class ProductSchema(Schema):
    """A product as the catalogue has it."""

    record_id = fields.String(required=True)
    source = fields.String(required=True, metadata={"description": "The feed."})
    id = fields.String(required=True, metadata={"description": "The feed's id of it."})
    title = fields.String(required=True)
    category = fields.String(**MAYBE)
    price = fields.Float(required=True, metadata=PRICE)
    price_exact = fields.String(required=True, metadata=PRICE_EXACT)
    currency = fields.String(**MAYBE)
    rating = fields.Float(**MAYBE)
    url = fields.String(**MAYBE)
    added_at = fields.DateTime(required=True)
    seen_at = fields.DateTime(required=True, metadata={"description": "When it was last in its feed."})
    price_changed_at = fields.DateTime(**MAYBE, metadata={"description": "When its price last changed."})


class ProductsPage(PageSchema):
    """Products, the most recently added first."""

    products = fields.List(fields.Nested(ProductSchema), required=True)


class PulledLatencySchema(Schema):
    """How long answers took, in milliseconds."""

    mean = fields.Float(**MAYBE)
    p50 = fields.Float(**MAYBE)
    p95 = fields.Float(**MAYBE)
    p99 = fields.Float(**MAYBE)


class PulledFeedSchema(Schema):
    """A feed in a run."""

    name = fields.String(required=True)
    products = fields.Integer(required=True)
    rejected = fields.Integer(required=True, metadata={"description": "Items that are not products."})
    left_out = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "How often an optional field of a product could not be used, by its name."},
    )
    pages = fields.Integer(required=True)
    requests = fields.Integer(required=True)
    retries = fields.Integer(required=True, metadata={"description": "Requests for a page after the first one."})
    success_rate = fields.Float(**MAYBE, metadata=SUCCESS_RATE)
    latency_ms = fields.Nested(PulledLatencySchema, required=True)
    breaker_trips = fields.Integer(required=True, metadata={"description": "How often its breaker stopped it."})
    complete = fields.Boolean(required=True, metadata={"description": "Every page was fetched."})
    gaps = fields.Integer(required=True, metadata={"description": "How often something is missing."})
    missing = fields.List(fields.String(), required=True, metadata={"description": "What, the first 20 of it."})


class PullSchema(Schema):
    """The latest run that has begun, so far."""

    total_products = fields.Integer(required=True)
    processing_time_seconds = fields.Float(**MAYBE)
    success_rate = fields.Float(**MAYBE, metadata=SUCCESS_RATE)
    sources = fields.List(fields.String(), required=True, metadata={"description": "The names of its feeds."})
    job_id = fields.String(**MAYBE, metadata={"description": "The job that it is; null if there was no run."})
    status = fields.String(**MAYBE, validate=OneOf(list(JobStatus)))
    started_at = fields.DateTime(**MAYBE)


class ProcessedProductSchema(Schema):
    """A product of the catalogue, in short."""

    id = fields.String(required=True, metadata={"description": "The feed's id of it."})
    title = fields.String(required=True)
    source = fields.String(required=True, metadata={"description": "The feed."})
    price = fields.Float(required=True, metadata=PRICE)
    price_exact = fields.String(required=True, metadata=PRICE_EXACT)
    currency = fields.String(**MAYBE)
    category = fields.String(**MAYBE)
    processed_at = fields.DateTime(required=True, metadata={"description": "When it was last in its feed."})


class CategorySchema(Schema):
    """Products of one category in one currency."""

    name = fields.String(**MAYBE)
    currency = fields.String(**MAYBE)
    products = fields.Integer(required=True)
    min_price = fields.Float(required=True)
    mean_price = fields.Float(required=True)
    max_price = fields.Float(required=True)


class PriceSchema(Schema):
    """A price at an instant."""

    price = fields.Float(required=True, metadata=PRICE)
    price_exact = fields.String(required=True, metadata=PRICE_EXACT)
    currency = fields.String(**MAYBE)
    at = fields.DateTime(required=True)


class PricesPage(PageSchema):
    """The prices of one product, newest first."""

    product = fields.Nested(ProductSchema, required=True)
    prices = fields.List(
        fields.Nested(PriceSchema),
        required=True,
        metadata={"description": "One for each run that saw it, as long as its snapshot is kept."},
    )


class TrendSchema(Schema):
    """A product whose price changed."""

    record_id = fields.String(required=True)
    source = fields.String(required=True)
    id = fields.String(required=True)
    title = fields.String(required=True)
    currency = fields.String(**MAYBE)
    change_percent = fields.Float(**MAYBE, metadata={"description": "From the first of the prices to the last."})
    prices = fields.List(fields.Nested(PriceSchema), required=True, metadata={"description": "Oldest first, 20 at most."})


class PullErrorSchema(Schema):
    """A page that could not be fetched, or an item that could not be used."""

    endpoint = fields.String(required=True, metadata={"description": "The page; of an item, with a JSON pointer to it."})
    error = fields.String(required=True)
    timestamp = fields.DateTime(required=True)


class ProductsSummarySchema(Schema):
    """The latest run, and what the catalogue holds."""

    summary = fields.Nested(PullSchema, required=True)
    products = fields.List(
        fields.Nested(ProcessedProductSchema),
        required=True,
        metadata={"description": "Those that were added last; `GET /api/v1/products` lists all."},
    )
    feeds = fields.List(fields.Nested(PulledFeedSchema), required=True, metadata={"description": "The run feed by feed."})
    categories = fields.List(fields.Nested(CategorySchema), required=True)
    price_trends = fields.List(
        fields.Nested(TrendSchema), required=True, metadata={"description": "The most recent change first."}
    )
    errors = fields.List(fields.Nested(PullErrorSchema), required=True)

"""The documents that the products API answers, and `inventory products` writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inventory.clock import rfc3339
from inventory.jobs.model import Row
from inventory.products.model import CatalogueEntry, Category, Product
from inventory.products.progress import FeedProgress, PullStats
from inventory.products.service import Run, Summary, Trend
from inventory.records.model import Snapshot

Document = dict[str, Any]


def product_document(entry: CatalogueEntry) -> Document:
    """A product of the catalogue."""
    product = entry.product
    return {
        "record_id": entry.record_id,
        "source": product.feed,
        "id": product.id,
        "title": product.title,
        "category": product.category,
        "price": product.price,
        "price_exact": product.price_text,
        "currency": product.currency,
        "rating": product.rating,
        "url": product.url,
        "added_at": rfc3339(entry.added_at),
        "seen_at": rfc3339(entry.seen_at),
        "price_changed_at": None if entry.changed_at is None else rfc3339(entry.changed_at),
    }


def price_document(version: Snapshot) -> Document:
    """The price that a run saw, and when."""
    product = Product.of(version.content)
    return {
        "price": product.price,
        "price_exact": product.price_text,
        "currency": product.currency,
        "at": rfc3339(version.collected_at),
    }


def summary_document(summary: Summary) -> Document:
    """The summary of the latest run, and of the catalogue."""
    run = run_document(summary.run, summary.errors)
    return {
        "summary": run["summary"],
        "products": [_processed(entry) for entry in summary.products],
        "feeds": run["feeds"],
        "categories": [_category(each) for each in summary.categories],
        "price_trends": [_trend(each) for each in summary.trends],
        "errors": run["errors"],
    }


def run_document(run: Run | None, errors: Sequence[Row]) -> Document:
    """What the summary says of a run, feed by feed and with its errors."""
    return {
        "summary": _run(run),
        "feeds": [feed_document(name, progress) for name, progress in (run.feeds if run else ())],
        "errors": [_error(row) for row in errors],
    }


def feed_document(name: str, progress: FeedProgress | None) -> Document:
    """A feed in a run: what it took, what it gave, and what is missing."""
    begun = progress or FeedProgress(name, "", 0)
    stats, latency = begun.stats, begun.stats.percentiles
    return {
        "name": name,
        "products": begun.products,
        "rejected": begun.rejected,
        "left_out": dict(begun.unfit),
        "pages": begun.pages,
        "requests": stats.requests,
        "retries": stats.retries,
        "success_rate": _success_rate(stats),
        "latency_ms": {name: _milliseconds(getattr(latency, name)) for name in ("mean", "p50", "p95", "p99")},
        "breaker_trips": stats.trips,
        "complete": begun.is_complete,
        "gaps": begun.gaps,
        "missing": list(begun.missing),
    }


def _run(run: Run | None) -> Document:
    if run is None:
        nothing: Document = {"total_products": 0, "processing_time_seconds": None, "success_rate": None, "sources": []}
        return nothing | dict.fromkeys(("job_id", "status", "started_at"))
    stats = sum((progress.stats for _, progress in run.feeds if progress is not None), PullStats())
    return {
        "total_products": sum(progress.products for _, progress in run.feeds if progress is not None),
        "processing_time_seconds": None if run.seconds is None else round(run.seconds, 3),
        "success_rate": _success_rate(stats),
        "sources": [name for name, _ in run.feeds],
        "job_id": run.job.id,
        "status": run.job.status.value,
        "started_at": None if run.job.started_at is None else rfc3339(run.job.started_at),
    }


def _processed(entry: CatalogueEntry) -> Document:
    """A product in the summary: `processed_at` is when it was last in its feed."""
    product = entry.product
    return {
        "id": product.id,
        "title": product.title,
        "source": product.feed,
        "price": product.price,
        "price_exact": product.price_text,
        "currency": product.currency,
        "category": product.category,
        "processed_at": rfc3339(entry.seen_at),
    }


def _success_rate(stats: PullStats) -> float | None:
    return round(1 - stats.failures / stats.requests, 4) if stats.requests else None


def _milliseconds(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)


def _category(category: Category) -> Document:
    return {
        "name": category.name,
        "currency": category.currency,
        "products": category.products,
        "min_price": category.least,
        "mean_price": round(category.mean, 2),
        "max_price": category.most,
    }


def _trend(trend: Trend) -> Document:
    """The prices oldest first; the change is between the first and the last of them."""
    prices = [price_document(each) for each in reversed(trend.snapshots)]
    first, last = (prices[0]["price"], prices[-1]["price"]) if prices else (0.0, 0.0)
    product = trend.entry.product
    return {
        "record_id": trend.entry.record_id,
        "source": product.feed,
        "id": product.id,
        "title": product.title,
        "currency": product.currency,
        "change_percent": round((last - first) / first * 100, 2) if first else None,
        "prices": prices,
    }


def _error(row: Row) -> Document:
    return {"endpoint": row.input, "error": f"{row.code}: {row.detail}", "timestamp": rfc3339(row.finished_at)}

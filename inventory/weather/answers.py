"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from typing import Any

from inventory.services import services
from inventory.weather import documents
from inventory.weather.documents import Document


def stored(query: dict[str, Any]) -> Document:
    """The weather that is stored for the city of a `WeatherQuery`, however old. No provider is called for it."""
    found = services().weather.stored(query["city"])
    return documents.weather_document(found.found, stale=found.stale)


def summary(query: dict[str, Any]) -> Document:
    """Counts of the cities, those refreshed last and those that failed, as a `SummaryQuery` asks."""
    return documents.summary_document(services().weather.summary(query["top"]))

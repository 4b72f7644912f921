"""What the API, the pages and GraphQL answer to the caller of the current request."""

from __future__ import annotations

from typing import Any

from inventory.errors import NotInInventory
from inventory.services import services
from inventory.weather import documents
from inventory.weather.documents import Document
from inventory.web_api.same_origin import Reason, not_collected


def current(query: dict[str, Any], *, why: Reason | None) -> tuple[Document, bool]:
    """The weather in the city of a `WeatherQuery`, and whether a collection was begun for it.

    `why` nothing may be collected for this request, if there is a reason: then it is what is stored, however old.
    """
    if why is None:
        result = services().weather.current(query["city"])
        return documents.weather_document(result.found, stale=result.stale), result.begun
    try:
        return stored(query), False
    except NotInInventory as error:
        raise not_collected(str(error), why) from error


def stored(query: dict[str, Any]) -> Document:
    """The weather that is stored for the city of a `WeatherQuery`, however old. No provider is called for it."""
    found = services().weather.stored(query["city"])
    return documents.weather_document(found.found, stale=found.stale)


def summary(query: dict[str, Any]) -> Document:
    """Counts of the cities, those refreshed last and those that failed, as a `SummaryQuery` asks."""
    return documents.summary_document(services().weather.summary(query["top"]))

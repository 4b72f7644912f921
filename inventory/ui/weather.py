"""`/weather`: the weather of a city, and what the inventory knows of all of them."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from inventory.errors import InventoryError
from inventory.ui.elsewhere import same_elsewhere
from inventory.ui.forms import load_query
from inventory.ui.page_errors import page_blueprint, page_with
from inventory.weather import answers, schemas
from inventory.web_api import needs, same_origin, work

blueprint = page_blueprint("weather_pages")

WEATHER_QUERY = schemas.WeatherQuery()
TOP = 20
"""Cities of each listing."""


@blueprint.get("/weather")
@needs.needs("read", effect="collect", counted="lookups")
def weather() -> Response:
    """The weather of the city that is asked for, if one is, and the cities that were refreshed last and that failed."""
    found, error = None, None
    try:
        found = _current() if request.args else None
    except InventoryError as raised:
        error = raised
    city = request.args.get("city", "")
    ways = same_elsewhere("/api/v1/weather", {"city": city}) if city else same_elsewhere("/api/v1/weather/summary", {})
    return page_with("weather.html", error, city=city, found=found, summary=answers.summary({"top": TOP}), ways=ways)


def _current() -> dict[str, Any]:
    document, begun = answers.current(load_query(WEATHER_QUERY), why=request.environ.get(same_origin.WITHOUT_EFFECT))
    work.note(begun=begun)
    return document

"""`/weather`: the weather of a city, and what the inventory knows of all of them."""

from __future__ import annotations

from typing import Any

from flask import Response, request

from inventory.errors import InventoryError
from inventory.ui.page_errors import page_blueprint, problem_of
from inventory.ui.pages import page
from inventory.weather import answers, schemas
from inventory.web_api import arguments, needs, same_origin, work

blueprint = page_blueprint("weather_pages")

WEATHER_QUERY = schemas.WeatherQuery()
TOP = 20
"""Cities of each listing."""


@blueprint.get("/weather")
@needs.needs("read", effect="collect", counted="lookups")
def weather() -> Response:
    """The weather of the city that is asked for, if one is, and the cities that were refreshed last and that failed."""
    found, problem, status = _asked() if request.args else (None, None, 200)
    city = request.args.get("city", "")
    return page("weather.html", status, city=city, found=found, problem=problem, summary=answers.summary({"top": TOP}))


def _asked() -> tuple[dict[str, Any] | None, dict[str, Any] | None, int]:
    """The weather that the request asks for, or the problem of it; and the status of the answer."""
    try:
        query = arguments.load(WEATHER_QUERY, arguments.query, request)
        document, begun = answers.current(query, why=request.environ.get(same_origin.WITHOUT_EFFECT))
    except InventoryError as error:
        problem = problem_of(error)
        return None, problem, int(str(problem["status"]))
    work.note(begun=begun)
    return document, None, 200

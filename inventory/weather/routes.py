"""`/api/v1/weather`: the current weather of cities."""

from __future__ import annotations

from typing import Any

from flask import Response, request
from flask.views import MethodView

from inventory.errors import (
    CollectionFailed,
    CollectionTimedOut,
    InvalidRequest,
    NotInInventory,
    StorageUnavailable,
    TooManyRequests,
    UnknownCity,
)
from inventory.weather import answers, schemas
from inventory.web_api import same_origin, work
from inventory.web_api.blueprint import Blueprint
from inventory.web_api.responses import json_response

blueprint = Blueprint("weather", __name__, url_prefix="/api/v1", description="The current weather of cities")


@blueprint.route("/weather")
class Weather(MethodView):
    """The current weather in a city."""

    @blueprint.arguments(schemas.WeatherQuery, location="query")
    @blueprint.response(200, schemas.WeatherSchema, description="The weather, fresh or stale", example="weather/weather")
    @blueprint.problems(
        InvalidRequest,
        UnknownCity,
        NotInInventory,
        TooManyRequests,
        CollectionFailed,
        CollectionTimedOut,
        StorageUnavailable,
    )
    @blueprint.needs("read", effect="collect")
    def get(self, query: dict[str, Any]) -> Response:
        """Get the weather: the stored one while it is fresh, else its provider's current one.

        A page of another site gets what is stored, however old; no provider is called for it. So does a caller who may not
        collect.
        """
        document, begun = answers.current(query, why=request.environ.get(same_origin.WITHOUT_EFFECT))
        work.note(begun=begun)
        return json_response(document)


@blueprint.route("/weather/summary")
class Summary(MethodView):
    """All cities."""

    @blueprint.arguments(schemas.SummaryQuery, location="query")
    @blueprint.response(200, schemas.SummarySchema, description="Counts and the latest ones", example="weather/summary")
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    @blueprint.needs("read")
    def get(self, query: dict[str, Any]) -> Response:
        """Count the cities, and list those refreshed last and those that failed."""
        return json_response(answers.summary(query))

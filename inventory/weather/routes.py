"""`/api/v1/weather`: the current weather of cities."""

from __future__ import annotations

from typing import Any, cast

from flask import Response, current_app, request
from flask.views import MethodView

from inventory import json_bytes
from inventory.api import Blueprint
from inventory.errors import (
    CollectionFailed,
    CollectionTimedOut,
    InvalidRequest,
    NotInInventory,
    StorageUnavailable,
    TooManyRequests,
    UnknownCity,
)
from inventory.ops import same_origin
from inventory.records.service import Answer
from inventory.weather import documents, examples, schemas
from inventory.weather.service import WeatherService

blueprint = Blueprint("weather", __name__, url_prefix="/api/v1", description="The current weather of cities")


def weather() -> WeatherService:
    """The service that this application was wired with."""
    return cast(WeatherService, current_app.extensions["inventory.weather"])


@blueprint.route("/weather")
class Weather(MethodView):
    """The current weather in a city."""

    @blueprint.arguments(schemas.WeatherQuery, location="query")
    @blueprint.response(200, schemas.WeatherSchema, description="The weather, fresh or stale", example=examples.WEATHER)
    @blueprint.problems(
        InvalidRequest,
        UnknownCity,
        NotInInventory,
        TooManyRequests,
        CollectionFailed,
        CollectionTimedOut,
        StorageUnavailable,
    )
    def get(self, query: dict[str, Any]) -> Response:
        """Tell the weather: what is known of it while that is fresh, else what its upstream says now.

        A page of another site is told what is known, however old that is; no upstream is asked for it.
        """
        answer = _known(query["city"]) if same_origin.FOREIGN in request.environ else weather().current(query["city"])
        return _json(documents.weather_document(answer.known, stale=answer.stale))


@blueprint.route("/weather/summary")
class Summary(MethodView):
    """What is known of all cities."""

    @blueprint.arguments(schemas.SummaryQuery, location="query")
    @blueprint.response(200, schemas.SummarySchema, description="Counts and the latest ones", example=examples.SUMMARY)
    @blueprint.problems(InvalidRequest, StorageUnavailable)
    def get(self, query: dict[str, Any]) -> Response:
        """Tell how many cities are known, which were refreshed last, and which failed."""
        return _json(documents.summary_document(weather().summary(query["top"])))


def _known(city: str) -> Answer:
    """The answer to a page of another site."""
    try:
        return weather().known(city)
    except NotInInventory as error:
        raise NotInInventory(f"{error} {same_origin.NOT_COLLECTED}") from error


def _json(document: documents.Document) -> Response:
    return Response(json_bytes.dumps(document), mimetype="application/json")

"""The shapes of weather: what its API takes, and the documents it answers."""

from __future__ import annotations

from marshmallow import Schema, fields
from marshmallow.validate import Range

from inventory.weather.cities import MAX_LENGTH
from inventory.web_api.arguments import QuerySchema


class WeatherQuery(QuerySchema):
    """Which city is meant."""

    city = fields.String(
        required=True,
        error_messages={"required": "Missing. Send the name of a city, such as Paris."},
        metadata={
            "description": "A city. If several cities have that name: with a region, a country or both after commas, by"
            " ISO 3166 code or name. Case and accents do not matter.",
            "example": "Springfield, IL, US",
            "maxLength": MAX_LENGTH,
        },
    )


class SummaryQuery(QuerySchema):
    """How long the listings of a summary are."""

    top = fields.Integer(load_default=10, validate=Range(1, 200, error="Send a whole number, 1 to 200."))


class PlaceSchema(Schema):
    """The city that a name was taken for: of several `candidates` the most populous one."""

    name = fields.String(required=True)
    country = fields.String(required=True, allow_none=True, metadata={"description": "ISO 3166 code."})
    region = fields.String(
        required=True, allow_none=True, metadata={"description": "A state or the like; null from OpenWeather."}
    )
    latitude = fields.Float(required=True)
    longitude = fields.Float(required=True)
    population = fields.Integer(required=True, allow_none=True)
    candidates = fields.Integer(
        required=True, metadata={"description": "How many cities have that name in that region or country."}
    )


class WeatherSchema(Schema):
    """The weather in a city; a value that its provider does not have is null."""

    city = fields.String(required=True)
    key = fields.String(
        required=True, metadata={"description": "What was asked for, as the inventory names it: the same in every spelling."}
    )
    place = fields.Nested(PlaceSchema, required=True)
    temperature_c = fields.Float(required=True, allow_none=True)
    condition = fields.String(required=True, allow_none=True)
    humidity_percent = fields.Float(required=True, allow_none=True)
    wind_kph = fields.Float(required=True, allow_none=True)
    observed_at = fields.DateTime(required=True, allow_none=True, metadata={"description": "When its provider observed it."})
    collected_at = fields.DateTime(required=True, metadata={"description": "When its provider was asked."})
    stale = fields.Boolean(
        required=True,
        metadata={"description": "It is old, and no newer weather could be had."},
    )


class CountsSchema(Schema):
    """Cities by status."""

    stored = fields.Integer(required=True)
    pending = fields.Integer(required=True)
    failed = fields.Integer(required=True)


class FailedCitySchema(Schema):
    """A city without weather, and why."""

    city = fields.String(required=True)
    code = fields.String(required=True)
    detail = fields.String(required=True)
    at = fields.DateTime(required=True)


class SummarySchema(Schema):
    """All cities."""

    counts = fields.Nested(CountsSchema, required=True)
    refreshed = fields.List(fields.Nested(WeatherSchema), required=True, metadata={"description": "Last refreshed first."})
    failures = fields.List(
        fields.Nested(FailedCitySchema),
        required=True,
        metadata={"description": "Cities without weather whose collection failed; the latest accepted first."},
    )

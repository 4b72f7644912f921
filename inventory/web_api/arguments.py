"""Reads the query or the JSON body of a request by a schema; what is not valid becomes an `InvalidRequest`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import timedelta
from functools import partial
from itertools import islice
from typing import Any
from urllib.parse import unquote_to_bytes

from flask import Request, g
from marshmallow import RAISE, Schema, ValidationError, fields
from marshmallow.validate import Range
from werkzeug.exceptions import UnsupportedMediaType

from inventory.clock import HUNDRED_YEARS
from inventory.errors import InvalidRequest

MAX_FIELDS, MAX_NAME, MAX_MESSAGE = 20, 100, 500
"""Fields that an answer names, and characters of a name and of a message: an answer is not larger than its request."""
_SCHEMA_MESSAGES = {"unknown": "Unknown field. Leave it out; /docs/ lists what this route takes."}
_NOT_SECONDS = "Send seconds, a whole number from 0."
SECONDS: dict[str, Any] = {
    "validate": Range(timedelta(0), HUNDRED_YEARS, error=_NOT_SECONDS),
    "error_messages": {"invalid": _NOT_SECONDS},
}
"""What a `TimeDelta` of a query takes: an age."""
_BEYOND_ASCII = re.compile(rb"%[89A-Fa-f]|[\x80-\xff]")


class QuerySchema(Schema):
    """Parameters of a query; an unknown one is an error."""

    error_messages = _SCHEMA_MESSAGES

    class Meta:
        unknown = RAISE


def load(schema: Schema, read: Callable[[Request], Any], request: Request) -> Any:
    """What the schema loads from what `read` finds in a request; see `loaded`."""
    g.loaded = found = loaded(schema, partial(read, request))  # the audit takes from it what a request was about
    return found


def loaded(schema: Schema, read: Callable[[], Any]) -> Any:
    """What the schema loads from what `read` finds; `InvalidRequest` names each field that is not valid."""
    try:
        return schema.load(read())
    except ValidationError as error:
        errors = errors_of(error)
        raise InvalidRequest(f"Not valid: {', '.join(errors)}. See `errors`.", errors) from error


def reader(location: str, schema: Schema) -> Callable[[Request], Any]:
    """What reads a location for a schema: of a query, parameters whose fields are lists may be given more than once."""
    lists = [each.data_key or name for name, each in schema.fields.items() if type(each) is fields.List]
    return partial(query, lists=lists) if location == "query" and lists else READERS[location]


def query(request: Request, lists: Collection[str] = ()) -> dict[str, Any]:
    """The parameters of the query, those of `lists` with all their values.

    Another one that is given twice is an error, because no single value is meant, and so is what is not UTF-8.
    """
    try:
        if _BEYOND_ASCII.search(request.query_string):  # rare, and decoding every query would cost a lookup 20 µs
            unquote_to_bytes(request.query_string).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidRequest("The query is not UTF-8.", {"query": ["Percent-encode it as UTF-8."]}) from error
    repeated = [name for name, values in request.args.lists() if len(values) > 1 and name not in lists]
    if repeated:
        raise ValidationError({name: ["Given more than once. Send it once."] for name in repeated})
    return request.args.to_dict() | {name: request.args.getlist(name) for name in lists if name in request.args}


def errors_of_cut_bodies() -> tuple[type[Exception], ...]:
    """What reading a body raises that is cut, stalled, or chunked wrongly.

    gunicorn is imported here, because that fails in a command with an argument that is not UTF-8.
    """
    from gunicorn.http.errors import ParseException

    return OSError, ParseException


def whole_body(request: Request) -> bytes:
    """The body; `InvalidRequest` if it was cut."""
    try:
        return request.get_data()
    except errors_of_cut_bodies() as error:
        raise InvalidRequest(
            "The body did not arrive whole.", {"body": ["Cut, or sent in malformed chunks. Send it again."]}
        ) from error


def json_body(request: Request) -> Any:
    """The JSON body; 415 if it is not declared as JSON."""
    if not request.is_json:
        raise UnsupportedMediaType
    body = whole_body(request)
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise InvalidRequest("The body is not JSON.", {"body": [f"Not JSON: {reason}. Send a JSON object."]}) from error


def errors_of(error: ValidationError) -> dict[str, list[str]]:
    """What is wrong with each field, cut to a bounded size."""
    messages: Mapping[str, Any] = error.normalized_messages()  # type: ignore[no-untyped-call]
    return {
        "body" if field == "_schema" else _truncated(str(field), MAX_NAME): [
            _truncated(line, MAX_MESSAGE) for line in islice(_lines(found), MAX_FIELDS)
        ]
        for field, found in islice(messages.items(), MAX_FIELDS)
    }


def _lines(found: Any) -> Iterator[str]:
    """The messages of one field; those of an item of a list name the item, counted from 1."""
    if isinstance(found, Mapping):
        for key, messages in found.items():
            item = f"Item {key + 1}" if isinstance(key, int) else key
            yield from (f"{item}: {line}" for line in _lines(messages))
    else:
        yield from map(str, found if isinstance(found, list) else [found])


def _truncated(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}…"


READERS: Mapping[str, Callable[[Request], Any]] = {"query": query, "json": json_body}
"""By the name that flask-smorest has for the location."""

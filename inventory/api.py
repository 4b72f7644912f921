"""flask-smorest with the parsing, the errors and the documentation of this API."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar, cast
from urllib.parse import unquote_to_bytes

import flask_smorest
from flask import Request
from gunicorn.http.errors import ParseException
from marshmallow import RAISE, Schema, ValidationError, fields, pre_load
from webargs.flaskparser import FlaskParser
from werkzeug.exceptions import UnsupportedMediaType

from inventory.errors import InvalidRequest, InventoryError
from inventory.problems import FRAMEWORK_CODES, status_and_code

View = TypeVar("View", bound=Callable[..., Any])  # or a MethodView class, which is one too

_BEYOND_ASCII = re.compile(rb"%[89A-Fa-f]|[\x80-\xff]")


class ProblemSchema(Schema):
    """An error, as RFC 9457 has it."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "A sentence that a person can act on."})
    code = fields.String(required=True, metadata={"description": "Stable, for programs."})
    request_id = fields.String(required=True, metadata={"description": "Also in X-Request-ID and in every log line."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "For each field what is wrong and what to send instead."},
    )
    failure = fields.Dict(metadata={"description": "How the collection failed, as in a record."})


class QuerySchema(Schema):
    """Parameters of a query: each at most once, none that is not known."""

    class Meta:
        unknown = RAISE

    @pre_load
    def refuse_repeated(self, parameters: Any, **kwargs: object) -> Any:
        """A repeated parameter has no single meaning, so none is guessed."""
        repeated = [name for name, values in parameters.data.lists() if len(values) > 1]
        if repeated:
            raise ValidationError({name: ["Given more than once. Send it once."] for name in repeated})
        return parameters


class Parser(FlaskParser):
    """Reads parameters and JSON bodies; whatever is wrong with them is an `InvalidRequest` that names the fields."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE, "json": RAISE}  # noqa: RUF012

    def load_querystring(self, req: Request, schema: Schema) -> Any:
        """The query; bytes that are not UTF-8 are refused, because replacing them would mean something else."""
        try:
            if _BEYOND_ASCII.search(req.query_string):  # hardly ever, and decoding takes 20 µs of every lookup
                unquote_to_bytes(req.query_string).decode("utf-8")
        except UnicodeDecodeError as error:
            raise InvalidRequest("The query is not UTF-8.", {"query": ["Percent-encode it as UTF-8."]}) from error
        return super().load_querystring(req, schema)

    def load_json(self, req: Request, schema: Schema) -> Any:
        """The JSON body; 415 if it does not say that it is JSON."""
        if not req.is_json:
            raise UnsupportedMediaType
        try:
            body = req.get_data()
        except (OSError, ParseException) as error:  # what gunicorn raises for a body that is cut or chunked wrongly
            raise InvalidRequest("The body did not arrive whole.", {"body": ["Cut, or malformed chunks."]}) from error
        try:
            return json.loads(body)
        except (ValueError, RecursionError) as error:
            raise InvalidRequest("The body is not JSON.", {"body": [f"Not JSON: {error}. Send a JSON object."]}) from error

    def handle_error(self, error: ValidationError, req: Request, schema: Schema, **kwargs: Any) -> NoReturn:
        """Turn marshmallow's messages, `{location: {field: [...]}}`, into ours, `{field: [...]}`."""
        errors: dict[str, list[str]] = {}
        for messages in error.normalized_messages().values():
            errors |= _by_field(messages)
        raise InvalidRequest(f"Not acceptable: {', '.join(errors)}.", errors) from error


def _by_field(messages: Any) -> dict[str, list[str]]:
    if not isinstance(messages, Mapping):
        return {"body": [str(message) for message in messages]}
    return {
        "body" if field == "_schema" else str(field): [str(line) for line in (lines if isinstance(lines, list) else [lines])]
        for field, lines in messages.items()
    }


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose views say which errors they answer."""

    ARGUMENTS_PARSER = Parser()

    def route(self, rule: str, **how: Any) -> Callable[[View], View]:
        """flask-smorest's decorator, typed: it binds and documents the view."""
        return cast("Callable[[View], View]", super().route(rule, **how))

    def arguments(self, schema: type[Schema], **how: Any) -> Callable[[View], View]:
        """flask-smorest's decorator, typed: the view gets what the schema loaded.

        It is given an instance, because it would make one of a class for every request (300 µs of a hit's 720).
        """
        return cast("Callable[[View], View]", super().arguments(schema(), **how))

    def headers(self, schema: type[Schema]) -> Callable[[View], View]:
        """Document the headers that the view reads from the request by itself."""
        return _documenting(super().arguments(schema, location="headers"))

    def response(self, status: int, schema: Any = None, **how: Any) -> Callable[[View], View]:
        """Document what the view answers, which is a `Response`."""
        return _documenting(super().response(status, schema, **how))

    def alt_response(self, status: int, **how: Any) -> Callable[[View], View]:
        """Document what else the view answers."""
        return _documenting(super().alt_response(status, **how))

    def problems(self, *kinds: type[InventoryError] | int) -> Callable[[View], View]:
        """Document the errors of a view, with one example for each code; 500 is always among them."""
        lines: dict[int, dict[str, str]] = {}
        for kind in (*kinds, 500):
            if isinstance(kind, int):
                status, code, detail = FRAMEWORK_CODES.get(kind, (kind, "internal_error", "A fault of the inventory."))
            else:
                (status, code), detail = status_and_code(kind), (kind.__doc__ or "").split("; `")[0]
            lines.setdefault(status, {})[code] = detail

        def decorate(view: View) -> View:
            for status, codes in lines.items():
                view = self.alt_response(
                    status,
                    schema=ProblemSchema,
                    content_type="application/problem+json",
                    description=", ".join(f"`{code}`" for code in codes),
                    examples={code: {"value": _example(status, code, detail)} for code, detail in codes.items()},
                )(view)
            return view

        return decorate


def _documenting(decorate: Callable[..., Any]) -> Callable[[View], View]:
    """What a decorator of flask-smorest says of a view, without the call that it would wrap around each of the view's."""

    def document(view: View) -> View:
        view._apidoc = decorate(view)._apidoc  # type: ignore[attr-defined]
        return view

    return document


def _example(status: int, code: str, detail: str) -> dict[str, object]:
    return {
        "type": "about:blank",
        "title": "…",
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": "5f0c6a1e9d4b4c0f",
    }


class Api(flask_smorest.Api):
    """The API's document; errors are answered by `inventory.problems`, not here."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave the handlers that `problems.register` installs."""

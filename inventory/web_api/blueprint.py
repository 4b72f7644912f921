"""flask-smorest with the arguments, the errors and the documentation of this API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache, partial, wraps
from pathlib import Path
from threading import Lock
from typing import Any, TypeVar, cast

import flask_smorest
import yaml
from flask import Flask, Response, request
from marshmallow import Schema, fields

from inventory.errors import (
    CollectionFailed,
    CsrfFailed,
    ExpiredKey,
    ForeignOrigin,
    InvalidFile,
    InvalidKey,
    InvalidQuery,
    InventoryError,
    KeyRequired,
    OutOfScope,
    QuotaExceeded,
    RevokedKey,
    StorageUnavailable,
    UnknownHost,
)
from inventory.web_api import arguments, needs
from inventory.web_api.needs import PUBLIC, need_of
from inventory.web_api.problems import FRAMEWORK_CODES, status_and_code

View = TypeVar("View", bound=Callable[..., Any])  # or a MethodView class, which is one too

KEY_PROBLEMS = (KeyRequired, InvalidKey, ExpiredKey, RevokedKey, OutOfScope, StorageUnavailable)
"""The errors of each view that needs a verb; keys are in the store."""
SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A key: `inv_live_` and 38 letters and digits."},
    "x_api_key": {
        "type": "apiKey",
        "in": "header",
        "name": "X-API-Key",
        "description": "The same key. This header counts before Authorization.",
    },
}
"""How a caller proves who it is, in OpenAPI's terms. With INVENTORY_ACCESS=open nobody has to."""


class ProblemSchema(Schema):
    """An error (RFC 9457)."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True, metadata={"description": "A sentence that a person can act on."})
    code = fields.String(required=True, metadata={"description": "Stable, for programs."})
    request_id = fields.String(required=True, metadata={"description": "Also in X-Request-ID and in the log."})
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "For each field what is wrong and what to send instead."},
    )
    position = fields.Integer(metadata={"description": "The character of a query that is wrong, counted from 1."})
    columns = fields.List(
        fields.String(),
        metadata={"description": "The columns of a file, where the parameter `column` has to say which one is meant."},
    )
    failure = fields.Dict(metadata={"description": "How the collection failed, and the redirects before: as in a record."})


class Blueprint(flask_smorest.Blueprint):
    """A blueprint whose views say which errors they answer."""

    def route(self, rule: str, **how: Any) -> Callable[[View], View]:
        """flask-smorest's decorator, typed: it binds and documents the view."""
        return cast("Callable[[View], View]", super().route(rule, **how))

    def arguments(self, schema: type[Schema], *, location: str = "json", **how: Any) -> Callable[[View], View]:
        """Give the view what the schema loads, without webargs, which would cost a fifth of a request (docs/speed.md)."""
        loading = schema()
        read = arguments.reader(location, loading)
        document = _documenting(super().arguments(schema, location=location, **how))

        def decorate(view: View) -> View:
            @wraps(view)
            def with_arguments(*args: Any, **kwargs: Any) -> Any:
                return view(*args, arguments.load(loading, read, request), **kwargs)

            return document(cast(View, with_arguments))

        return decorate

    def headers(self, schema: type[Schema]) -> Callable[[View], View]:
        """Document the headers that the view reads from the request by itself."""
        return _documenting(super().arguments(schema, location="headers"))

    def response(self, status: int, schema: Any = None, **how: Any) -> Callable[[View], View]:
        """Document what the view answers, which is a `Response`. An example that is a text is a name; see `example`."""
        return _documenting(super().response(status, schema, **how))

    def alt_response(self, status: int, **how: Any) -> Callable[[View], View]:
        """Document what else the view answers."""
        return _documenting(super().alt_response(status, **how))

    def doc(self, **what: Any) -> Callable[[View], View]:
        """Document in OpenAPI's terms what the other decorators cannot."""
        return _documenting(super().doc(**what))

    def register_views_in_doc(self, api: Api, *args: Any, **kwargs: Any) -> None:
        """Leave the documentation of the views to the first request for the document."""
        api.write_later(partial(super().register_views_in_doc, api, *args, **kwargs))

    def _prepare_response_doc(self, doc: Any, doc_info: Any, **how: Any) -> Any:
        doc = super()._prepare_response_doc(doc, doc_info, **how)
        for response in doc.get("responses", {}).values():
            for media in response.get("content", {}).values():
                if isinstance(media.get("example"), str):
                    media["example"] = example(media["example"])
                for one in media.get("examples", {}).values():
                    if isinstance(one["value"].get("failure"), str):
                        one["value"]["failure"] = example(one["value"]["failure"])
        return doc

    @staticmethod
    def needs(verb: str, **more: Any) -> Callable[[View], View]:
        """Say what a view needs, as `needs.needs` does. It stands below `problems`, which documents what follows from it."""
        return needs.needs(verb, **more)

    def problems(self, *errors: type[InventoryError] | int) -> Callable[[View], View]:
        """Document the errors of a view, with one example for each code; 421 and 500 are always among them.

        So are those of keys, if the view needs a verb, and that of a token, if pages of other sites are refused.
        """

        def decorate(view: View) -> View:
            need = need_of(view)
            has_key = need is not None and need.verb != PUBLIC
            if need is not None and has_key:
                verbs = [need.verb] if need.other is None else [need.verb, need.other]
                view = self.doc(security=[{name: [verb]} for verb in verbs for name in SCHEMES])(view)
            of_keys = (*KEY_PROBLEMS, *([CsrfFailed] if ForeignOrigin in errors else ())) if has_key else ()
            of_quotas = (QuotaExceeded,) if self.url_prefix and need is not None and need.counted_as else ()
            for status, codes in _examples_of((*errors, *of_keys, *of_quotas)).items():
                view = self.alt_response(
                    status,
                    schema=ProblemSchema,
                    content_type="application/problem+json",
                    description=", ".join(f"`{code}`" for code in codes),
                    examples={code: {"value": problem} for code, problem in codes.items()},
                )(view)
            return view

        return decorate


def _examples_of(errors: Iterable[type[InventoryError] | int]) -> dict[int, dict[str, dict[str, object]]]:
    """By status and code, an example of each of the errors, and of those that every view may answer."""
    lines: dict[int, dict[str, dict[str, object]]] = {}
    for error in (*errors, UnknownHost, 500):
        if isinstance(error, int):
            status, code, detail = FRAMEWORK_CODES[error]
        else:
            (status, code), detail = status_and_code(error), (error.__doc__ or "").partition("\n")[0]
        lines.setdefault(status, {})[code] = _problem(status, code, detail)
        if not isinstance(error, int) and issubclass(error, CollectionFailed):
            lines[status][code]["failure"] = "records/failure"
        if error is InvalidQuery:
            lines[status][code]["position"] = 12
        if error is InvalidFile:
            lines[status][code]["columns"] = ["page", "image"]
    return lines


class _NotCopied(dict[str, Any]):
    """The documentation of one view, which is of nobody else."""

    def __deepcopy__(self, memo: object) -> _NotCopied:
        return self


def _documenting(decorate: Callable[..., Any]) -> Callable[[View], View]:
    """What a decorator of flask-smorest documents of a view, without its wrapper, which would cost time (docs/speed.md).

    Each decorator copies all that those before it documented, which would be a fifth of the CPU of a start.
    """

    def document(view: View) -> View:
        view._apidoc = _NotCopied(getattr(view, "_apidoc", {}))  # type: ignore[attr-defined]
        view._apidoc = dict(decorate(view)._apidoc)  # type: ignore[attr-defined]
        return view

    return document


def example(name: str) -> Any:
    """The documentation's example of a name such as `jobs/queued`, which `jobs/examples.yaml` has under `queued`."""
    feature, _, member = name.partition("/")
    return _examples(feature)[member]


@cache
def _examples(feature: str) -> Mapping[str, Any]:
    text = Path(__file__).parents[1].joinpath(feature, "examples.yaml").read_text(encoding="utf-8")
    return cast("Mapping[str, Any]", yaml.safe_load(text))


def _problem(status: int, code: str, detail: str) -> dict[str, object]:
    return {
        "type": "about:blank",
        "title": "…",
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": "5f0c6a1e9d4b4c0f",
    }


class Api(flask_smorest.Api):
    """The API's document; its operations are written when it is first asked for, because that takes long."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def document_fields(self, field_type: type[fields.Field[Any]], attributes: Mapping[str, object]) -> None:
        """Document the fields of a type with what is known only once the application is wired."""

        def wired(_: object, field: object, **__: object) -> Mapping[str, object]:
            return attributes if isinstance(field, field_type) else {}

        self.ma_plugin.converter.add_attribute_function(wired)

    def __init__(self, app: Flask) -> None:
        self._unwritten: list[Callable[[], None]] = []
        self._writing = Lock()
        super().__init__(app)
        for name, scheme in SCHEMES.items():
            self.spec.components.security_scheme(name, scheme)

    def write_later(self, write: Callable[[], None]) -> None:
        """Have a part of the document written before it is answered."""
        self._unwritten.append(write)

    @needs.needs(PUBLIC)
    def _openapi_json(self) -> Response:
        with self._writing:
            while self._unwritten:
                self._unwritten.pop(0)()
        return cast(Response, super()._openapi_json())

    def _register_error_handlers(self) -> None:
        """Leave the handlers that `problems.register` installs."""

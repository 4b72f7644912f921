"""The file of feeds: a YAML list of these, the first three members required.

- name: acme                      # letters, digits and - : the first part of its products' keys
  url: https://api.example.com/products
  fields:                         # where an item has what: a dotted path, or a list, of which the first usable counts
    id: [sku, slug, links.self]
    title: name.en
    price: {path: amount, scale: 0.01}   # cents, say; decimal: ',' for texts such as "1.234"
    category: category.name       # this and all after it are optional
    currency: {value: EUR}        # the same for all
    url: links.self
  items: data.items               # where a page has its items; without it the page is the list
  paginator: {kind: page, parameter: page, first: 1, pages: data.pages}
             # kind: page, offset (parameter, first, size_parameter, size, total),
             # cursor (parameter, next), next (next), link;
             # page, offset and cursor take more too: where a page says whether there is another one
  rate: 5                         # requests a second
  retries: 5                      # of one page
  headers: {Authorization: 'Bearer ${ACME_TOKEN}'}   # variables of the environment, in the URL too
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, Range, Regexp

from inventory import urls
from inventory.errors import InvalidUrl, SettingError
from inventory.http_client.guard import BAD_PORTS
from inventory.products.feeds import FIELDS, REQUIRED, Feed, FieldPath
from inventory.products.paginators import Cursor, LinkHeader, NextUrl, Numbered, Offset, Paginator
from inventory.products.variables import Unset, filled_in, filled_in_url
from inventory.regular_files import open_regular

DEFAULT = Path(__file__).with_name("feeds.yaml")
NAME = r"[a-z0-9][a-z0-9-]{0,39}$"
NOTHING: Mapping[str, str] = MappingProxyType({})
PATH_MEMBERS = {"path", "scale", "names", "decimal"}
NOT_A_PATH = (
    "Not a path. Write a dotted path, {path: …, scale: 0.01, names: {…}, decimal: ','}, {value: …}, or a list of such paths."
)
MAX_FALLBACKS = 10
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")


class PaginatorSchema(Schema):
    """A paginator; which members it takes depends on its kind."""

    kind = fields.String(required=True)
    parameter = fields.String()
    first = fields.Integer()
    pages = fields.String()
    size = fields.Integer(validate=Range(1, 10_000))
    size_parameter = fields.String()
    total = fields.String()
    next = fields.String()
    more = fields.String()

    @post_load
    def make(self, found: dict[str, Any], **_: Any) -> Paginator:
        names = {"first": "first_number", "next": "next_path", "more": "more_path"}
        kind = found.pop("kind")
        if kind not in PAGINATORS:
            raise ValidationError(f"Not a paginator. Choose from: {', '.join(PAGINATORS)}.", "kind")
        if kind == "page" and "total" in found and "size" not in found:
            raise ValidationError("A page of numbered ones needs its size to know their number from a total.", "size")
        try:
            paginator: Paginator = PAGINATORS[kind](**{names.get(name, name): value for name, value in found.items()})
        except TypeError as error:
            raise ValidationError(
                f"Not what a paginator of the kind {kind} takes: {', '.join(found) or 'nothing'}."
            ) from error
        return paginator


PAGINATORS: Mapping[str, Any] = {"page": Numbered, "offset": Offset, "cursor": Cursor, "next": NextUrl, "link": LinkHeader}


class FieldPathField(fields.Field[FieldPath]):
    """A dotted path, or an object with a path and how to read what is there, or with a value; or a list of such paths."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> FieldPath:
        if isinstance(value, list) and 0 < len(value) <= MAX_FALLBACKS:
            first, *rest = (_path(each) for each in value)
            return replace(first, fallbacks=tuple(rest))
        return _path(value)


def _path(value: Any) -> FieldPath:
    if isinstance(value, str) and value:
        return FieldPath(value)
    if isinstance(value, dict) and set(value) == {"value"}:
        return FieldPath(value=str(value["value"]))
    if isinstance(value, dict) and isinstance(value.get("path"), str) and set(value) <= PATH_MEMBERS:
        scale, names, decimal = value.get("scale", 1), value.get("names", {}), value.get("decimal")
        if isinstance(scale, int | float) and scale > 0 and isinstance(names, dict) and decimal in (None, ".", ","):
            words = {str(word): str(ours) for word, ours in names.items()}
            return FieldPath(value["path"], float(scale), names=words, decimal=decimal)
    raise ValidationError(NOT_A_PATH)


class FeedSchema(Schema):
    """A feed as it is described, before its variables are filled in."""

    name = fields.String(required=True, validate=Regexp(NAME, error="Use letters, digits and -, up to 40."))
    url = fields.String(required=True, validate=Length(max=8_192))
    paths = fields.Dict(keys=fields.String(), values=FieldPathField(), required=True, data_key="fields")
    items = fields.String()
    paginator = fields.Nested(PaginatorSchema)
    rate = fields.Float(validate=Range(0, 10_000, min_inclusive=False))
    retries = fields.Integer(validate=Range(0, 100))
    headers = fields.Dict(
        keys=fields.String(validate=Regexp(_HEADER_NAME.pattern + "$", error="Not the name of a header.")),
        values=fields.String(validate=Length(max=4_096), error_messages={"invalid": "Not a text. Put it in quotes."}),
    )

    @validates_schema
    def validate_paths(self, found: Mapping[str, Any], **_: Any) -> None:
        """All required fields are there, and no unknown ones."""
        missing = [name for name in REQUIRED if name not in found.get("paths", {})]
        unknown = [name for name in found.get("paths", {}) if name not in FIELDS]
        if missing or unknown:
            raise ValidationError(f"Missing: {', '.join(missing) or '-'}; unknown: {', '.join(unknown) or '-'}.", "fields")


@cache
def default() -> tuple[Feed, ...]:
    """The feeds that are used without a file."""
    return read(DEFAULT)


def read(path: Path, environment: Mapping[str, str] = NOTHING) -> tuple[Feed, ...]:
    """The feeds that a file describes, with the variables of the `environment` filled in.

    `SettingError` says which line or which feed of it cannot be read, and why; it never has the value of a variable.
    """
    try:
        with open_regular(path) as file:
            described: list[dict[str, Any]] = FeedSchema(many=True).load(yaml.safe_load(file.read().decode()))
    except yaml.MarkedYAMLError as error:  # its text quotes the file, where keys may stand
        mark = error.problem_mark or error.context_mark
        where = f"in line {mark.line + 1}, column {mark.column + 1}" if mark else "somewhere"
        raise _unreadable(path, f"{where}: {error.problem or 'not YAML'}") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(path, " ".join(str(error).split())) from error
    except ValidationError as error:
        raise _unreadable(path, str(error.normalized_messages())) from error  # type: ignore[no-untyped-call]
    names = [feed["name"] for feed in described]
    if len(set(names)) < len(names):
        raise _unreadable(path, "two of these have the same name")
    return tuple(_feed(path, each, environment) for each in described)


def _feed(path: Path, described: Mapping[str, Any], environment: Mapping[str, str]) -> Feed:
    """A feed with its variables filled in."""
    where, secrets, headers = "url", set[str](), dict[str, str]()
    try:
        url, secrets = filled_in_url(described["url"], environment)
        for name, text in described.get("headers", {}).items():
            where = f"headers.{name}"
            headers[name], values = filled_in(text, environment)
            secrets |= values
            if not _HEADER_VALUE.fullmatch(headers[name]):
                raise Unset("has a line break or another character that a header cannot have")
    except Unset as error:
        raise _unreadable(path, f"{where} of the feed {described['name']!r} {error}") from None
    _check_url(path, described, url)
    return Feed(**{**described, "url": url, "headers": headers, "secrets": tuple(sorted(secrets))})


def _check_url(path: Path, described: Mapping[str, Any], url: str) -> None:
    try:
        port = urls.parse(url).port
    except InvalidUrl as error:
        reason = f"{type(error).__doc__}".splitlines()[0]  # its text quotes the URL, where a key may be
        raise _unreadable(path, f"url of the feed {described['name']!r}: {reason}") from None
    if port in BAD_PORTS:
        reason = f"Port {port} belongs to another protocol than HTTP; nothing is fetched from it"
        raise _unreadable(path, f"url of the feed {described['name']!r}: {reason}")


def _unreadable(path: Path, reason: str) -> SettingError:
    return SettingError(f"INVENTORY_PRODUCT_FEEDS={str(path)!r} cannot be read: it takes a YAML file of feeds: {reason}")

"""The feeds that products come from, as a YAML file describes them: a list of these, the first three members required.

- name: acme                      # letters, digits and - : the first part of its products' keys
  url: https://api.example.com/products
  fields:                         # where an item has what: a dotted path
    id: sku
    title: name.en
    price: {path: amount, scale: 0.01}   # cents, say
    category: category.name       # this and all after it are optional
    currency: {value: EUR}        # the same for all
    url: links.self
  items: data.items               # where a page has its items; without it the page is the list
  paginator: {kind: page, parameter: page, first: 1, pages: data.pages}
             # kind: page, offset (parameter, size_parameter, size, total), cursor (parameter, next), next (next), link
  rate: 5                         # requests a second
  retries: 5                      # of one page
  headers: {Accept: application/json}
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from marshmallow import Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, Range, Regexp

from inventory import urls
from inventory.errors import InvalidUrl, SettingError
from inventory.http_client.guard import BAD_PORTS
from inventory.products.paginators import Cursor, LinkHeader, NextUrl, Numbered, Offset, Paginator
from inventory.rate_limits.limits import Limit

MARGIN = 0.96
"""The share of a rate that is used: requests take differently long to arrive, and none may arrive too early."""
DEFAULT = Path(__file__).with_name("feeds.yaml")
REQUIRED = ("id", "title", "price")
NAME = r"[a-z0-9][a-z0-9-]{0,39}$"
FIELDS = (*REQUIRED, "category", "currency", "url", "rating")


@dataclass(frozen=True, slots=True)
class FieldPath:
    """Where an item has a value: at a `path`, in units of `scale`; or the same `value` for all.

    `names` translates words of the feed into ours.
    """

    path: str = ""
    scale: float = 1.0
    value: str | None = None
    names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Feed:
    """One source of products. `rate` is in requests a second, `retries` counts those of one page."""

    name: str
    url: str
    paths: Mapping[str, FieldPath]
    items: str = ""
    paginator: Paginator = field(default_factory=LinkHeader)
    rate: float = 5.0
    retries: int = 5
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def host(self) -> str:
        """The upstream that is called; with its port, because several feeds may come from one machine."""
        return urls.parse(self.url).authority

    @property
    def limit(self) -> Limit:
        """One page at a time, and a little less than the upstream allows, because it counts by itself."""
        return Limit(self.rate * MARGIN, concurrency=1, burst=1)


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

    @post_load
    def make(self, found: dict[str, Any], **_: Any) -> Paginator:
        names = {"first": "first_number", "next": "next_path"}
        kind = found.pop("kind")
        if kind not in PAGINATORS:
            raise ValidationError(f"Not a paginator. Choose from: {', '.join(PAGINATORS)}.", "kind")
        try:
            paginator: Paginator = PAGINATORS[kind](**{names.get(name, name): value for name, value in found.items()})
        except TypeError as error:
            raise ValidationError(
                f"Not what a paginator of the kind {kind} takes: {', '.join(found) or 'nothing'}."
            ) from error
        return paginator


PAGINATORS: Mapping[str, Any] = {"page": Numbered, "offset": Offset, "cursor": Cursor, "next": NextUrl, "link": LinkHeader}


class FieldPathField(fields.Field[FieldPath]):
    """A dotted path, or an object with a path and a scale, or with a value."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> FieldPath:
        if isinstance(value, str) and value:
            return FieldPath(value)
        if isinstance(value, dict) and set(value) == {"value"}:
            return FieldPath(value=str(value["value"]))
        if isinstance(value, dict) and isinstance(value.get("path"), str) and set(value) <= {"path", "scale", "names"}:
            scale, names = value.get("scale", 1), value.get("names", {})
            if isinstance(scale, int | float) and scale > 0 and isinstance(names, dict):
                return FieldPath(value["path"], float(scale), names={str(word): str(ours) for word, ours in names.items()})
        raise ValidationError("Not a path. Write a dotted path, {path: …, scale: 0.01, names: {…}} or {value: …}.")


class FeedSchema(Schema):
    """A feed as it is described."""

    name = fields.String(required=True, validate=Regexp(NAME, error="Use letters, digits and -, up to 40."))
    url = fields.String(required=True)
    paths = fields.Dict(keys=fields.String(), values=FieldPathField(), required=True, data_key="fields")
    items = fields.String()
    paginator = fields.Nested(PaginatorSchema)
    rate = fields.Float(validate=Range(0, 10_000, min_inclusive=False))
    retries = fields.Integer(validate=Range(0, 100))
    headers = fields.Dict(keys=fields.String(), values=fields.String(validate=Length(max=4_096)))

    @validates_schema
    def validate_paths(self, found: Mapping[str, Any], **_: Any) -> None:
        """All required fields are there, and no unknown ones."""
        missing = [name for name in REQUIRED if name not in found.get("paths", {})]
        unknown = [name for name in found.get("paths", {}) if name not in FIELDS]
        if missing or unknown:
            raise ValidationError(f"Missing: {', '.join(missing) or '-'}; unknown: {', '.join(unknown) or '-'}.", "fields")

    @post_load
    def make(self, found: dict[str, Any], **_: Any) -> Feed:
        try:
            url = urls.parse(found["url"])
        except InvalidUrl as error:
            raise ValidationError(str(error), "url") from error
        if url.port in BAD_PORTS:
            raise ValidationError(
                f"Port {url.port} belongs to another protocol than HTTP; nothing is fetched from it", "url"
            )
        return Feed(**found)


@cache
def default() -> tuple[Feed, ...]:
    """The feeds that are used without a file."""
    return read(DEFAULT)


def limits(feeds: Sequence[Feed]) -> Mapping[str, Limit]:
    """The limits of the upstreams of these feeds; the strictest for several feeds at one upstream."""
    return {feed.host: feed.limit for feed in sorted(feeds, key=lambda feed: -feed.rate)}


def read(path: Path) -> tuple[Feed, ...]:
    """The feeds that a file describes; `SettingError` says which line of it cannot be read, and why."""
    try:
        described = yaml.safe_load(path.read_text("utf-8"))
        feeds: list[Feed] = FeedSchema(many=True).load(described)
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise _unreadable(path, " ".join(str(error).split())) from error
    except ValidationError as error:
        raise _unreadable(path, str(error.normalized_messages())) from error  # type: ignore[no-untyped-call]
    names = [feed.name for feed in feeds]
    if len(set(names)) < len(names):
        raise _unreadable(path, "two of these have the same name")
    return tuple(feeds)


def _unreadable(path: Path, reason: str) -> SettingError:
    return SettingError(f"INVENTORY_PRODUCT_FEEDS={str(path)!r} cannot be read: it takes a YAML file of feeds: {reason}")

"""The shapes of requirements in the file of a policy. What they load is in `requirements`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, OneOf

from inventory.html_pages.loading import KINDS
from inventory.policy.csp import FALLBACKS
from inventory.policy.requirements import Cookie, Csp, Fact, Header, Hops, Lines, LoadedHosts, Presence  # fmt: skip
from inventory.policy.seen_values import CERTIFICATE, COLLECTION, COOKIE_ATTRIBUTES, RESPONSE
from inventory.policy.value_tests import ValueTest

MAX_TEXT, MAX_LIST = 1_000, 200
TESTS = ("equals", "one_of", "matches", "none_of", "min", "max")
CSP_DIRECTIVES = (
    "default-src", *FALLBACKS, "base-uri", "form-action", "frame-ancestors", "sandbox", "report-uri", "report-to",
    "upgrade-insecure-requests", "block-all-mixed-content", "require-trusted-types-for", "trusted-types",
)  # fmt: skip
SEPARATORS = {"cache-control": ",", "permissions-policy": ",", "clear-site-data": ",", "alt-svc": ",", "vary": ","}
"""What is between the directives of a header, where that is not `;`."""
MESSAGES = {
    "unknown": "Unknown. Leave it out; docs/policies.md lists what may stand here.",
    "type": "Write members with their names, such as `id: …`.",
}


def one_of(values: Sequence[str]) -> OneOf:
    """The validator of a word, which names the words there are."""
    return OneOf(list(values), error=f"Choose one of {', '.join(values)}.")


class TextField(fields.Field[str]):
    """A text; a number or a truth value of YAML is the text that stands for it."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        if not isinstance(value, str | int | float) or len(str(value)) > MAX_TEXT:
            raise ValidationError(f"Write a text of at most {MAX_TEXT:,} characters.")
        return str(value)


class TextsField(fields.Field[Sequence[str]]):
    """One text, or a list of texts."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Sequence[str]:
        values = value if isinstance(value, list) else [value]
        if not 1 <= len(values) <= MAX_LIST:
            raise ValidationError(f"Write 1 to {MAX_LIST} texts.")
        return tuple(TextField()._deserialize(each, attr, data) for each in values)


class Strict(Schema):
    """An unknown member is an error."""

    error_messages = MESSAGES

    class Meta:
        unknown = RAISE


class _Tested(Strict):
    """What is required of values, and whether there must be any."""

    present = fields.Boolean()
    absent = fields.Boolean()
    optional = fields.Boolean()
    equals = TextField()
    one_of = TextsField()
    matches = TextsField()
    none_of = TextsField()
    min = fields.Integer(strict=True)
    max = fields.Integer(strict=True)

    def test(self, data: Mapping[str, Any]) -> ValueTest:
        """The test of a value."""
        return ValueTest(**{name: data[name] for name in TESTS if name in data})

    def presence(self, data: Mapping[str, Any], usual: Presence) -> Presence:
        """Whether there must be any."""
        for each in Presence:
            if data.get(each.value):
                return each
        return Presence.ABSENT if data.get("present") is False else usual

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """One of the three at most, and something that is asked for."""
        if sum(bool(data.get(each.value)) for each in Presence) > 1:
            raise ValidationError("`present`, `absent` and `optional` exclude each other. Keep one.", "present")
        if not any(name in data for name in (*TESTS, "forbids", "only_", "present", "absent")):
            raise ValidationError("Nothing is required. Add `present`, `absent`, `equals`, `matches` or the like.")
        if data.get("absent") and any(name in data for name in TESTS):
            raise ValidationError("What is absent has no value. Leave out `absent`, or the test of the value.", "absent")


def _hops(usual: Hops) -> fields.Field[Any]:
    return fields.Enum(Hops, by_value=True, load_default=usual, error_messages={"unknown": "Choose one of {choices}."})


class HeaderSchema(_Tested):
    """`header: NAME`."""

    header = fields.String(required=True, validate=Length(1, 100, error="Name a header."))
    directive = TextField()
    split = fields.String(validate=one_of([",", ";"]))
    known = TextsField()
    lines = fields.Enum(
        Lines, by_value=True, load_default=Lines.EVERY, error_messages={"unknown": "Choose one of {choices}."}
    )
    hops = _hops(Hops.FINAL)
    scheme = fields.String(validate=one_of(["http", "https"]))

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Header:
        """The requirement."""
        name, directive = data["header"].lower(), data.get("directive")
        split = data.get("split") or (SEPARATORS.get(name, ";") if directive is not None else None)
        return Header(
            name=name,
            presence=self.presence(data, Presence.PRESENT),
            test=self.test(data),
            directive=directive,
            split=split,
            known=data.get("known", ()),
            lines=data["lines"],
            hops=data["hops"],
            scheme=data.get("scheme"),
        )


class CookieSchema(_Tested):
    """`cookie: NAME`."""

    cookie = TextsField(required=True)
    attribute = fields.String(validate=one_of(COOKIE_ATTRIBUTES))
    hops = _hops(Hops.EVERY)

    @validates_schema
    def check_attribute(self, data: Mapping[str, Any], **_: Any) -> None:
        """A value is that of an attribute."""
        if "attribute" not in data and any(name in data for name in TESTS):
            raise ValidationError(f"Name the attribute that is meant: {', '.join(COOKIE_ATTRIBUTES)}.", "attribute")

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Cookie:
        """The requirement."""
        return Cookie(
            names=data["cookie"],
            presence=self.presence(data, Presence.OPTIONAL),
            attribute=data.get("attribute"),
            may_lack=data.get("optional", False),
            test=self.test(data),
            hops=data["hops"],
        )


class CspSchema(_Tested):
    """`csp: DIRECTIVE`."""

    csp = fields.String(required=True, validate=one_of(CSP_DIRECTIVES))
    forbids = TextsField()
    only_ = TextsField(data_key="only")  # a schema has an attribute of this name
    report_only = fields.Boolean(load_default=False)
    explicit = fields.Boolean(load_default=False)
    hops = _hops(Hops.FINAL)

    @validates_schema
    def check_values(self, data: Mapping[str, Any], **_: Any) -> None:
        """Sources are asked for, not values."""
        for name in TESTS:
            if name in data:
                raise ValidationError("Write `forbids` or `only` with the sources that are meant.", name)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Csp:
        """The requirement."""
        return Csp(
            directive=data["csp"],
            presence=self.presence(data, Presence.OPTIONAL),
            forbids=data.get("forbids", ()),
            only=data.get("only_", ()),
            report_only=data["report_only"],
            explicit=data["explicit"],
            hops=data["hops"],
        )


class CertificateSchema(_Tested):
    """`certificate: FACT`."""

    certificate = fields.String(required=True, validate=one_of(CERTIFICATE))

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Fact:
        """The requirement."""
        presence = self.presence(data, Presence.PRESENT)
        return Fact(of="certificate", name=data["certificate"], presence=presence, test=self.test(data))


class ResponseSchema(_Tested):
    """`response: FACT`."""

    response = fields.String(required=True, validate=one_of((*RESPONSE, *COLLECTION)))
    hops = _hops(Hops.FINAL)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Fact:
        """The requirement."""
        presence = self.presence(data, Presence.PRESENT)
        return Fact(of="response", name=data["response"], presence=presence, test=self.test(data), hops=data["hops"])


class HostsSchema(_Tested):
    """`hosts: KIND`."""

    hosts = TextsField(required=True)
    third_party = fields.Boolean(load_default=False)

    @validates_schema
    def check_kinds(self, data: Mapping[str, Any], **_: Any) -> None:
        """The kinds are those of a page."""
        if not set(data["hosts"]) <= {*KINDS, "any"}:
            raise ValidationError(f"Choose of any, {', '.join(KINDS)}.", "hosts")

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> LoadedHosts:
        """The requirement."""
        return LoadedHosts(
            kinds=tuple(KINDS) if "any" in data["hosts"] else data["hosts"],
            presence=self.presence(data, Presence.OPTIONAL),
            third_party=data["third_party"],
            test=self.test(data),
        )


SUBJECTS: Mapping[str, type[Schema]] = {
    "header": HeaderSchema,
    "cookie": CookieSchema,
    "csp": CspSchema,
    "certificate": CertificateSchema,
    "response": ResponseSchema,
    "hosts": HostsSchema,
}

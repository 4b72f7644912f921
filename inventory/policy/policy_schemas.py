"""The shape of the file of a policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any

from marshmallow import ValidationError, fields, post_load, validates_schema
from marshmallow.validate import Length, Range, Regexp

from inventory.clock import EPOCH
from inventory.errors import InvalidQuery
from inventory.instants import instant_of
from inventory.observations.conditions import Word
from inventory.observations.fields import is_verdict
from inventory.observations.queries.query import parse
from inventory.policy.model import EVERY_RULE, Points, Policy, Rule, ScoredTest, Scoring, Severity, Waiver
from inventory.policy.requirement_field import RequirementField
from inventory.policy.requirement_schemas import Strict, TextsField
from inventory.watches.matching import fields_of

MAX_RULES, MAX_WAIVERS, MAX_SENTENCES = 200, 1_000, 2_000
MAX_POINTS = 1_000
ID = Regexp(r"[a-z0-9][a-z0-9_.-]{0,63}\Z", error="Write 1 to 64 of a-z, 0-9, `.`, `_` and `-`, a letter or digit first.")


def _sentences(**how: Any) -> fields.String:
    limit = Length(
        1 if how.get("required") else 0, MAX_SENTENCES, error=f"Write a text of at most {MAX_SENTENCES:,} characters."
    )
    return fields.String(validate=limit, **how)


def _list(item: fields.Field[Any], most: int, **how: Any) -> fields.List[Any]:
    return fields.List(item, validate=Length(1, most, error=f"Write 1 to {most:,} of them."), **how)


class QueryField(fields.Field[str]):
    """A query of docs/queries.md; empty for all targets."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:
        if not isinstance(value, str):
            raise ValidationError("Write a query, such as `tag:prod`.")
        try:
            condition = parse(value, now=EPOCH)
        except InvalidQuery as error:
            raise ValidationError(f"At character {error.position:,}: {error.reason}") from error
        if any(is_verdict(names.text if isinstance(names, Word) else names.prefix) for names in fields_of(condition)):
            raise ValidationError("A scope cannot ask for what policies say. Leave out `policy.…` and `grade`.")
        return value


class ExpiryField(fields.Field[datetime]):
    """An instant, or a day, which counts to its end in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> datetime:
        text = value.isoformat() if isinstance(value, date) else value
        instant = instant_of(text.replace("+00:00", "Z")) if isinstance(text, str) else None
        if instant is None:
            raise ValidationError("Write a day, such as 2026-12-31, or an instant of RFC 3339.")
        is_day = len(str(text)) == len("2026-12-31")
        return min(instant, datetime.max.replace(tzinfo=UTC) - timedelta(days=1)) + timedelta(days=int(is_day))


class RuleSchema(Strict):
    """A rule."""

    id = fields.String(required=True, validate=ID)
    severity = fields.Enum(Severity, by_value=True, required=True, error_messages={"unknown": "Choose one of {choices}."})
    message = _sentences(required=True)
    require = RequirementField(required=True)
    scope = QueryField(load_default="")
    when = RequirementField(load_default=None)
    remediation = _sentences(load_default="")
    links = _list(fields.Url(schemes={"https", "http"}, error_messages={"invalid": "Write a URL."}), 20, load_default=())
    finding = fields.Boolean(load_default=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Rule:
        """The rule."""
        return Rule(**data)


class WaiverSchema(Strict):
    """A waiver."""

    rules = TextsField(required=True)
    owner = _sentences(required=True)
    reason = _sentences(required=True)
    expires = ExpiryField(required=True)
    scope = QueryField(load_default="")

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Waiver:
        """The waiver."""
        return Waiver(**data)


class PointsSchema(Strict):
    """Points for what a rule comes to."""

    fails = fields.String()
    holds = fields.String()
    points = fields.Integer(required=True, strict=True, validate=Range(-MAX_POINTS, MAX_POINTS))

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """One of the two is named."""
        if ("fails" in data) == ("holds" in data):
            raise ValidationError("Name a rule in either `fails` or `holds`.", "fails")

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Points:
        """The points."""
        return Points(rule=data.get("fails") or data["holds"], fails="fails" in data, points=data["points"])


class ScoredTestSchema(Strict):
    """A test of the score."""

    id = fields.String(required=True, validate=ID)
    results = _list(fields.Nested(PointsSchema), 50, required=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> ScoredTest:
        """The test."""
        return ScoredTest(**data)


class GradeSchema(Strict):
    """The lowest score of a grade."""

    grade = fields.String(required=True, validate=Length(1, 20))
    lowest = fields.Integer(required=True, strict=True)


class ScoringSchema(Strict):
    """How rules become a score, and the score a grade."""

    start = fields.Integer(required=True, strict=True, validate=Range(0, MAX_POINTS))
    bonus_from = fields.Integer(load_default=0, strict=True)
    tests = _list(fields.Nested(ScoredTestSchema), 100, required=True)
    grades = _list(fields.Nested(GradeSchema), 50, required=True)

    @post_load
    def made(self, data: Mapping[str, Any], **_: Any) -> Scoring:
        """The scoring; grades go down to 0."""
        grades = [(each["grade"], each["lowest"]) for each in data["grades"]]
        if any(high[1] <= low[1] for high, low in pairwise(grades)) or grades[-1][1] != 0:
            raise ValidationError("Write the highest grade first, and one whose `lowest` is 0 last.", "grades")
        return Scoring(start=data["start"], bonus_from=data["bonus_from"], tests=data["tests"], grades=grades)


class PolicySchema(Strict):
    """A policy."""

    version = fields.Integer(required=True, strict=True)
    id = fields.String(required=True, validate=ID)
    title = _sentences(required=True)
    description = _sentences(load_default="")
    rules = _list(fields.Nested(RuleSchema), MAX_RULES, required=True)
    waivers = fields.List(
        fields.Nested(WaiverSchema),
        load_default=(),
        validate=Length(max=MAX_WAIVERS, error=f"Keep {MAX_WAIVERS:,} at most."),
    )
    score = fields.Nested(ScoringSchema, load_default=None)

    @validates_schema
    def check(self, data: Mapping[str, Any], **_: Any) -> None:
        """The version is known, and rules are named once, and before they are referred to."""
        if data["version"] != 1:
            raise ValidationError("Write `version: 1`. This inventory knows no other one.", "version")
        counted = Counter(rule.id for rule in data["rules"])
        twice = {number: {"id": ["A rule before has this id. Choose another."]} for number in _later(data["rules"])}
        if twice:
            raise ValidationError({"rules": twice})
        for number, waiver in enumerate(data["waivers"]):
            unknown = [each for each in waiver.rules if each != EVERY_RULE and each not in counted]
            if unknown:
                reason = f"There is no rule {unknown[0]}. Name one of this policy, or `*` for all."
                raise ValidationError({"waivers": {number: {"rules": [reason]}}})
        for test in data["score"].tests if data["score"] else ():
            unknown = [each.rule for each in test.results if each.rule not in counted]
            if unknown:
                raise ValidationError(
                    {"score": [f"Test {test.id}: there is no rule {unknown[0]}. Name one of this policy."]}
                )

    @post_load
    def made(self, data: dict[str, Any], **_: Any) -> Policy:
        """The policy."""
        del data["version"]
        return Policy(scoring=data.pop("score"), **data)


def _later(rules: Sequence[Rule]) -> list[int]:
    """The positions of rules that have the id of one before."""
    first: dict[str, int] = {}
    return [number for number, rule in enumerate(rules) if first.setdefault(rule.id, number) != number]

"""The field of a requirement in the file of a policy: one subject with what is asked of it, or a join of requirements."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields

from inventory.policy.requirement_schemas import MAX_LIST, SUBJECTS
from inventory.policy.requirements import All, AnyOf, Not, Requirement

MAX_DEPTH = 6
JOINS = ("all", "any", "not")


class RequirementField(fields.Field[Requirement]):
    """A requirement: one subject with what is asked of it, or a join of requirements."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Requirement:
        return loaded(value, 1)


def loaded(value: Any, depth: int) -> Requirement:
    """The requirement that members mean; `ValidationError` says what is wrong."""
    subjects = [name for name in (*SUBJECTS, *JOINS) if isinstance(value, Mapping) and name in value]
    if len(subjects) != 1:
        raise ValidationError(f"Write one of {', '.join((*SUBJECTS, *JOINS))}, and what is asked of it.")
    [name] = subjects
    if name in SUBJECTS:
        requirement: Requirement = SUBJECTS[name]().load(value)
        return requirement
    if len(value) > 1:
        raise ValidationError(f"Nothing else may stand beside `{name}`.")
    if depth == MAX_DEPTH:
        raise ValidationError(f"Requirements are nested deeper than {MAX_DEPTH}. Write several rules.")
    if name == "not":
        with Below("not"):
            return Not(loaded(value["not"], depth + 1))
    parts = value[name]
    if not isinstance(parts, list) or not 1 <= len(parts) <= MAX_LIST:
        raise ValidationError({name: [f"Write a list of 1 to {MAX_LIST} requirements."]})
    found: list[Requirement] = []
    for number, each in enumerate(parts):
        with Below(name, number):
            found.append(loaded(each, depth + 1))
    return (All if name == "all" else AnyOf)(tuple(found))


class Below:
    """While it is open, errors are below these members."""

    def __init__(self, *path: str | int) -> None:
        self._path = path

    def __enter__(self) -> None:
        return None

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, ValidationError):
            messages: Any = error.messages
            for name in reversed(self._path):
                messages = {name: messages}
            raise ValidationError(messages) from error

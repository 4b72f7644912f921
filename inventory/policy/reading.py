"""Reads the file of a policy: YAML or JSON, which is YAML, too."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from itertools import islice
from typing import Any

import yaml
from marshmallow import ValidationError

from inventory.errors import InvalidRequest
from inventory.policy.model import Policy
from inventory.policy.policy_schemas import PolicySchema
from inventory.yaml_text import Loader

MAX_CHARACTERS = 1_000_000
MAX_ERRORS = 20
WAYS_OUT = {
    "Missing data for required field.": "Missing. Add it.",
    "Field may not be null.": "Empty. Write a value, or leave it out.",
    "Not a valid string.": "Write a text.",
    "Not a valid integer.": "Write a whole number.",
    "Not a valid boolean.": "Write true or false.",
    "Not a valid list.": "Write a list.",
    "Invalid input type.": "Write members with their names, such as `id: …`.",
}
"""What to do, in place of what marshmallow says."""
Path = tuple[str | int, ...]


class _Loader(Loader):
    """Takes no aliases, because a few lines of them may stand for billions."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1  # type: ignore[no-untyped-call]
            raise InvalidRequest(f"Line {line}: aliases are not read. Write what it stands for.")
        return super().compose_node(parent, index)

    def construct_yaml_timestamp(self, node: Any) -> Any:
        """An instant; a text that only looks like one, so that its member and its line are told."""
        try:
            return super().construct_yaml_timestamp(node)
        except ValueError:
            return node.value


_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.construct_yaml_timestamp)


def read(text: str) -> Policy:
    """The policy in a text; `InvalidRequest` names each member that is not valid, with its line, and the way out."""
    if len(text) > MAX_CHARACTERS:
        raise InvalidRequest(f"The policy has more than {MAX_CHARACTERS:,} characters. Write several ones.")
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        lines = dict(_lines(node, ()))
        document = _plain(loader.construct_document(node)) if node is not None else None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InvalidRequest(f"The policy is not YAML: {' '.join(str(error).split())[:500]}") from error
    return of_document(document, lines)


def of_document(document: Any, lines: Mapping[Path, int] | None = None) -> Policy:
    """The policy that a document means; `lines` are those of its members."""
    if not isinstance(document, dict):
        raise InvalidRequest("It is not a policy: write `version: 1`, `id`, `title` and `rules`.")
    try:
        policy: Policy = PolicySchema().load(document)
    except ValidationError as error:
        messages: Any = error.messages
        raise _invalid(list(islice(_told(messages, ()), MAX_ERRORS)), lines or {}) from error
    return replace(policy, document=document)


def _invalid(told: Sequence[tuple[Path, str]], lines: Mapping[Path, int]) -> InvalidRequest:
    errors: dict[str, list[str]] = {}
    for path, message in told:
        line = next((lines[path[:length]] for length in range(len(path), -1, -1) if path[:length] in lines), None)
        errors.setdefault(_named(path), []).append(message if line is None else f"Line {line}: {message}")
    reasons = "; ".join(f"{name}: {' '.join(messages)}" for name, messages in islice(errors.items(), 5))
    return InvalidRequest(f"The policy is not valid. {reasons}", errors)


def _told(messages: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(messages, Mapping):
        for name, below in messages.items():
            yield from _told(below, path if name == "_schema" else (*path, name))
    else:
        texts = map(str, messages if isinstance(messages, list) else [messages])
        yield from ((path, WAYS_OUT.get(each, each)) for each in texts)


def _named(path: Path) -> str:
    """A path such as `rules[2].require.min`, counted from 0 as in JSON; the policy itself is `policy`."""
    text = "".join(f"[{each}]" if isinstance(each, int) else f".{each}" for each in path).removeprefix(".")
    return text[:200] or "policy"


def _lines(node: Any, path: Path) -> Iterator[tuple[Path, int]]:
    """The line of each member, from 1."""
    if node is None:
        return
    yield path, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            name, line = str(key.value)[:100], key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidRequest(f"Line {line}: a list or a map is not the name of a member. Write a text.")
            if name in seen:
                raise InvalidRequest(f"Line {line}: `{name}` is there twice. Keep one.")
            seen.add(name)
            below = (*path, name)
            yield from _lines(value, below)
            yield below, line
    elif isinstance(node, yaml.SequenceNode):
        for number, each in enumerate(node.value):
            yield from _lines(each, (*path, number))


def _plain(value: Any) -> Any:
    """A document whose days and instants are texts, so that it is JSON, too."""
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, date) else value

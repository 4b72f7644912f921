"""YAML as people write it: `on`, `no` and `off` are texts, as YAML 1.2 says, and only `true` and `false` are not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

_BOOLEAN, _BOOLEAN_WORDS = "tag:yaml.org,2002:bool", re.compile(r"true|True|TRUE|false|False|FALSE")
WIDTH = 120
"""Characters of a line, if it can be folded."""


class Loader(yaml.SafeLoader):
    """Reads it."""


class Dumper(yaml.SafeDumper):
    """Writes it."""


class FastDumper(yaml.CSafeDumper if yaml.__with_libyaml__ else yaml.SafeDumper):  # type: ignore[misc]
    """Writes it several times as fast: the same for what `_is_plain`, and other texts in another form."""


def written(document: Mapping[str, Any]) -> str:
    """A document as text, its members in their order. Reading it gives the same one."""
    dumper = FastDumper if _is_plain(document) else Dumper
    return yaml.dump(document, Dumper=dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def _is_plain(value: Any) -> bool:
    """Whether both dumpers write the same. libyaml 0.2 folds texts with escapes elsewhere, and escapes emoji."""
    if isinstance(value, Mapping):
        return all(_is_plain(each) for pair in value.items() for each in pair)
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    return not isinstance(value, str) or (value.isprintable() and (value.isascii() or max(value) <= "\uffff"))


def _represented(dumper: Any, text: str) -> yaml.Node:
    """A text with line breaks or other controls is escaped: PyYAML 6.0 reads a NEL that it wrote otherwise as a space."""
    node: yaml.Node = dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')
    return node


for _each in (Loader, Dumper, FastDumper):
    _each.yaml_implicit_resolvers = {
        first: [(tag, words) for tag, words in resolvers if tag != _BOOLEAN]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _each.add_implicit_resolver(_BOOLEAN, _BOOLEAN_WORDS, list("tTfF"))
for _dumper in (Dumper, FastDumper):
    _dumper.add_representer(str, _represented)

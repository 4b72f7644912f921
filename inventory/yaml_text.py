"""YAML as people write it: `on`, `no` and `off` are texts, as YAML 1.2 says, and only `true` and `false` are not."""

from __future__ import annotations

import re

import yaml

_BOOLEAN, _BOOLEAN_WORDS = "tag:yaml.org,2002:bool", re.compile(r"true|True|TRUE|false|False|FALSE")


class Loader(yaml.SafeLoader):
    """Reads it."""


class Dumper(yaml.SafeDumper):
    """Writes it."""


for _each in (Loader, Dumper):
    _each.yaml_implicit_resolvers = {
        first: [(tag, words) for tag, words in resolvers if tag != _BOOLEAN]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    _each.add_implicit_resolver(_BOOLEAN, _BOOLEAN_WORDS, list("tTfF"))

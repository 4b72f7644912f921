"""`${NAME}` in the description of a feed: what the environment has under that name takes its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import quote

_VARIABLE = re.compile(r"\$\{([^{}]*)\}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*://)?(?:[^/?#${}]|\$\{[^{}]*\})*", re.IGNORECASE)
"""The beginning of a URL up to the end of its host, which is not secret: `/api/v1/upstreams` lists the hosts."""


class Unset(ValueError):
    """A variable is not set, or `${` is not followed by a name; the text says which, and never has a value."""


def filled_in(text: str, environment: Mapping[str, str]) -> tuple[str, set[str]]:
    """A text with its variables filled in, and their values; `Unset` names the first one that is not set, or is empty."""
    values = {name: _value(name, environment) for name in _VARIABLE.findall(text)}
    if "${" in _VARIABLE.sub("", text):
        raise Unset("has `${` without a name and `}` after it")
    return _VARIABLE.sub(lambda found: values[found[1]], text), set(values.values())


def filled_in_url(url: str, environment: Mapping[str, str]) -> tuple[str, set[str]]:
    """The same for a URL: values in its query are percent-encoded, and those in its host are not among the secrets."""
    before, question_mark, query = url.partition("?")
    encoded = (
        {name: quote(value.strip(), safe="", errors="surrogateescape") for name, value in environment.items()}
        if "${" in query
        else {}
    )
    start, _ = filled_in(before, environment)
    ending, _ = filled_in(query, encoded)
    host = _HOST.match(before)
    secrets = set[str]()
    for part in (before[host.end() if host else 0 :], query):
        secrets |= filled_in(part, environment)[1]
    return start + question_mark + ending, secrets


def _value(name: str, environment: Mapping[str, str]) -> str:
    if not _NAME.fullmatch(name):
        raise Unset(f"has {'${' + name + '}'!r}, which is not the name of a variable")
    value = environment.get(name, "").strip()
    if not value:
        raise Unset(f"needs the environment variable {name}, which is not set")
    return value

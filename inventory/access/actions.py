"""What the audit calls a request, by its method and its route: pure."""

from __future__ import annotations

import re

VERBS = {"POST": "create", "PUT": "change", "PATCH": "change", "DELETE": "delete"}
READ = "read"
PREFIX = "/api/v1"
_PART = re.compile(r"<[^>]*>|[^/]+")
_PLURALS = (("ies", "y"), ("ches", "ch"), ("s", ""))


def action_of(method: str, rule: str) -> str:
    """A noun and a verb, such as `watch.pause`: what the last part of a route names, and what is done to it.

    A last part after an argument is the verb of a POST itself, and else what the route is about. A view can name its action
    where this does not fit.
    """
    parts = _PART.findall(rule.removeprefix(PREFIX))
    named = [part for part in parts if not part.startswith("<")]
    is_verb = len(parts) > 1 and parts[-1] == named[-1] and parts[-2].startswith("<")
    if method == "POST" and is_verb:
        return f"{_singular(named[-2])}.{named[-1]}"
    return f"{_singular(named[-1]) if named else 'page'}.{VERBS.get(method, READ)}"


def _singular(noun: str) -> str:
    noun = noun.replace("-", "_").replace(".", "_")
    for plural, singular in _PLURALS:
        if noun.endswith(plural):
            return noun.removesuffix(plural) + singular
    return noun

"""Scopes: what a key may do, as text such as `read` and `collect:*.example.com`, and what follows from several of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from inventory.access.model import Scope, Verb
from inventory.errors import InvalidRequest
from inventory.folding import folded
from inventory.hosts import as_in_urls
from inventory.instants import invalid
from inventory.labels import read_labels
from inventory.limits import BELOW, TAG, Limits, names
from inventory.urls import address_of

MAX_SCOPES = 50
"""Of one key: each is a condition in its searches."""
EXAMPLES = "read, collect:*.example.com, delete:example.com or import:tag=shop"
_HOST = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:]+\]")
"""A host as URLs have it, without what only a mistake has: `tags=shop` would be a host, too."""


def read_scopes(parameter: str, given: Iterable[str]) -> tuple[Scope, ...]:
    """The scopes that texts mean, each once, one at least; `InvalidRequest` names the parameter and the scope."""
    scopes = tuple(dict.fromkeys(read_scope(parameter, text) for text in given))
    if not scopes:
        raise invalid(parameter, f"No scope is given. Send {EXAMPLES}.")
    if len(scopes) > MAX_SCOPES:
        raise invalid(parameter, f"{len(scopes):,} scopes are given. Send at most {MAX_SCOPES}.")
    return scopes


def read_scope(parameter: str, text: str) -> Scope:
    """The scope that a text means: a verb and perhaps, after a colon, a host or `tag=` and a tag; else `InvalidRequest`."""
    written, colon, limit = text.partition(":")
    try:
        verb = Verb(written)
    except ValueError:
        raise _refused(parameter, text, f"has no verb. Begin it with one of {', '.join(Verb)}.") from None
    if not colon:
        return Scope(verb=verb)
    if verb is Verb.ADMIN:
        raise _refused(parameter, text, "limits admin, which is never limited. Send other verbs with that limit.")
    if not limit:
        raise _refused(parameter, text, "has nothing after its colon. Write a host or tag=NAME, or leave out the colon.")
    if limit.startswith(TAG):
        [tag] = read_labels(parameter, [limit.removeprefix(TAG)])
        return Scope(verb=verb, tag=tag)
    return Scope(verb=verb, host=_host(parameter, text, limit))


def text_of(scope: Scope) -> str:
    """The text that means this scope."""
    if scope.tag is not None:
        return f"{scope.verb}:{TAG}{scope.tag}"
    return scope.verb if scope.host is None else f"{scope.verb}:{scope.host}"


def grants(scopes: Iterable[Scope], verb: Verb, host: str | None = None, tags: Iterable[str] = ()) -> bool:
    """Whether any of the scopes allows the verb for a target on this host, as URLs have it, and with these tags.

    Without a host: for all targets.
    """
    labels = {folded(tag) for tag in tags}
    return any(
        scope.verb is Verb.ADMIN
        or (
            scope.verb is verb
            and (
                (scope.host is None and scope.tag is None)
                or (scope.host is not None and host is not None and names(scope.host, host))
                or (scope.tag is not None and folded(scope.tag) in labels)
            )
        )
        for scope in scopes
    )


def limits(scopes: Sequence[Scope], verb: Verb) -> Limits | None:
    """What the scopes limit a verb to; None where one of them allows it for all targets.

    The limits admit nothing where no scope has the verb.
    """
    if grants(scopes, verb):
        return None
    of_verb = [scope for scope in scopes if scope.verb is verb]
    return Limits(
        hosts=frozenset(scope.host for scope in of_verb if scope.host is not None),
        tags=frozenset(folded(scope.tag) for scope in of_verb if scope.tag is not None),
    )


def needed(verb: Verb, host: str | None = None) -> str:
    """The scope, as text, that would allow a verb on a host, or on all."""
    return text_of(Scope(verb=verb, host=host))


def _host(parameter: str, text: str, written: str) -> str:
    below = BELOW if written.startswith(BELOW) else ""
    name = written.removeprefix(below)
    try:
        host = as_in_urls(name)
    except ValueError:
        host = ""
    if not _HOST.fullmatch(host):
        reason = f"does not name a host after its colon. Write {EXAMPLES}, without scheme, port and path."
        raise _refused(parameter, text, reason)
    if below and address_of(host) is not None:
        raise _refused(parameter, text, "has names below an address, and there are none. Write the address alone.")
    return below + host


def _refused(parameter: str, text: str, reason: str) -> InvalidRequest:
    shown = repr(text if len(text) <= 60 else text[:59] + "…")
    return invalid(parameter, f"The scope {shown} {reason}")

"""What became of cookies: those of one name, domain and path are one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Any

from inventory.changes.model import Change, ChangeKind, CookieKey
from inventory.changes.values import value_change
from inventory.changes.volatile import COOKIE_ATTRIBUTES

Cookie = Mapping[str, Any]

ATTRIBUTES: Mapping[str, str] = {
    "value": "value",
    "secure": "secure",
    "http_only": "httponly",
    "same_site": "samesite",
    "expires": "expires",
    "max_age": "max_age",
    "host_only": "host_only",
    "partitioned": "partitioned",
    "set_by": "set_by",
    "accepted": "accepted",
    "reason": "reason",
}
"""The members of a cookie in a snapshot, and what its fields end with."""


def cookie_changes(old: Sequence[Cookie], new: Sequence[Cookie]) -> Iterator[Change]:
    """The changes of cookies as records show them. What is set several times is paired in its order."""
    before, after = _by_key(old), _by_key(new)
    for key in {**before, **after}:
        for was, now in zip_longest(before.get(key, ()), after.get(key, ())):
            yield from _changes(key, was, now)


def summary(cookie: Cookie) -> str:
    """The attributes of a cookie in a fixed order, without its value."""
    words = [
        "secure" if cookie["secure"] else "",
        "httponly" if cookie["http_only"] else "",
        f"samesite={cookie['same_site'].lower()}" if cookie["same_site"] else "",
        "partitioned" if cookie.get("partitioned") else "",
        f"domain={cookie['domain']}" if cookie["domain"] and not cookie["host_only"] else "",
        f"path={cookie['path']}" if cookie["path"] else "",
        "persistent" if cookie["expires"] is not None or cookie["max_age"] is not None else "",
    ]
    return "; ".join(word for word in words if word)


def _by_key(cookies: Sequence[Cookie]) -> dict[CookieKey, list[Cookie]]:
    grouped: dict[CookieKey, list[Cookie]] = defaultdict(list)
    for cookie in cookies:
        grouped[CookieKey(name=cookie["name"], domain=cookie["domain"], path=cookie["path"])].append(cookie)
    return grouped


def _changes(key: CookieKey, was: Cookie | None, now: Cookie | None) -> Iterator[Change]:
    field = f"cookie.{key.name}"
    if was is None and now is not None:
        yield Change(field=field, kind=ChangeKind.ADDED, new=summary(now), cookie=key)
    elif now is None and was is not None:
        yield Change(field=field, kind=ChangeKind.REMOVED, old=summary(was), cookie=key)
    elif was is not None and now is not None:
        for member, end in ATTRIBUTES.items():
            volatile = member in COOKIE_ATTRIBUTES
            yield from value_change(f"{field}.{end}", was.get(member), now.get(member), volatile=volatile, cookie=key)

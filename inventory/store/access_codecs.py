"""What people set of keys as JSON bytes, as both stores keep them, and back: pure."""

from __future__ import annotations

from typing import Any

from inventory.access.model import Key, Scope, Verb
from inventory.store.codecs import content_bytes, read_content


def key_content(key: Key) -> bytes:
    """What people set of a key and no store looks for."""
    return content_bytes(
        {
            "scopes": [[scope.verb.value, scope.host, scope.tag] for scope in key.scopes],
            "quotas": dict(key.quotas),
            "user_header": key.user_header,
        }
    )


def read_key_content(kept: bytes) -> dict[str, Any]:
    """The members of a key that `key_content` kept."""
    content = read_content(kept)
    scopes = tuple(Scope(verb=Verb(verb), host=host, tag=tag) for verb, host, tag in content["scopes"])
    return {"scopes": scopes, "quotas": content["quotas"], "user_header": content["user_header"]}

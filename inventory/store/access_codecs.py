"""Keys as both stores keep them, and what people set of them as JSON bytes, and back: pure."""

from __future__ import annotations

from typing import Any

from inventory.access.model import Key, Scope, Verb
from inventory.store.codecs import content_bytes, read_content, text_bytes, to_millis, to_millis_or_none


def key_values(key: Key) -> dict[str, Any]:
    """The values of a key, by the names that both stores have for them."""
    return {
        "id": key.id,
        "name": text_bytes(key.name),
        "digest": bytes.fromhex(key.digest),
        "content": _key_content(key),
        "created_at": to_millis(key.created_at),
        "expires_at": to_millis_or_none(key.expires_at),
        "revoked_at": to_millis_or_none(key.revoked_at),
        "last_used_at": to_millis_or_none(key.last_used_at),
        "last_used_address": text_bytes(key.last_used_address),
    }


def _key_content(key: Key) -> bytes:
    """What people set of a key and no store looks for."""
    return content_bytes(
        {
            "scopes": [[scope.verb.value, scope.host, scope.tag] for scope in key.scopes],
            "quotas": dict(key.quotas),
            "user_header": key.user_header,
        }
    )


def read_key_content(kept: bytes) -> dict[str, Any]:
    """The members of a key that `key_values` kept as `content`."""
    content = read_content(kept)
    scopes = tuple(Scope(verb=Verb(verb), host=host, tag=tag) for verb, host, tag in content["scopes"])
    return {"scopes": scopes, "quotas": content["quotas"], "user_header": content["user_header"]}

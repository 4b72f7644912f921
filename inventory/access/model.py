"""Who asks, and what they may do: keys, scopes, callers, and the lines of the audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class Verb(StrEnum):
    """What a request does. `ADMIN` includes all others, and is never limited."""

    READ = "read"
    COLLECT = "collect"
    IMPORT = "import"
    DELETE = "delete"
    WATCH = "watch"
    EXPORT = "export"
    ADMIN = "admin"


class Mode(StrEnum):
    """Who may do what without a key: everything, nothing, or read."""

    OPEN = "open"
    KEYS = "keys"
    READONLY_OPEN = "readonly-open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A verb, for all targets, or for those of a host, or for those that have a tag.

    `host` is an ASCII host name in lower case, which `*.` may precede: then it means all names below it, and not itself.
    """

    verb: Verb
    host: str | None = None
    tag: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A key as it is kept. `digest` is the SHA-256 of its text, in hexadecimal digits; the text is kept nowhere.

    `quotas` are those that it has in place of the settings': texts such as `600/minute`, by what they count.
    `user_header` names the request header in which a proxy that uses the key says who its user is, for the audit.
    """

    id: str
    name: str
    digest: str = field(repr=False)
    scopes: Sequence[Scope]
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    last_used_address: str | None = None
    quotas: Mapping[str, str] = field(default_factory=dict)
    user_header: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who sent a request: the address, the key if there is one, and what it may do.

    `user` is who a proxy says that it asks for; nothing is allowed because of it.
    """

    address: str
    scopes: Sequence[Scope]
    key: Key | None = None
    user: str | None = None

    @property
    def owner(self) -> str:
        """The id of the key, by which work is shared out fairly; "" without a key."""
        return self.key.id if self.key else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One line of the audit. `action` is a noun and a verb such as `import.create`; `target` is what it was done to.

    `outcome` is `done`, or the code of the problem that was answered. `target` has no secrets: they are masked.
    """

    id: str
    at: datetime
    action: str
    target: str
    outcome: str
    request_id: str
    address: str
    key_id: str | None = None
    key_name: str | None = None
    user: str | None = None

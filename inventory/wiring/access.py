"""What tells callers apart: the keys of the store, and the sessions of browsers."""

from __future__ import annotations

from secrets import token_bytes

from inventory.access.audit import AuditService
from inventory.access.service import AccessService
from inventory.access.sessions import Sessions
from inventory.clock import Clock, utc_now
from inventory.config import Settings
from inventory.store import Store
from inventory.wiring.parts import open_store

SECRET_BYTES = 32


def browser_sessions(store: Store, clock: Clock) -> Sessions:
    """The sessions that all processes on this store read; the first one makes their secret."""
    return Sessions(lambda: store.keys.signing_secret(token_bytes(SECRET_BYTES)), clock=clock)


def access_service(settings: Settings, store: Store, sessions: Sessions, clock: Clock) -> AccessService:
    """Who may do what, as the settings have it."""
    return AccessService(store.keys, mode=settings.mode, clock=clock, read_session=sessions.digest)


def open_access(settings: Settings) -> tuple[AccessService, AuditService]:
    """The same, and what keeps who did what, for a program that needs nothing else."""
    store = open_store(settings)
    audit = AuditService(store.audit, settings.masking, mode=settings.mode, clock=utc_now)
    return access_service(settings, store, browser_sessions(store, utc_now), utc_now), audit

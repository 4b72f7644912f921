"""The caller of the request that this thread answers."""

from __future__ import annotations

from contextvars import ContextVar

from inventory.access.model import Caller, Scope, Verb

NOBODY = Caller(address="", scopes=(Scope(verb=Verb.ADMIN),))
"""The caller where no request is answered: the command line, workers and the scheduler, which may do everything."""

_caller: ContextVar[Caller] = ContextVar("caller", default=NOBODY)


def caller() -> Caller:
    """Who sent the request, or `NOBODY`."""
    return _caller.get()


def owner() -> str:
    """Whose work this thread accepts: the id of the caller's key, or ""."""
    return caller().owner


def set_caller(caller: Caller) -> None:
    """Say who sent the request that this thread answers from now on."""
    _caller.set(caller)

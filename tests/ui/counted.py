"""A store that notes what is asked of it: each call of a port is one statement in the words of the domain."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from inventory.store import Store


class CountedStore:
    """A store like the one that it is made with; `calls` has the names of the methods that were called, in order."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._store, name)
        return member if callable(member) else _CountedPort(member, name, self.calls)


class _CountedPort:
    def __init__(self, port: Any, name: str, calls: list[str]) -> None:
        self._port, self._name, self._calls = port, name, calls

    def __getattr__(self, name: str) -> Any:
        member = getattr(self._port, name)
        return self._noting(member, f"{self._name}.{name}") if callable(member) else member

    def _noting(self, method: Callable[..., Any], name: str) -> Callable[..., Any]:
        def noted(*args: Any, **more: Any) -> Any:
            self._calls.append(name)
            return method(*args, **more)

        return noted

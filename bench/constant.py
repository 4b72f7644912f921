"""The reference of a hit: what the same gunicorn does when it answers a constant of the same size from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any


class Constant:
    """A bare WSGI application, without a framework, that answers `size` bytes."""

    def __init__(self, size: int) -> None:
        self._body = b"x" * size
        self._headers = [("Content-Type", "application/json"), ("Content-Length", str(size))]
        store = SimpleNamespace(prepare=lambda: None, ping=lambda _timeout: None)
        self.extensions = {"inventory": SimpleNamespace(streams=SimpleNamespace(), store=store)}
        """What gunicorn.conf.py needs of an application."""

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answer a request."""
        start_response("200 OK", self._headers)
        return [self._body]

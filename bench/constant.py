"""The reference of a hit: what the same gunicorn does when it answers a constant of the same size from memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from types import SimpleNamespace
from typing import Any


def app(size: int) -> Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]:
    """A bare WSGI application, without a framework, that answers `size` bytes."""
    body = b"x" * size
    headers = [("Content-Type", "application/json"), ("Content-Length", str(size))]

    def answer(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response("200 OK", headers)
        return [body]

    answer.extensions = {"inventory.live": SimpleNamespace()}  # type: ignore[attr-defined] # gunicorn.conf.py asks for it
    return answer

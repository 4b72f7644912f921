"""Requests and answers of the demo upstreams."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any, Protocol
from urllib.parse import parse_qs

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are in lower case, and the last of repeated headers counts."""

    method: str
    target: str
    headers: Mapping[str, str]

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def authority(self) -> str:
        """The host and port that the client called."""
        return self.headers.get("host", "")

    def query(self, name: str, default: str = "") -> str:
        """The first value of a parameter."""
        return parse_qs(self.target.partition("?")[2], keep_blank_values=True).get(name, [default])[0]


class Disconnect(Enum):
    """Where a connection is cut."""

    BEFORE = "before the answer"
    AMID = "in the middle of the body"


@dataclass(frozen=True, slots=True)
class Response:
    """One response, sent after `wait` seconds. `Content-Length` is added."""

    status: int = 200
    headers: Headers = ()
    body: bytes = b""
    wait: float = 0.0
    disconnect: Disconnect | None = None

    def encode(self, *, with_body: bool = True) -> bytes:
        """The bytes that are sent."""
        if self.disconnect is Disconnect.BEFORE:
            return b""
        lines = [f"HTTP/1.1 {self.status} {HTTPStatus(self.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.status != HTTPStatus.NOT_MODIFIED:
            lines.append(f"Content-Length: {len(self.body)}")
        head = "\r\n".join([*lines, "", ""]).encode("latin-1")
        sent = self.body[: len(self.body) // 2] if self.disconnect is Disconnect.AMID else self.body
        return head + sent if with_body else head


class Site(Protocol):
    """What one upstream serves."""

    def respond(self, request: Request, rng: random.Random) -> Response:
        """The answer; everything random comes from `rng`."""

    def about(self) -> Mapping[str, Any]:
        """What a test needs to know about it, as JSON."""


def as_json(document: Any, status: int = 200, headers: Headers = ()) -> Response:
    """An answer with a JSON document."""
    body = json.dumps(document, ensure_ascii=False).encode()
    return Response(status, (("Content-Type", "application/json; charset=utf-8"), *headers), body)


def seeded(*parts: object) -> random.Random:
    """Random numbers that are the same for the same parts."""
    return random.Random(" ".join(map(str, parts)))  # noqa: S311 - repeatable, not secret

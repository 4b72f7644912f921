"""What an application that answers some requests without WSGI gives to a server that offers them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from typing import NamedTuple, Protocol

KEY = "inventory.shortcut"
"""The extension of the Flask application that is a `MakeShortcut`, if it has one."""


class Answer(NamedTuple):
    """An answer: the status with its phrase, and header lines, each ended by CRLF.

    The lines lack what the server says of itself and of the connection. `seconds` is how long it took; None if the answer
    is logged and counted already.
    """

    status: str
    fields: str
    body: bytes
    request_id: str
    seconds: float | None = None


Later = Callable[[], Answer]
"""Gives the answer, but may wait for a store or a disk; never raises."""


class Groupable:
    """A request that is to be answered together with others, because they then ask a store or a disk once."""

    __slots__ = ()


class Shortcut(Protocol):
    """Answers some GETs of which a server has read the head, and leaves all others to WSGI."""

    def __call__(self, target: str, fields: Mapping[str, str], *, peer: str, at_once: bool) -> Later | Groupable | None:
        """What answers a request; None if it is left to WSGI. `fields` are by lower-case name. Never raises.

        `peer` is the address of whoever opened the connection, "" where that has none. With `at_once` the answer may be
        `answer_known`, which waits for no network and no flush.
        """

    def answer_known(self, requests: Sequence[Groupable]) -> Generator[Answer | Later | Groupable, None, None]:
        """The answers to requests of `__call__`, or what gives an answer that has to be waited for. Never raises."""

    def later(self, request: Groupable) -> Later:
        """What answers one of them in a thread instead."""

    def answer_group(self, requests: Sequence[Groupable]) -> Sequence[Answer]:
        """Answer requests together. May wait for a store or a disk; never raises."""

    def account(self, answers: Sequence[Answer]) -> None:
        """Log and count those of the answers that are not yet."""


class MakeShortcut(Protocol):
    """Makes the shortcut of an application."""

    def __call__(self, *, mounted_at: str) -> Shortcut:
        """`mounted_at` is the path that precedes the application's own paths, as the server tells it to WSGI."""

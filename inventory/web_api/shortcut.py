"""What an application that answers some requests without WSGI gives to a server that offers them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, Protocol

KEY = "inventory.shortcut"
"""The extension of the Flask application that is its shortcut, if it has one."""


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
    """A request that is to be answered together with others, because they then wait once for a store or a disk."""

    __slots__ = ()


class Shortcut(Protocol):
    """Answers some GETs of which a server has read the head, and leaves all others to WSGI."""

    def __call__(self, target: str, fields: Mapping[str, str], *, at_once: bool) -> Answer | Later | Groupable | None:
        """Answer a request; None if it is left to WSGI. `fields` are by lower-case name. Never raises.

        With `at_once` an answer that waits for no network and no flush comes at once.
        """

    def answer_group(self, requests: Sequence[Groupable]) -> Sequence[Answer]:
        """Answer requests together. May wait for a store or a disk; never raises."""

    def account(self, answers: Sequence[Answer]) -> None:
        """Log and count those of the answers that are not yet."""

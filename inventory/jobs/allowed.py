"""Ends a stream or a download whose caller may not have it any more: the check before a view is only made once."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import closing

from inventory.errors import InvalidKey
from inventory.jobs.stream import Message


def while_allowed(
    messages: Generator[Message | None, None, None], is_allowed: Callable[[], bool]
) -> Generator[Message | None, None, None]:
    """The messages, as long as they are allowed. There is one every 15 seconds at least, so the stream ends by then."""
    with closing(messages):
        for message in messages:
            if not is_allowed():
                return
            yield message


def all_or_broken_off(parts: Iterator[bytes], is_allowed: Callable[[], bool]) -> Iterator[bytes]:
    """The parts of a file, as long as they are allowed; then `InvalidKey`, so that nobody takes the first ones for all."""
    for part in parts:
        if not is_allowed():
            raise InvalidKey("The key was revoked or has expired, so the download is broken off.")
        yield part

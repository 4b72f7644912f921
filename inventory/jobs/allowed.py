"""Ends a live stream whose caller may not follow it any more: the check before a view is only made once."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import closing

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

"""A live stream ends when its caller may not follow it any more, and what it reads from is closed."""

from __future__ import annotations

from collections.abc import Generator

from inventory.jobs.allowed import while_allowed
from inventory.jobs.stream import Message


def test_a_stream_ends_before_the_first_message_that_is_not_allowed() -> None:
    closed = []

    def heartbeats() -> Generator[Message | None, None, None]:
        try:
            while True:
                yield None
        finally:
            closed.append(True)

    allowed = iter([True, True, False])

    assert list(while_allowed(heartbeats(), lambda: next(allowed))) == [None, None]
    assert closed == [True]

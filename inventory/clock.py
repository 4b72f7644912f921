"""The current time, with the precision that the inventory stores."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


def utc_now() -> datetime:
    """This instant in UTC, truncated to milliseconds: the precision that both stores keep."""
    return truncated(datetime.now(UTC))


def truncated(instant: datetime) -> datetime:
    """The instant in whole milliseconds, rounded down."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def rfc3339(instant: datetime) -> str:
    """An instant as the API writes it, such as `2026-01-31T12:00:00.123Z`."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")

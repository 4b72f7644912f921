"""Logs: one JSON object a line, in ASCII, from us and from libraries."""

from __future__ import annotations

import logging
import logging.config
import sys
from contextlib import suppress
from typing import Any

import structlog

from inventory.log_lines import dumps

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_LINE: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=dumps)]


class _Lines:
    """Writes our lines to a standard stream, without the standard library's logging, which takes four times as long."""

    def __init__(self, name: str, stream: str) -> None:
        self.name = name
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write a line at once. As in the standard library, a line that cannot be written is lost and stops nothing."""
        stream = getattr(sys, self._stream)
        if stream is not None:
            with suppress(OSError, ValueError):  # a full disk, a reader that is gone, a closed stream
                stream.write(line + "\n")
                stream.flush()

    debug = info = warning = error = critical = msg


class Handler(logging.StreamHandler):  # type: ignore[type-arg]
    """The standard library's handler, silent about a line that cannot be written: that could not be written either."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Drop the line if the stream failed; show a mistake in the call."""
        if isinstance(sys.exc_info()[1], OSError) or self.stream is None or self.stream.closed:
            return
        super().handleError(record)


def formatter() -> logging.Formatter:
    """The formatter that writes a library's record as one line of JSON."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_LINE],
    )


def configuration(level: int = logging.INFO, stream: str = "stdout") -> dict[str, Any]:
    """The configuration of the standard library's logging, as `dictConfig` and gunicorn take it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": formatter}},
        "handlers": {"lines": {"()": Handler, "formatter": "json", "stream": f"ext://sys.{stream}"}},
        "root": {"level": level, "handlers": ["lines"]},
        "loggers": {"gunicorn.error": {"handlers": [], "propagate": True}},
    }


def configure(level: int = logging.INFO, stream: str = "stdout") -> None:
    """Set up the logging of this process; the last call wins."""
    structlog.configure(
        processors=[*_SHARED, *_LINE],
        logger_factory=lambda name: _Lines(name, stream),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    logging.config.dictConfig(configuration(level, stream))

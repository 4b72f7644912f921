"""Logs: one JSON object a line, in ASCII, ours and those of the libraries alike."""

from __future__ import annotations

import json
import logging
import logging.config
import sys
from contextlib import suppress
from typing import Any

import orjson
import structlog


def _dumps(line: Any, **how: Any) -> str:
    """A line as JSON in ASCII, by orjson when it is all ASCII: a third of the standard library's time."""
    with suppress(TypeError):
        text = orjson.dumps(line, default=how["default"])
        if text.isascii():
            return text.decode("ascii")
    return json.dumps(line, **how)


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_LINE: list[Any] = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_dumps)]


class _Lines:
    """Writes our lines to a standard stream, past the standard library's logging: 20 µs a line instead of 80."""

    def __init__(self, name: str, stream: str) -> None:
        self.name = name
        self._stream = stream

    def msg(self, line: str) -> None:
        """Write a line, whole and at once; what cannot be written stops nothing, as in the standard library."""
        stream = getattr(sys, self._stream)
        if stream is not None:
            with suppress(OSError, ValueError):  # a full disk, nobody who reads, a stream that was closed
                stream.write(line + "\n")
                stream.flush()

    debug = info = warning = error = critical = msg


class Handler(logging.StreamHandler):  # type: ignore[type-arg]
    """The standard library's, which says nothing more when a line cannot be written: that could not be written either."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the standard library's name
        """Drop the line where the stream is the matter; a mistake in a call is shown."""
        if isinstance(sys.exc_info()[1], OSError) or self.stream is None or self.stream.closed:
            return
        super().handleError(record)


def formatter() -> logging.Formatter:
    """Writes a library's record as one line of JSON."""
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
    """Set up this process's logging; the last call counts."""
    structlog.configure(
        processors=[*_SHARED, *_LINE],
        logger_factory=lambda name: _Lines(name, stream),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    logging.config.dictConfig(configuration(level, stream))

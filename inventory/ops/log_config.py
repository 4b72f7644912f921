"""Logs: one JSON object a line, in ASCII, from us and from libraries."""

from __future__ import annotations

import logging
import logging.config
import sys
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from functools import partial
from typing import Any

import structlog

from inventory.log_lines import dumps
from inventory.masking import UNCONFIGURED, Masking

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]
_RENDERER = structlog.processors.JSONRenderer(serializer=dumps)


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


def formatter(masking: Masking = UNCONFIGURED) -> logging.Formatter:
    """The formatter that writes a library's record as one line of JSON."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_line(masking)],
    )


def _line(masking: Masking) -> list[Any]:
    """How an event becomes a line, whose texts, those of exceptions included, are masked."""
    return [structlog.processors.format_exc_info, partial(_mask, masking), _RENDERER]


def _mask(masking: Masking, _logger: object, _method: str, event: MutableMapping[str, Any]) -> Mapping[str, Any]:
    for name, value in event.items():
        event[name] = masking(value) if type(value) is str else masking.value(value)
    return event


def configuration(level: int = logging.INFO, stream: str = "stdout", masking: Masking = UNCONFIGURED) -> dict[str, Any]:
    """The configuration of the standard library's logging, as `dictConfig` and gunicorn take it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": partial(formatter, masking)}},
        "handlers": {"lines": {"()": Handler, "formatter": "json", "stream": f"ext://sys.{stream}"}},
        "root": {"level": level, "handlers": ["lines"]},
        "loggers": {"gunicorn.error": {"handlers": [], "propagate": True}},
    }


def configure(level: int = logging.INFO, stream: str = "stdout", masking: Masking = UNCONFIGURED) -> None:
    """Set up the logging of this process; the last call wins."""
    structlog.configure(
        processors=[*_SHARED, *_line(masking)],
        logger_factory=lambda name: _Lines(name, stream),
        wrapper_class=structlog.make_filtering_bound_logger(level),
    )
    logging.config.dictConfig(configuration(level, stream, masking))

"""Logs: one JSON object a line, ours and those of the libraries alike."""

from __future__ import annotations

import logging
import logging.config
from typing import Any

import structlog

_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def formatter() -> logging.Formatter:
    """Writes a record as one line of JSON."""
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
    )


def configuration(level: int = logging.INFO, stream: str = "stdout") -> dict[str, Any]:
    """The configuration of the standard library's logging, as `dictConfig` and gunicorn take it."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": formatter}},
        "handlers": {"lines": {"class": "logging.StreamHandler", "formatter": "json", "stream": f"ext://sys.{stream}"}},
        "root": {"level": level, "handlers": ["lines"]},
        "loggers": {"gunicorn.error": {"handlers": [], "propagate": True}},
    }


def configure(level: int = logging.INFO, stream: str = "stdout") -> None:
    """Set up this process's logging; a second call changes nothing."""
    if structlog.is_configured():
        return
    structlog.configure(
        processors=[*_SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(configuration(level, stream))

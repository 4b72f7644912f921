"""The levels of events, and what loggers call them, in words and in numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from inventory.events import colours

LEVELS = ("trace", "debug", "info", "warning", "error", "critical")
WORDS = {word: word for word in LEVELS} | {
    "finest": "trace", "finer": "trace", "silly": "trace", "all": "trace", "verbose": "debug", "fine": "debug",
    "config": "debug", "dbg": "debug", "information": "info", "informational": "info", "notice": "info", "success": "info",
    "http": "info", "default": "info", "log": "info", "inf": "info", "warn": "warning", "wrn": "warning", "err": "error",
    "eror": "error", "severe": "error", "crit": "critical", "fatal": "critical", "ftl": "critical", "alert": "critical",
    "emerg": "critical", "emergency": "critical", "panic": "critical", "dpanic": "critical", "t": "trace", "d": "debug",
    "trc": "trace", "trce": "trace", "vrb": "trace", "dbug": "debug", "ntc": "info", "fail": "error", "emg": "critical",
    "emrg": "critical", "i": "info", "n": "info", "w": "warning", "e": "error", "f": "critical", "c": "critical",
    "v": "trace", "trac": "trace", "debu": "debug", "erro": "error", "fata": "critical",
    "pani": "critical", "pnc": "critical",
}  # fmt: skip
"""The words of syslog, Java, npm, .NET, Go and Google Cloud, and the letters of klog and MongoDB, in lower case."""
_BEGINNING = re.compile(r"\[([A-Za-z]{3,11}) {0,4}\][ :]|([A-Z]{3,11}):?\s|([A-Za-z]{3,11}):")
_SYSLOG = ("critical", "critical", "critical", "error", "warning", "info", "info", "debug")
_STEPPED = re.compile(r"(trace|debug|info|warn|warning|error|fatal)([+-]\d{1,4})")
_SLOG = {"trace": -8, "debug": -4, "info": 0, "warn": 4, "warning": 4, "error": 8, "fatal": 12}
_PREFIXED = re.compile(r"(?:log_|(?:log)?level\.|severity_)([a-z]{2,13})|([a-z]{2,13}) ?\(\d{1,2}\)?")
"""Names of constants, such as `LOG_ERR`, and a level with its number."""
_OTLP = re.compile(r"(?:severity_number_)?(trace|debug|info|warn|error|fatal)([1-4]?)")


@lru_cache(maxsize=1_024)
def of_word(text: str) -> str | None:
    """The level that a word means, in any case, with slog's steps such as `INFO+2`, or a number as text; else None."""
    if level := WORDS.get(text):
        return level
    word = colours.without(text).strip(" \t[]<>():").lower()
    if level := WORDS.get(word):
        return level
    if word.isascii() and word.isdigit() and len(word) < 4:
        return of_number(int(word))
    if found := _STEPPED.fullmatch(word):
        return _of_steps(_SLOG[found[1]] + int(found[2]))
    if found := _OTLP.fullmatch(word):
        return WORDS[found[1]]
    found = _PREFIXED.fullmatch(word)
    return WORDS.get(found[1] or found[2]) if found else None


def of_number(number: int) -> str | None:
    """The level of a number: 0 to 7 is syslog's (RFC 5424), 10 to 69 that of pino and bunyan."""
    if 0 <= number < len(_SYSLOG):
        return _SYSLOG[number]
    return LEVELS[number // 10 - 1] if 10 <= number < 70 else None


def of(value: Any) -> str | None:
    """The level that a word or a number means; else None."""
    if type(value) is str:
        return of_word(value) if len(value) <= 40 else None
    if type(value) is int:
        return of_number(value)
    return of_number(int(value)) if type(value) is float and value.is_integer() and 0 <= value < 70 else None


def of_python(value: Any) -> str | None:
    """The level of a number of Python's `logging`, or of loguru."""
    value = _whole(value)
    return LEVELS[min(value // 10, 5)] if value is not None and value < 100 else None


def of_otlp(value: Any) -> str | None:
    """The level of a severity number of OpenTelemetry, or of its name."""
    number = _whole(value)
    if number is not None:
        return LEVELS[(number - 1) // 4] if 1 <= number <= 24 else None
    return of_word(value) if type(value) is str else None


def _whole(value: Any) -> int | None:
    """A number, also as text, that is not negative."""
    if type(value) is str and len(value) < 4 and value.isascii() and value.isdigit():
        return int(value)
    return value if type(value) is int and value >= 0 else None


def of_serilog(value: Any) -> str | None:
    """The level of Serilog, whose Verbose is its lowest."""
    return "trace" if type(value) is str and value.lower() in ("verbose", "vrb") else of(value)


def of_azure(value: Any) -> str | None:
    """The level of Application Insights, whose numbers go from 0, verbose, to 4, critical."""
    return LEVELS[value + 1] if type(value) is int and 0 <= value < 5 else of(value) if type(value) is str else None


def of_beginning(text: str) -> str | None:
    """The level that a line without a time begins with, in capitals, in brackets or before a colon; else None."""
    found = _BEGINNING.match(text)
    word = next(filter(None, found.groups()), None) if found else None
    return of_word(word) if word and len(word) > 1 else None


def of_status_word(value: Any) -> str | None:
    """The level in Datadog's `status`, which others have a number in."""
    return of(value) if type(value) is str and value.isalpha() else None


def of_status(value: Any) -> str:
    """The level of a request that was answered with a status, as the text or number of an access log."""
    digits = str(value)
    return {"5": "error", "4": "warning"}.get(digits[:1], "info") if len(digits) == 3 and digits.isdigit() else "info"


def _of_steps(step: int) -> str:
    """The level of slog's number."""
    bounds = (-4, 0, 4, 8, 12)
    return LEVELS[sum(step >= bound for bound in bounds)]

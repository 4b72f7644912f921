"""How some programs lay out what follows the time of a line: their level, thread, logger and trace id are taken apart."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from inventory.events import levels

_ANY = re.DOTALL
_SPRING = re.compile(
    r" {1,4}(?P<level>[A-Z]{4,5}) (?:\[(?P<sleuth>[^\[\]]{0,300})\] )?(?P<pid>\d{1,10}) --- "
    r"(?P<contexts>(?:\[[^\[\]]{0,200}\] ?){1,4})(?P<logger>\S{1,200}) {0,100}: ?(?P<message>.*)",
    _ANY,
)
_LOG4J = re.compile(
    r" {1,4}\[(?P<thread>[^\[\]]{1,200})\] (?P<level>[A-Z]{4,5}) {1,4}"
    r"(?P<logger>[\w$]{1,100}(?:\.[\w$]{1,100}){1,20}|[\w$.]{1,100}(?= - ))(?=\s)"
    r"(?: \[[^\[\]]{0,100}\])?(?: -(?= ))? ?(?P<message>.*)",
    _ANY,
)
_LOGBACK = re.compile(
    r" {1,4}(?P<level>[A-Z]{4,5}) {1,4}\[(?P<thread>[^\[\]]{1,200})\] "
    r"(?P<logger>[\w$.]{1,200}(?= )|[\w$]{1,100}(?:\.[\w$]{1,100}){1,20}(?=:)) {0,40}[-:] (?P<message>.*)",
    _ANY,
)
_ENV_LOGGER = re.compile(r" (?P<level>[A-Z]{4,5}) {1,2}(?P<logger>[\w:.-]{1,200})?\] ?(?P<message>.*)", _ANY)
_CELERY = re.compile(r": (?P<level>[A-Z]{4,8})/(?P<process>[\w.-]{1,100})\] ?(?P<message>.*)", _ANY)
_SIDEKIQ = re.compile(r" (?P<pairs>(?:[\w.]{1,40}=[^\s=\"]{1,200} ){1,10})(?P<level>[A-Z]{4,8}): ?(?P<message>.*)", _ANY)
_PHP = re.compile(r" (?P<message>PHP (?P<level>[A-Z][a-z ]{3,30}): .*)", _ANY)
_HEROKU = re.compile(r" (?P<program>app|heroku)\[(?P<dyno>[\w.-]{1,60})\]: ?(?P<message>.*)", _ANY)
_LAMBDA = re.compile(
    r" (?P<message>(?:START|END|REPORT|(?:INIT|RESTORE)_(?:START|REPORT)|XRAY) \w{1,40}: ?"
    r"(?P<requestId>[\w-]{1,60})?.*)",
    _ANY,
)
_SQUID = re.compile(
    r" {1,10}(?P<elapsed>\d{1,12}) (?P<remote_addr>\S{1,100}) (?P<result>[A-Z_]{3,60})/(?P<status>\d{3}) (?P<bytes>\d{1,20})"
    r" (?P<method>[A-Z-]{1,30}) (?P<url>\S{1,9000}) (?P<user>\S{1,200}) (?P<hierarchy>\S{1,200}) (?P<content_type>\S{1,200})"
)
_NLOG = re.compile(r"\|(?P<level>[A-Za-z]{4,5})\|(?P<logger>[\w.$`+]{1,200})\|(?P<message>.*)", _ANY)
_LOGURU = re.compile(
    r" \| (?P<level>[A-Z]{3,20}) {0,16}\| (?P<logger>[\w.]{1,200}):(?P<function>[\w.<>]{1,200}):(?P<line>\d{1,7}) - "
    r"(?P<message>.*)",
    _ANY,
)
_CATEGORY = re.compile(
    r" (?P<logger>[\w-]{2,40}): (?P<level>debug|info|notice|warning|error|critical)(?: \d{1,2})?: (?P<message>.*)"
    r"| - (?P<file>[\w.-]{1,100})\[(?P<in_brackets>[A-Z]{4,8})\]: (?P<text>.*)",
    _ANY,
)
"""Of BIND and its like, and of cloud-init."""
_LOGCAT = re.compile(
    r" {1,6}(?P<pid>\d{1,6}) {1,6}(?P<thread>\d{1,6}) (?P<level>[VDIWEFA]) (?P<logger>[^:\n]{1,100}?) {0,20}:"
    r" (?P<message>.*)",
    _ANY,
)
_ELASTIC = re.compile(r"\[(?P<level>[A-Z]{4,5}) {0,2}\]\[(?P<logger>[^\s\[\]]{1,200}) {0,40}\] (?P<message>.*)", _ANY)
_REQUESTED = re.compile(r' "(?P<request>[A-Z]{3,10} [^"]{1,9000} HTTP/[\d.]{1,3})" (?P<status>\d{3})(?: (?P<more>.*))?')
_TRACED = re.compile(r"([0-9a-f]{32}|[0-9a-f]{16})[-,]([0-9a-f]{16})(?:,(?:true|false))?")
_STATUS = re.compile(r" status=(\d{3})\b")
_CONTEXT = re.compile(r"\[([^\[\]]{0,200})\]")
_PHP_LEVELS = {"Deprecated": "info", "Notice": "info", "Warning": "warning", "Fatal error": "critical"}


def read(rest: str, is_bracketed: bool) -> tuple[str, dict[str, Any]] | None:
    """The shape and the members of what follows a time, which a bracket may have opened; None if no layout fits."""
    for shape, pattern, finish in _BRACKETED if is_bracketed else _BARE:
        found = pattern.fullmatch(rest)
        if found is None:
            continue
        members: dict[str, Any] = {name: value for name, value in found.groupdict().items() if value}
        if "level" not in members or finish is _of_php or levels.of_word(members["level"]):
            members.setdefault("message", "")
            return shape, finish(members) if finish else members
    return None


def _of_spring(members: dict[str, Any]) -> dict[str, Any]:
    """The contexts of Spring Boot's line: the application and the thread, and the trace and span of a request."""
    contexts = [each.strip() for each in _CONTEXT.findall(members.pop("contexts"))]
    application, _, sleuth = members.pop("sleuth", "").partition(",")
    traced = next((found for each in (sleuth, *contexts) if (found := _TRACED.fullmatch(each))), None)
    names = [each for each in contexts if each and not _TRACED.fullmatch(each)]
    said = {
        "application": application or (names[0] if len(names) > 1 else ""),
        "thread": names[-1] if names else "",
        "trace_id": traced[1] if traced else "",
        "span_id": traced[2] if traced else "",
    }
    return members | {name: value for name, value in said.items() if value}


def _of_sidekiq(members: dict[str, Any]) -> dict[str, Any]:
    """The pairs in front of a level, beside what else the line has."""
    pairs = dict(pair.split("=", 1) for pair in members.pop("pairs").split())
    return pairs | members


def _of_php(members: dict[str, Any]) -> dict[str, Any]:
    """PHP's words for errors, most of which end with that word."""
    level = members["level"]
    known = _PHP_LEVELS.get(level) or ("error" if level.endswith("error") else None)
    return members | {"level": known} if known else {"message": members["message"]}


def _of_heroku(members: dict[str, Any]) -> dict[str, Any]:
    """The level that the line of a dyno begins with, or that of the status of a request which the router tells of."""
    message = members["message"]
    level, status = levels.of_beginning(message), _STATUS.search(message)
    level = level or (levels.of_status(status[1]) if status and members["program"] == "heroku" else None)
    return members | ({"level": level} if level else {})


def _of_category(members: dict[str, Any]) -> dict[str, Any]:
    """A file, a level and a text count as a logger, a level and a message."""
    names = {"file": "logger", "in_brackets": "level", "text": "message"}
    return {"message": ""} | {names.get(name, name): value for name, value in members.items() if value}


Finish = Callable[[dict[str, Any]], dict[str, Any]] | None
_COMMON: tuple[tuple[str, re.Pattern[str], Finish], ...] = (
    ("text", _LOG4J, None),
    ("text", _LOGBACK, None),
    ("text", _SIDEKIQ, _of_sidekiq),
    ("text", _PHP, _of_php),
)
_BARE = (
    ("text", _SPRING, _of_spring),
    *_COMMON,
    ("text", _HEROKU, _of_heroku),
    ("lambda", _LAMBDA, None),
    ("squid", _SQUID, None),
    ("text", _NLOG, None),
    ("text", _LOGURU, None),
    ("logcat", _LOGCAT, None),
    ("text", _CATEGORY, _of_category),
)
_BRACKETED = (
    ("text", _ENV_LOGGER, None),
    ("text", _CELERY, None),
    *_COMMON,
    ("text", _ELASTIC, None),
    ("text", _REQUESTED, None),
)

"""Lines of text that begin with their time or their level: syslog, klog, nginx's errors, zap's console, and any other."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from inventory.events import csvlog, instants, late_times, layouts, levels
from inventory.events.names import MAX_SERVICE
from inventory.events.parsing import read as read_json

Found = tuple[str, dict[str, Any]]
"""The shape of a line, and its members."""

_PRIORITY = re.compile(r"(?:\d{1,6} )?<(\d{1,3})>(1 )?")
"""RFC 5424, 6.2.1; the number of bytes may be before it (RFC 6587)."""
_STRUCTURED = re.compile(
    r"(\S{1,255}) (\S{1,255}) (\S{1,48}) (\S{1,128}) (\S{1,32})"
    r" (-|(?:\[(?:[^\]\"\\]|\"(?:[^\"\\]|\\.)*+\"|\\.)*+\])++)(?: \ufeff?(.*)|$)",
    re.DOTALL,
)
_TAGGED = re.compile(
    r" {1,2}(?:(\S{1,255}) (?=[A-Za-z_/<])|(?=[\w./-]{1,128}\[\d))"
    r"([^\s\[\]:(]{1,128})(?:\[([\w.-]{1,32})\])?(?:: ?| (?=\())(.*)",
    re.DOTALL,
)
_KLOG = re.compile(
    r"([IWEF])(\d{4})?(\d\d)(\d\d) (\d\d:\d\d:\d\d\.\d{1,9}) +(\d{1,10}) ([^\s\]]{1,200}:\d{1,6})\] (.*)", re.DOTALL
)
_NGINX = re.compile(r" \[(\w{4,6})\] (\d{1,10})#(\d{1,10}): (?:\*(\d{1,20}) )?(.*)", re.DOTALL)
_ZAP = re.compile(
    r"\t([A-Za-z]{4,8})\t(?:([^\t]{1,200})\t(?!\{))?(?:([^\t\s]{1,200}\.go:\d{1,6})\t|(?=[^\t]{0,9999}\t\{.*\}\Z))(.*)",
    re.DOTALL,
)
_MONOLOG = re.compile(r" ([\w-]{1,100})\.([A-Z]{4,9}): (.*)", re.DOTALL)
_APACHE = re.compile(r" \[(?:([\w-]{0,40}):)?([a-z]{4,6}\d?)\] (?:\[pid (\d{1,10})(?::tid (\d{1,20}))?\] )?(.*)", re.DOTALL)
_LAMBDA = re.compile(r"\t([0-9a-f-]{36})\t([A-Z]{4,8})\t(.*)", re.DOTALL)
_LAMBDA_PYTHON = re.compile(r"\[([A-Z]{4,8})\]\t(\S{20,32})\t([0-9a-f-]{36})\t(.*)", re.DOTALL)
_CRI = re.compile(r"(\S{20,40}) (stdout|stderr) ([FP])(?: (.*)|$)", re.DOTALL)
_COMPOSE = re.compile(r"([\w.@-]{1,100}) {1,80}\| (.*)", re.DOTALL)
_STERN = re.compile(r"[\w.-]{1,253} ([\w.-]{1,63}) (\{.*)", re.DOTALL)
_LOGCLI = re.compile(r"(\S{20,40}) \{((?:\w{1,100}=\"[^\"]{0,1000}\"(?:, ?)?){1,60})\} (.*)", re.DOTALL)
_LABEL = re.compile(r'(\w+)="([^"]*)"')
_AUDITD = re.compile(r"(?:node=(\S{1,255}) )?type=(\S{1,60}) msg=audit\((\d{10}\.\d{3}):(\d{1,20})\): ?(.*)", re.DOTALL)
_SECOND = re.compile(r"[ \t]\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:")
_WORD = re.compile(r"[\s|:\-]{0,20}(\[[^\[\]]{1,60}\]|\([^()]{1,60}\)|<[^<>]{1,60}>|[^\s|:\[\]]{1,60})")
_WORD_END = re.compile(r"\s{1,4}\[[^\[\]]{1,100}\]\s{1,4}(?=\d{4}-)|[\s|:\-\[]{1,20}")
_AFTER_LEVEL = re.compile(r"[\s|:\-]{0,20}")
_THREAD = re.compile(r"main|MainThread|Thread[ -]?\d{0,10}|\S{1,100}-\d{1,10}")
_SUBJECTS = frozenset(("config", "data", "default", "http", "log"))
_PROSE = _SUBJECTS | {"alert", "all", "fail", "fine", "notice", "success"}
"""Names of levels with which a sentence may begin, and of these the ones that a colon may follow all the same."""
WORDS = 5
"""Words after the time among which the level is looked for."""


def read(text: str, now: datetime, *, is_inner: bool = False) -> Found | None:
    """What a line says; None if it begins with neither a time nor a level and a time.

    After the time that `docker logs -t` writes, say, a line may have its own, which counts then.
    """
    for reader in (_klog, _lambda_python):
        if found := reader(text):
            return found
    if found := _syslog(text, now):
        return found
    bracketed = text[:1] == "["
    began = instants.leading(text[1:] if bracketed else text, now)
    if began is None:
        return _level_first(text, now) or _late(text, now)
    instant, end = began
    rest = text[end + bracketed :]
    if not is_inner and _SECOND.match(rest) and (inner := read(rest[1:], now, is_inner=True)):
        return inner[0], inner[1] | {"received": instant.isoformat()}
    if found := layouts.read(rest.removeprefix("]") if bracketed else rest, bracketed):
        return found[0], {"timestamp": instant.isoformat()} | found[1]
    return _timed(instant, rest.removeprefix("]") if bracketed else rest, bracketed)


def composed(text: str) -> tuple[str, str] | None:
    """The service and the line that `docker compose logs` writes it in front of."""
    found = _COMPOSE.match(text)
    return (found[1], found[2]) if found else None


def of_container(text: str) -> tuple[str, str] | None:
    """The container and the line of JSON that `stern` writes it and its pod in front of."""
    return (found[1], found[2]) if (found := _STERN.match(text)) else None


def _timed(instant: datetime, rest: str, bracketed: bool = False) -> Found:
    """The line whose time was read, from what follows the time, which may be in brackets."""
    time = {"timestamp": instant.isoformat()}
    if row := csvlog.read(rest):
        return "postgresql", time | row
    if found := _NGINX.match(rest):
        return "nginx", time | _named(found, "level", "pid", "tid", "connection", "message")
    if bracketed and (found := _APACHE.match(rest)) and _is_level(found[2].rstrip("0123456789")):
        named = _named(found, "module", "level", "pid", "tid", "message")
        return "apache", time | named | {"level": found[2].rstrip("0123456789")}
    if (found := _MONOLOG.match(rest)) and _is_level(found[2]):
        return "monolog", time | _named(found, "channel", "level", "message")
    if found := _LAMBDA.match(rest):
        return "lambda", time | _named(found, "requestId", "level", "message")
    if (found := _ZAP.match(rest)) and levels.of_word(found[1]):
        return "zap", time | _zap(found)
    if not bracketed and (found := _TAGGED.match(rest)) and not any(map(_is_level, filter(None, found.group(1, 2)))):
        return "syslog", time | _named(found, "host", "program", "pid", "message")
    level, message, before = _level_in(rest)
    if level is None:
        return "text", time | {"message": message}
    if " " in before or len(before) > MAX_SERVICE:  # several words: they stay in the message
        return "text", time | {"level": level, "message": rest.strip()}
    origin = {_origin(before): before} if before else {}
    return "text", time | {"level": level, "message": message} | origin


def _origin(word: str) -> str:
    """What the word before a level is: a process, a thread or a logger."""
    return "pid" if word.isdigit() else "thread" if _THREAD.fullmatch(word) else "logger"


def _named(found: re.Match[str], *names: str) -> dict[str, Any]:
    return {name: value for name, value in zip(names, found.groups(), strict=True) if value is not None}


def _is_level(word: str) -> bool:
    return len(word) > 1 and levels.of_word(word) is not None


def _zap(found: re.Match[str]) -> dict[str, Any]:
    """The columns of zap's console, of which the last is JSON."""
    members = _named(found, "level", "logger", "caller", "message")
    message, tab, last = members["message"].rpartition("\t")
    if tab and last.startswith("{"):
        try:
            fields = read_json(last)
        except ValueError:
            return members
        if type(fields) is dict:
            return members | {"message": message, "attributes": fields}
    return members


def _level_in(rest: str) -> tuple[str | None, str, str]:
    """The level among the first words, the text after it, and the words before it; without one the whole text."""
    position = 0
    for number in range(WORDS):
        found = _WORD.match(rest, position)
        if found is None:
            break
        word, bare = found[1], found[1].strip("[]<>() ")
        prose = _SUBJECTS if rest.startswith(":", found.end()) else _PROSE
        marked = word[0] in "[<(" or word.isupper() or (number == 0 and word not in prose) or _is_marked(rest, found)
        if marked and len(bare) > (1 if number else 0) and not bare.isdigit():
            level = levels.of_word(word)
            if level:
                message = rest[found.end() :]
                after = _AFTER_LEVEL.match(message)
                return word.strip("[]<>()"), message[after.end() if after else 0 :], rest[: found.start(1)].strip(" \t|:-[]")
        position = found.end()
    return None, rest.strip(" \t\n:-|"), ""


def _is_marked(rest: str, found: re.Match[str]) -> bool:
    """Whether a colon follows a word, and nothing but brackets is before it, as in `[checkout] error: boom`."""
    return rest[found.end() : found.end() + 1] == ":" and rest[: found.start(1)].rstrip()[-1:] in tuple("])>")


def _level_first(text: str, now: datetime) -> Found | None:
    """A line such as `INFO 2026-01-31 12:00:00,123 app started`."""
    found = _WORD.match(text)
    level = levels.of_word(found[1]) if found and len(found[1]) > 1 else None
    if found is None or level is None:
        return None
    after = _WORD_END.match(text, found.end())
    began = instants.leading(text[after.end() :] if after else "", now)
    if after is None or began is None:
        return None
    message = text[after.end() + began[1] :].strip(" ]\t:-|")
    return "text", {"timestamp": began[0].isoformat(), "level": found[1], "message": message}


def _late(text: str, now: datetime) -> Found | None:
    """A line with something else before its time."""
    if members := late_times.read(text, now):
        return "text", members
    before = late_times.prefix(text)
    if before is None:
        return None
    name, start = before
    bracketed = text[start] == "["
    began = instants.leading(text[start + bracketed :], now)
    if began is None:
        return None
    shape, members = _timed(began[0], text[start + bracketed + began[1] :].removeprefix("]"))
    return shape, {"logger": name} | members


def container(text: str) -> Found | None:
    """A line of a container's log as Kubernetes keeps it."""
    found = _CRI.fullmatch(text)
    if found is None:
        return None
    partial = {"partial": True} if found[3] == "P" else {}
    return "cri", {"time": found[1], "stream": found[2], "log": found[4] or "", **partial}


def queried(text: str) -> dict[str, Any] | None:
    """A line as Loki's `logcli query` prints it, with its labels."""
    found = _LOGCLI.fullmatch(text)
    return {"timestamp": found[1], "labels": dict(_LABEL.findall(found[2])), "line": found[3]} if found else None


def audited(text: str) -> dict[str, Any] | None:
    """A record of Linux's audit daemon."""
    found = _AUDITD.fullmatch(text)
    if found is None:
        return None
    members = _named(found, "host", "type", "timestamp", "serial", "message")
    return members | {"message": f"{members['type']} {members['message']}"}


def _klog(text: str) -> Found | None:
    """A line of a program of Kubernetes."""
    found = _KLOG.fullmatch(text)
    if found is None:
        return None
    level, year, month, day, clock, thread, caller, message = found.groups()
    name = list(instants.MONTHS)[int(month) - 1] if 1 <= int(month) <= 12 else ""
    day = f"{day} {year}" if year else day
    members = {"timestamp": f"{name} {day} {clock}", "level": level, "thread": thread, "caller": caller, "message": message}
    return "klog", members


def _lambda_python(text: str) -> Found | None:
    """A line of Python's logging in AWS Lambda."""
    found = _LAMBDA_PYTHON.fullmatch(text)
    if found is None:
        return None
    return "lambda", {"level": found[1], "timestamp": found[2], "requestId": found[3], "message": found[4]}


def _syslog(text: str, now: datetime) -> Found | None:
    """A line of syslog with its priority (RFC 5424, RFC 3164)."""
    found = _PRIORITY.match(text)
    if found is None or int(found[1]) > 191:
        return None
    members: dict[str, Any] = {"facility_number": int(found[1]) // 8, "level": str(int(found[1]) % 8)}
    rest = text[found.end() :]
    if (found[2] or rest[:1].isdigit()) and (structured := _STRUCTURED.match(rest)):
        names = ("timestamp", "host", "program", "pid", "message_id", "structured_data", "message")
        pairs = zip(names, structured.groups(), strict=True)
        return "syslog", members | {name: value or "" for name, value in pairs if value != "-" or name == "message"}
    began = instants.leading(rest, now)
    if began is None:
        return None
    _, tagged = _timed(began[0], rest[began[1] :])
    return "syslog", tagged | members

"""Lines of access logs: the common and the combined format, Traefik's, and any that nginx's `log_format` describes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from inventory.errors import InvalidRequest
from inventory.events import apache_formats

COMBINED = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"'
COMMON = '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent'
TRAEFIK = COMBINED + ' $request_count "$router" "$server_url" ${duration_ms}ms'
NAMED = {"combined": COMBINED, "common": COMMON, "nginx": COMBINED, "traefik": TRAEFIK}
"""The formats that have a name."""
MAX_FORMAT = 4_096
WHOLE_NUMBERS = frozenset(
    {
        "status",
        "elb_status_code",
        "body_bytes_sent",
        "bytes_sent",
        "request_length",
        "request_count",
        "duration_ms",
        "connection",
        "pid",
    }
)
ABSENT = ("-", "")

_VARIABLE = re.compile(r"\$(?:\{(\w{1,64})\}|(\w{1,64}))", re.ASCII)
_DIRECTIVE = re.compile(r"\s{0,20}(?:log_format\s+\S{1,100}\s+(?:escape=\w{1,20}\s+)?['\"]|'.*'\s*;?\s*\Z)", re.DOTALL)
"""How a format begins that was copied out of nginx's configuration, with its name or with its quotes alone."""
_PIECE = re.compile(r"'((?:[^'\\]|\\.)*+)'|\"((?:[^\"\\]|\\.)*+)\"", re.DOTALL)
_ESCAPED = re.compile(r"\\x([0-9A-Fa-f]{2})|\\([\"\\])")


@dataclass(frozen=True, slots=True)
class LogFormat:
    """A format of `server`: each variable, and the text up to the next one; `start` is the text before the first."""

    start: str
    variables: tuple[tuple[str, str], ...]
    server: str = "nginx"

    @classmethod
    def of(cls, text: str) -> LogFormat:
        """The format that a name, nginx's `log_format` or Apache's `LogFormat` describes; `InvalidRequest` if it cannot."""
        text = NAMED.get(text.strip(), text)
        if len(text) <= MAX_FORMAT and _DIRECTIVE.match(text):
            text = "".join(map(_unquoted, _PIECE.finditer(text)))
        is_apache = len(text) <= MAX_FORMAT and apache_formats.is_one(text)
        if is_apache:
            text = apache_formats.as_log_format(text)
        found = list(_VARIABLE.finditer(text))
        ends = [each.start() for each in found[1:]] + [len(text)]
        variables = tuple((each[1] or each[2], text[each.end() : end]) for each, end in zip(found, ends, strict=False))
        fault = None
        if not variables or len(text) > MAX_FORMAT:
            fault = (
                f"It has no variable. Send {', '.join(NAMED)}, or the text of nginx's log_format or Apache's LogFormat,"
                f" such as: {COMMON}"
            )
        elif any(not after for _, after in variables[:-1]):
            fault = "Two variables follow each other without a text between them. No line can be read by it."
        if fault:
            raise InvalidRequest("The format cannot be used.", {"format": [fault]})
        return cls(text[: found[0].start()], variables, "apache" if is_apache else "nginx")

    def read(self, line: str) -> dict[str, Any] | None:
        """The values of the variables in a line; None if the line is not of this format."""
        if not line.startswith(self.start):
            return None
        values: dict[str, Any] = {}
        position = len(self.start)
        for number, (name, after) in enumerate(self.variables, 1):
            end = _end(line, after, position)
            if end < position or (number == len(self.variables) and end + len(after) != len(line)):
                return None
            value = line[position:end]
            if value not in ABSENT:
                values.setdefault(name, _value(name, value))
            position = end + len(after)
        return values


def _unquoted(piece: re.Match[str]) -> str:
    """A piece of a directive without its quotes, and without the backslashes that protect such."""
    return (piece[1] or "").replace("\\'", "'") if piece[2] is None else piece[2].replace('\\"', '"')


def _end(line: str, after: str, position: int) -> int:
    """Where the next text between variables begins, -1 if it does not come; a quote in front of it may not be escaped."""
    if not after:
        return len(line)
    end = line.find(after, position)
    while after[0] == '"' and end > position and _is_escaped(line, end):
        end = line.find(after, end + 1)
    return end


def _is_escaped(line: str, position: int) -> bool:
    before = position
    while before and line[before - 1] == "\\":
        before -= 1
    return (position - before) % 2 == 1


def _value(name: str, text: str) -> Any:
    if name in WHOLE_NUMBERS and text.isascii() and text.isdigit() and len(text) < 19:
        return int(text)
    return _ESCAPED.sub(_unescaped, text) if "\\" in text else text


def _unescaped(found: re.Match[str]) -> str:
    """A character that nginx or Apache escaped; bytes beyond ASCII stay escaped."""
    if found[1] is None:
        return found[2]
    code = int(found[1], 16)
    return chr(code) if code < 0x80 else found[0]


_BEGINNING = re.compile(r'\S{1,256} \S{1,256} [^\[\]"]{1,256} \[\d\d?/[A-Za-z]{3}/\d{4}[: ]')
_FORMATS = tuple(
    (name, LogFormat.of(text))
    for name, text in (
        ("traefik", TRAEFIK),
        ("combined", COMBINED),
        ("combined", f'{COMBINED} "$http_x_forwarded_for"'),
        ("combined", f"{COMBINED} $more"),
        ("common", COMMON),
        ("common", f"{COMMON} $more"),
        ("combined", f"$host {COMBINED}"),
        ("common", f"$host {COMMON}"),
    )
)
"""In this order; `more` is what servers are often set up to add."""


def read(line: str) -> tuple[str, dict[str, Any]] | None:
    """The name of the format and the values of a line in one of the usual ones."""
    if not _BEGINNING.match(line):
        return None
    for name, log_format in _FORMATS:
        values = log_format.read(line)
        if values and _is_whole(values):
            return name, values
    return None


def _is_whole(values: dict[str, Any]) -> bool:
    """Whether each value is what its place in the line should have."""
    numbers = type(values.get("status")) is int and type(values.get("body_bytes_sent", 0)) is int
    return numbers and " " not in values.get("remote_addr", "")

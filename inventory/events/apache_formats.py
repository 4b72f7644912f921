"""Apache's `LogFormat` (mod_log_config) as the `log_format` of nginx that means the same."""

from __future__ import annotations

import re

VARIABLES = {
    "h": "remote_addr", "a": "remote_addr", "l": "remote_ident", "u": "remote_user", "t": "time_local", "r": "request",
    "s": "status", "b": "body_bytes_sent", "B": "body_bytes_sent", "O": "bytes_sent", "I": "request_length",
    "D": "duration_us", "T": "duration_s", "v": "host", "V": "host", "p": "port", "m": "request_method", "U": "uri",
    "q": "args", "H": "server_protocol", "P": "pid", "f": "file", "A": "server_addr", "k": "keepalives",
    "X": "connection_status", "L": "log_id", "R": "handler",
}  # fmt: skip
"""What each letter stands for, by nginx's names where it has one."""
_BEFORE = {
    "i": "http_",
    "o": "sent_http_",
    "e": "env_",
    "n": "note_",
    "C": "cookie_",
    "x": "ssl_",
    "^ti": "trailer_",
    "^to": "sent_trailer_",
}
_DIRECTIVE = re.compile(r"%[!<>\d,]{0,20}(?:\{([^{}]{1,200})\})?(\^t[io]|[A-Za-z])")
_SETTING = re.compile(r'\s{0,20}(?:LogFormat|CustomLog\s+\S{1,200})\s+"(.*)"', re.DOTALL)
_NO_WORD = re.compile(r"\W")


def is_one(text: str) -> bool:
    """Whether a text is a format of Apache, which nginx's cannot be."""
    return "$" not in text and re.search(r"%[!<>{a-zA-Z]", text) is not None


def as_log_format(text: str) -> str:
    """The same format in nginx's variables; what is not a directive of Apache's stays as it is."""
    if found := _SETTING.match(text):
        text = found[1].replace('\\"', '"')
    return _DIRECTIVE.sub(_translated, text)


def _translated(found: re.Match[str]) -> str:
    argument, letter = found[1], found[2]
    if letter == "t":
        return "${time_local}" if argument else "[${time_local}]"
    if argument and letter in _BEFORE:
        return f"${{{_BEFORE[letter]}{_NO_WORD.sub('_', argument).lower()[:50]}}}"
    name = VARIABLES.get(letter)
    return found[0] if name is None else f"${{{name}}}"

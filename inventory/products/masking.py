"""What is secret in the description of a feed, and texts without it, as anybody may see them."""

from __future__ import annotations

import re
from base64 import b64decode, b64encode, urlsafe_b64encode
from binascii import Error
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from html.entities import html5
from struct import iter_unpack
from urllib.parse import parse_qsl, urlsplit

MASK = "***"
MIN_SECRET = 4
"""Characters of the shortest secret that is looked for in texts: a shorter one would be found in many words."""
MIN_IN_VALUES = 8
"""Characters of the shortest secret that is looked for in products, where a short number may be part of any id."""
MAX_QUOTE = 200
"""Characters of an answer that are quoted."""
MAX_LOOKED_AT = 16_384
"""Characters of an answer that are looked at for a quotation."""

KEY = re.compile("key|token|secret|pass|pwd|auth|sig|appid|app_id|credential|jwt|session|cookie", re.IGNORECASE)
"""What is part of the name of a parameter or a header whose value may be a key."""
SCHEMES = frozenset({"apikey", "basic", "bearer", "digest", "key", "token"})
"""Words before the secret in the value of a header."""
LONGEST_ESCAPE = 24
"""Characters that stand for a byte of a secret, at most."""
_PART = re.compile(r"[^\s;,]+")


def without_keys(url: str) -> str:
    """The URL of a page without the values of parameters that may be keys, by their names."""
    path, question_mark, query = url.partition("?")
    pairs = (pair.partition("=") for pair in query.split("&"))
    return (
        path
        + question_mark
        + "&".join(f"{name}{is_}{MASK if is_ and KEY.search(name) else value}" for name, is_, value in pairs)
    )


class Mask:
    """Covers the secrets of a feed, however they are written: plain, percent-encoded, escaped in JSON or HTML, in base64."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = {secret for secret in secrets if len(secret) >= MIN_SECRET}
        self._longest = max(map(_longest, known), default=0)
        self._in_texts = _pattern(known)
        self._in_values = _pattern({secret for secret in known if len(secret) >= MIN_IN_VALUES})

    @classmethod
    def of(cls, url: str, headers: Mapping[str, str], secrets: Iterable[str] = ()) -> Mask:
        """The mask of a feed: for `secrets`, and for what its URL and its headers have under the name of a key."""
        return cls({*secrets, *_in_url(url), *_in_headers(headers)})

    def text(self, text: str) -> str:
        """The text without secrets."""
        return text if self._in_texts is None else self._in_texts.sub(MASK, text)

    @property
    def covers_values(self) -> bool:
        """Whether there is anything that `value` would cover."""
        return self._in_values is not None

    def value(self, text: str) -> str:
        """The text of a product without secrets, but for short ones."""
        return text if self._in_values is None else self._in_values.sub(MASK, text)

    def url(self, url: str) -> str:
        """The URL without secrets and without what may be keys."""
        return self.text(without_keys(url))

    def quotation(self, content: bytes) -> str:
        """The beginning of an answer in one line, without secrets; "" if there is nothing to show."""
        text = content[: 4 * MAX_LOOKED_AT].decode("utf-8", "replace")
        line = "".join(sign if sign.isprintable() else " " for sign in self._beginning(text))
        return _bounded(" ".join(line.split()))

    def shown(self, text: str) -> str:
        """The beginning of a text that is printable already, without secrets."""
        return _bounded(self._beginning(text))

    def _beginning(self, text: str) -> str:
        """So much of a text that a quotation may need, without even half of a secret where it is cut."""
        if len(text) <= MAX_LOOKED_AT:
            return self.text(text)
        masked = self.text(text[:MAX_LOOKED_AT])
        return masked[: max(0, len(masked) - self._longest)]


def _in_url(url: str) -> Iterator[str]:
    try:
        query = urlsplit(url).query
    except ValueError:  # not a URL, which is told elsewhere
        return
    yield from (value for name, value in parse_qsl(query) if KEY.search(name))


def _in_headers(headers: Mapping[str, str]) -> Iterator[str]:
    for name, value in headers.items():
        if KEY.search(name):
            yield value
            for part in _PART.findall(value):
                bare = part.partition("=")[2].strip('"') or part
                yield from (each for each in (part, bare, *_of_basic(part)) if each.lower() not in SCHEMES)


def _of_basic(part: str) -> list[str]:
    """The password in the value of `Authorization: Basic` (RFC 7617), and the name and the password together."""
    try:
        login = b64decode(part, validate=True).decode("utf-8")
    except (Error, UnicodeDecodeError, ValueError):
        return []
    _, colon, password = login.partition(":")
    return [login, password] if colon else []


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_QUOTE else f"{text[:MAX_QUOTE]}…"


def _pattern(secrets: Iterable[str]) -> re.Pattern[str] | None:
    """What finds these secrets in any form, the longest first."""
    texts = [form for secret in sorted(secrets, key=len, reverse=True) for form in _forms(secret)]
    return re.compile("|".join(texts), re.IGNORECASE) if texts else None


def _forms(secret: str) -> Iterator[str]:
    """Patterns of the secret and of its base64; the padding of base64 may be left out."""
    sent = secret.encode("utf-8", "replace")
    padded = secret.endswith("=") and secret.strip("=") != ""
    yield "".join(map(_written, secret.rstrip("=") if padded else secret)) + (_PADDING if padded else "")
    for form in {b64encode(sent), urlsafe_b64encode(sent)}:
        yield "".join(map(_written, form.decode().rstrip("="))) + _PADDING


@cache
def _written(sign: str) -> str:
    """A pattern of the forms of a character: plain, percent-encoded, and escaped in JSON or HTML, also one in the other."""
    if sign.isascii() and sign.isalnum():
        return sign
    names = {name.lower() for name, meant in html5.items() if meant == sign and name.endswith(";")}
    in_html = "|".join([f"#0{{0,4}}{ord(sign)};", f"#x0{{0,4}}{ord(sign):x};", *sorted(names)])
    in_json = "".join(rf"\\{{1,3}}u{unit:04x}" for (unit,) in iter_unpack(">H", sign.encode("utf-16-be", "replace")))
    in_url = "".join(f"%(?:25){{0,2}}{byte:02x}" for byte in sign.encode("utf-8", "replace"))
    space = r"|\+" if sign == " " else ""
    slashes = 1 if sign == "\\" else 3
    return rf"(?:\\{{0,{slashes}}}(?:{re.escape(sign)}|&(?:amp;)?(?:{in_html}))|{in_json}|{in_url}{space})"


def _longest(secret: str) -> int:
    """Characters of the longest form of a secret, at most."""
    plain = sum(sign.isascii() and sign.isalnum() for sign in secret)
    return 2 * plain + LONGEST_ESCAPE * (len(secret.encode("utf-8", "replace")) - plain)


_PADDING = f"{_written('=')}*"

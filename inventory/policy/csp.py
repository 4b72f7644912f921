"""Content Security Policies (CSP level 3): what all policies of a response together allow."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from inventory.policy.value_tests import glob

ENFORCED, REPORTED = "content-security-policy", "content-security-policy-report-only"
MAX_POLICIES = 20
"""Of one response; further ones could only allow less."""
MAX_HOST = 253
"""Characters of a host that is compared with wildcards."""
MAX_SOURCES = 500
"""Of one directive; a longer list is not read further, and counts as one that allows everything."""
_SCRIPTS, _STYLES = ("script-src", "default-src"), ("style-src", "default-src")
FALLBACKS: Mapping[str, Sequence[str]] = {
    "script-src-elem": _SCRIPTS,
    "script-src-attr": _SCRIPTS,
    "style-src-elem": _STYLES,
    "style-src-attr": _STYLES,
    "worker-src": ("child-src", *_SCRIPTS),
    "frame-src": ("child-src", "default-src"),
    **{
        f"{name}-src": ("default-src",)
        for name in ("child", "connect", "font", "img", "manifest", "media", "object", "prefetch", "script", "style")
    },
}
"""The directives that stand for one that a policy lacks, the nearest first."""
OF_SCRIPTS = frozenset({"script-src", "script-src-elem", "script-src-attr", "worker-src"})
NONE, ALL, UNSAFE_INLINE, STRICT_DYNAMIC = "'none'", "*", "'unsafe-inline'", "'strict-dynamic'"
_SPACE = re.compile(r"[\t\n\f\r ]+")
_NONCE_OR_HASH = re.compile(r"'(?:nonce|sha256|sha384|sha512)-")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:")
_HOST = re.compile(r"(?:([a-z][a-z0-9+.-]*):)?(?://)?([^:/]*)(?::[0-9*]*)?(?:/.*)?", re.DOTALL)
_OF_NETWORK = frozenset({"http", "https", "ws", "wss", "ftp"})
_WIDER: Mapping[str | None, frozenset[str]] = {
    "https": frozenset({"https", "http", "wss", "ws"}),
    "http": frozenset({"http", "ws"}),
    "wss": frozenset({"wss", "ws"}),
}
"""The schemes of sources that allow all that a scheme does: `http:` allows https, too (CSP level 3, scheme-part)."""
_SECURED = {"http": "https", "ws": "wss"}


@dataclass(frozen=True, slots=True)
class ContentPolicy:
    """One policy: its directives with their sources in lower case, and the number of its header line."""

    line: int
    directives: Mapping[str, Sequence[str]]

    def sources(self, directive: str, *, explicit: bool = False) -> Sequence[str] | None:
        """The sources that count for a directive; None if the policy says nothing of it."""
        for name in (directive, *(() if explicit else FALLBACKS.get(directive, ()))):
            if name in self.directives:
                return self.directives[name]
        return None


def policies_in(lines: Sequence[tuple[int, str]]) -> Sequence[ContentPolicy]:
    """The policies of numbered header lines: a comma begins another one, and of equal directives the first counts."""
    found = (ContentPolicy(line, _directives(text)) for line, value in lines for text in value.split(","))
    return list(islice((each for each in found if each.directives), MAX_POLICIES))


def allowed(policies: Sequence[ContentPolicy], directive: str, *, explicit: bool = False) -> Mapping[str, int]:
    """The sources that every policy allows, each with the line of a policy that names it; `*` if none restricts it.

    What two policies allow by different words, of which neither covers the other, is left out.
    """
    lists = [(each.line, each.sources(directive, explicit=explicit)) for each in policies]
    restricting = [(line, _effective(directive, sources)) for line, sources in lists if sources is not None]
    if not restricting:
        return {ALL: lists[0][0]} if lists else {ALL: 0}
    if len(restricting) == 1:
        [(line, sources)] = restricting
        return dict.fromkeys(sources, line)
    asked = [_Sources(sources) for _, sources in restricting]
    found: dict[str, int] = {}
    for line, sources in restricting:
        for source in (each for each in sources if each not in found):
            allowed_as = next((each for each in _narrowed(source) if all(one.cover(each) for one in asked)), None)
            if allowed_as is not None:
                found.setdefault(allowed_as, line)
    return found


def matching(sources: Mapping[str, int], globs: Sequence[str]) -> Iterator[tuple[str, int]]:
    """The sources that match any of the globs, with their lines; a `*` that is a whole glob means the source `*`."""
    words = {each.lower() for each in globs}
    patterns = [glob(each) for each in globs if each != ALL]
    for source, line in sources.items():
        if source in words or any(each(source) for each in patterns):
            yield source, line


def _directives(text: str) -> Mapping[str, Sequence[str]]:
    directives: dict[str, Sequence[str]] = {}
    for part in text.split(";"):
        name, *sources = _SPACE.split(part.strip("\t\n\f\r "), maxsplit=MAX_SOURCES + 1)
        if name and name.lower() not in directives:
            directives[name.lower()] = [ALL] if len(sources) > MAX_SOURCES else [each.lower() for each in sources]
    return directives


def _effective(directive: str, sources: Sequence[str]) -> Sequence[str]:
    """What a list of sources allows for a directive.

    `'none'` is heeded alone, and some sources take the effect of others: `'strict-dynamic'` for scripts alone.
    """
    listed = dict.fromkeys(each for each in sources if each != NONE)
    is_dynamic = STRICT_DYNAMIC in listed and directive in OF_SCRIPTS
    if any(_NONCE_OR_HASH.match(each) for each in listed) or is_dynamic:
        listed.pop(UNSAFE_INLINE, None)
    if is_dynamic:
        return [each for each in listed if each.startswith("'") and each != "'self'"]
    return list(listed)


def _narrowed(source: str) -> Iterator[str]:
    """A source, and what of it is left where another policy allows encrypted connections alone."""
    yield source
    scheme, colon, rest = source.partition(":")
    if colon and scheme in _SECURED:
        yield f"{_SECURED[scheme]}:{rest}"


class _Sources:
    """A list of sources, ready to be asked for many. Ports and paths are not compared: what is left out may be more."""

    def __init__(self, sources: Sequence[str]) -> None:
        self._words = frozenset(sources)
        parts = [_parts(each) for each in sources if not each.startswith("'")]
        self._schemes = frozenset(scheme for scheme, host in parts if not host)
        self._hosts: dict[str, set[str | None]] = {}
        for scheme, host in parts:
            self._hosts.setdefault(host, set()).add(scheme)

    def cover(self, wanted: str) -> bool:
        """Whether they allow what another list names as `wanted`. `'self'` may be any host."""
        if wanted in self._words:
            return True
        if wanted.startswith("'") and wanted != "'self'":
            return _NONCE_OR_HASH.match(wanted) is not None and UNSAFE_INLINE in self._words
        scheme, host = (None, "'self'") if wanted == "'self'" else _parts(wanted)
        if ALL in self._words and (scheme is None or scheme in _OF_NETWORK):
            return True
        if wanted == ALL:
            return False
        wider = _WIDER.get(scheme, _OF_NETWORK if scheme is None else {scheme})
        if not wider.isdisjoint(self._schemes):
            return True
        return any(scheme is None or not {None, *wider}.isdisjoint(self._hosts.get(each, ())) for each in self._above(host))

    def _above(self, host: str) -> Iterator[str]:
        """The hosts of this list that mean a host: itself, `*.` of what it is below, and `*`."""
        if not host or len(host) > MAX_HOST:
            return
        labels = host.removeprefix("*.").split(".")
        begin = 0 if host.startswith("*.") else 1
        candidates = [host, *("*." + ".".join(labels[number:]) for number in range(begin, len(labels))), ALL]
        yield from (each for each in candidates if each in self._hosts)


@lru_cache(maxsize=4_096)
def _parts(source: str) -> tuple[str | None, str]:
    """The scheme, None without one, and the host, "" without one, of a source that is no keyword."""
    if _SCHEME.fullmatch(source):
        return source[:-1], ""
    found = _HOST.fullmatch(source)
    return (None, source) if found is None else (found[1], found[2])

"""What requirements look at, as values: where these are equal, snapshots are judged alike, but for the URLs of hops."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from operator import itemgetter
from types import NoneType
from typing import Any, Protocol

from inventory.policy import csp
from inventory.policy.judging_headers import HIDDEN, directives
from inventory.policy.requirements import (
    All,
    AnyOf,
    Cookie,
    Csp,
    Fact,
    Header,
    Hops,
    LoadedHosts,
    Not,
    Presence,
    Requirement,
)
from inventory.policy.seen import Hop, Seen
from inventory.policy.seen_values import LIFETIME, attribute_of, chosen_hops, fact_values

_PLAIN = frozenset({str, bool, NoneType})


class Aspect(Protocol):
    """One thing that requirements look at; equal ones look at the same."""

    def value(self, seen: Seen) -> Hashable:
        """What a snapshot shows of it. The number of hops belongs to it, and is not in it."""


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines of one header, with their numbers, in those hops that are meant."""

    name: str
    hops: Hops = Hops.FINAL
    scheme: str | None = None

    def value(self, seen: Seen) -> Hashable:
        return tuple((hop.number, tuple(hop.lines.get(self.name, ()))) for hop in chosen_hops(self.hops, seen, self.scheme))


@dataclass(frozen=True, slots=True)
class HiddenDirectives:
    """A directive of the lines of one header whose values are never shown: the rest of them, a secret, does not matter."""

    name: str
    directive: str
    split: str | None
    hops: Hops = Hops.FINAL
    scheme: str | None = None

    def value(self, seen: Seen) -> Hashable:
        return tuple([(hop.number, *self._in(hop)) for hop in chosen_hops(self.hops, seen, self.scheme)])

    def _in(self, hop: Hop) -> Sequence[tuple[int, str | None]]:
        lines = [(number, value) for number, name, value in hop.sent if name == self.name]
        return directives(lines, self.directive, self.split)


@dataclass(frozen=True, slots=True)
class AllLines:
    """All lines of these headers in one go. `every` hop, and its scheme, or the final one alone."""

    names: frozenset[str]
    every: bool

    def value(self, seen: Seen) -> Hashable:
        names = self.names
        if not self.every:
            return tuple([each for each in seen.hops[-1].sent if each[1] in names])
        return tuple([(hop.scheme, *[each for each in hop.sent if each[1] in names]) for hop in seen.hops])


@dataclass(frozen=True, slots=True)
class Cookies:
    """The names of the cookies, the hops that set them, and one of their attributes."""

    attribute: str | None

    def value(self, seen: Seen) -> Hashable:
        name = self.attribute
        return tuple(
            (
                str(each.get("name", "")),
                seen.hop_of(each).number,
                None if name is None else attribute_of(each, name, seen),
            )
            for each in seen.cookies
        )


class AllCookies:
    """The same with several of their attributes in one go."""

    def __init__(self, attributes: Sequence[str]) -> None:
        self._members = [each for each in attributes if each != LIFETIME]
        self._with_lifetime = LIFETIME in attributes
        self._values_of = itemgetter("name", "name", *self._members)  # of two at least, which makes a tuple

    def value(self, seen: Seen) -> Hashable:
        found = [(seen.hop_of(each).number, self._attributes(each, seen)) for each in seen.cookies]
        return (*found, *map(seen.lifetime, seen.cookies)) if self._with_lifetime else tuple(found)

    def _attributes(self, cookie: Mapping[str, Any], seen: Seen) -> Hashable:
        """The members as they are; as texts where one is a number, which may equal a flag, or a list, which has no hash."""
        try:
            values: tuple[Any, ...] = self._values_of(cookie)
            if _PLAIN.issuperset(map(type, values)):
                return values
        except KeyError:
            pass  # a snapshot of an older version lacks a member
        return str(cookie.get("name", "")), *[attribute_of(cookie, name, seen) for name in self._members]


@dataclass(frozen=True, slots=True)
class Facts:
    """The values of a fact, by hop; None if they are of a certificate that is not known."""

    fact: Fact

    def value(self, seen: Seen) -> Hashable:
        if self.fact.of == "certificate" and seen.certificate_is_unknown:
            return None
        return tuple([(hop.number, *values) for hop, values in fact_values(self.fact, seen)])


@dataclass(frozen=True, slots=True)
class Hosts:
    """The hosts that a page loads from, whether there may be more, and the site that it is of if that matters.

    None if they are not known.
    """

    kinds: tuple[str, ...]
    third_party: bool

    def value(self, seen: Seen) -> Hashable:
        page = seen.page
        if page is None:
            return None
        of_kind = page.hosts.get
        hosts = tuple([tuple(of_kind(kind, ())) for kind in self.kinds])
        return (hosts, seen.page_is_cut, seen.site if self.third_party and any(hosts) else None)


def aspects_of(requirement: Requirement) -> Iterator[Aspect]:
    """What a requirement looks at."""
    match requirement:
        case All(parts) | AnyOf(parts):
            for part in parts:
                yield from aspects_of(part)
        case Not(part):
            yield from aspects_of(part)
        case Header(name=name, hops=hops, scheme=scheme, directive=str(directive), split=split) if name in HIDDEN:
            yield HiddenDirectives(name, directive, split, hops, scheme)
        case Header(name=name, hops=hops, scheme=scheme):
            yield Lines(name, hops, scheme)
        case Csp(hops=hops):
            yield Lines(csp.ENFORCED, hops)
            yield Lines(csp.REPORTED, hops)
        case Cookie(attribute=attribute):
            yield Cookies(attribute)
        case Fact(of=of, name=name, hops=hops):
            yield Facts(Fact(of=of, name=name, presence=Presence.OPTIONAL, hops=hops))
        case LoadedHosts(kinds=kinds, third_party=third_party):
            yield Hosts(tuple(kinds), third_party)


def together(aspects: Iterable[Aspect]) -> Sequence[Aspect]:
    """What shows the same as many aspects do, in fewer of them."""
    listed = list(dict.fromkeys(aspects))
    lines = [each for each in listed if isinstance(each, Lines)]
    cookies = [each.attribute for each in listed if isinstance(each, Cookies)]
    hosts = [each for each in listed if isinstance(each, Hosts)]
    found: list[Aspect] = [each for each in listed if not isinstance(each, Lines | Cookies | Hosts)]
    if lines:
        every = any(each.hops is not Hops.FINAL or each.scheme is not None for each in lines)
        if every:  # they tell the schemes of all hops
            found = [each for each in found if not isinstance(each, Facts) or each.fact.name != "scheme"]
        found.append(AllLines(frozenset(each.name for each in lines), every))
    if cookies:
        found.append(AllCookies([name for name in cookies if name is not None]))
    if hosts:
        kinds = tuple(dict.fromkeys(kind for each in hosts for kind in each.kinds))
        found.append(Hosts(kinds, third_party=any(each.third_party for each in hosts)))
    return found


def header_names(aspects: Iterable[Aspect]) -> Set[str]:
    """The headers whose lines are looked at."""
    return frozenset(each.name for each in aspects if isinstance(each, Lines | HiddenDirectives))

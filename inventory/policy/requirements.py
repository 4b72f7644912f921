"""What rules require, as values. `judging` judges them; the schema of the file makes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from inventory.policy.value_tests import ValueTest


class Lines(StrEnum):
    """Which of a header's lines in one response count."""

    EVERY = "every"
    ANY = "any"
    FIRST = "first"
    LAST = "last"


class Hops(StrEnum):
    """Which responses count: the final one, the redirects before it, the first of all, or every one."""

    FINAL = "final"
    REDIRECTS = "redirects"
    FIRST = "first"
    EVERY = "every"


class Presence(StrEnum):
    """Whether there must be any, must be none, or may be either."""

    PRESENT = "present"
    ABSENT = "absent"
    OPTIONAL = "optional"


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """Of the lines of a header, or of one of their directives.

    `split` makes several values of a line. Values other than those of `known` are not looked at.
    """

    name: str
    presence: Presence
    test: ValueTest = field(default_factory=ValueTest)
    directive: str | None = None
    split: str | None = None
    known: Sequence[str] = ()
    lines: Lines = Lines.EVERY
    hops: Hops = Hops.FINAL
    scheme: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cookie:
    """Of the cookies whose names match a glob: that there are any or none, or what an attribute of each must be.

    With `may_lack` a cookie need not have the attribute.
    """

    names: Sequence[str]
    presence: Presence
    attribute: str | None = None
    may_lack: bool = False
    test: ValueTest = field(default_factory=ValueTest)
    hops: Hops = Hops.EVERY


@dataclass(frozen=True, slots=True, kw_only=True)
class Csp:
    """Of the sources that all policies of a response together allow for a directive.

    `forbids` and `only` are globs of sources. `explicit`: another directive, as `default-src`, does not stand for it.
    """

    directive: str
    presence: Presence
    forbids: Sequence[str] = ()
    only: Sequence[str] = ()
    report_only: bool = False
    explicit: bool = False
    hops: Hops = Hops.FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Of a fact of the certificate, the response, or the collection."""

    of: str
    name: str
    presence: Presence
    test: ValueTest = field(default_factory=ValueTest)
    hops: Hops = Hops.FINAL


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedHosts:
    """Of the hosts that the page loads from or posts to; with `third_party`, of those of other sites alone."""

    kinds: Sequence[str]
    presence: Presence
    third_party: bool = False
    test: ValueTest = field(default_factory=ValueTest)


@dataclass(frozen=True, slots=True)
class All:
    """All hold."""

    parts: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One at least holds."""

    parts: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """The other does not hold."""

    part: Requirement


Requirement: TypeAlias = Header | Cookie | Csp | Fact | LoadedHosts | All | AnyOf | Not

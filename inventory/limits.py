"""What a key may reach where its scopes limit a verb to hosts and tags."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from inventory.folding import folded

BELOW = "*."
"""What stands before a host for all names below it, and not itself."""
TAG = "tag="
"""What stands before a tag, because the text of a limit is a host otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Targets on one of these hosts, or with one of these tags; none at all if both are empty.

    Hosts are as URLs have them, or such with `*.` before. Tags are without case, because they are compared so.
    """

    hosts: frozenset[str] = frozenset()
    tags: frozenset[str] = frozenset()

    @property
    def texts(self) -> list[str]:
        """The hosts, and the tags after `tag=`: how limits are kept and shown; see `limits_of`."""
        return sorted(self.hosts) + [TAG + tag for tag in sorted(self.tags)]

    def admit_host(self, host: str) -> bool:
        """Whether every target on a host of a URL is within."""
        return any(names(each, host) for each in self.hosts)

    def admit(self, host: str, tags: Iterable[str]) -> bool:
        """Whether a target on this host and with these tags is within."""
        return self.admit_host(host) or any(folded(tag) in self.tags for tag in tags)


def limits_of(texts: Iterable[str] | None) -> Limits | None:
    """The limits of which these are the `texts`; None of None."""
    if texts is None:
        return None
    given = list(texts)
    tags = frozenset(each.removeprefix(TAG) for each in given if each.startswith(TAG))
    return Limits(hosts=frozenset(each for each in given if not each.startswith(TAG)), tags=tags)


def within(limits: Limits | None, others: Limits | None) -> bool:
    """Whether all that limits admit is admitted by others as well; None are no limits."""
    if others is None or limits is None:
        return others is None
    return limits.tags <= others.tags and all(any(covers(wide, each) for wide in others.hosts) for each in limits.hosts)


def within_any(limits: Limits | None, several: Iterable[Limits | None]) -> bool:
    """Whether one of several limits admits all that limits admit."""
    return any(within(limits, each) for each in several)


def names(pattern: str, host: str) -> bool:
    """Whether a host of limits means the host of a URL."""
    return host.endswith(pattern[1:]) and host != pattern[1:] if pattern.startswith(BELOW) else host == pattern


def covers(pattern: str, other: str) -> bool:
    """Whether a host of limits means all that another one means."""
    if other.startswith(BELOW):
        return pattern.startswith(BELOW) and other.endswith(pattern[1:])
    return names(pattern, other)

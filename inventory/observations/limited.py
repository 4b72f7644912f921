"""Limits to hosts and tags as a condition, so that a search finds nothing else."""

from __future__ import annotations

from inventory.limits import BELOW, Limits
from inventory.observations.conditions import Condition, Everything, Has, Pattern, Wildcard, Word, any_of
from inventory.observations.model import TAG

HOST_FIELD, TAG_FIELD = Word("host", exact=True), Word(TAG, exact=True)


def condition_of(limits: Limits | None, *, past: bool = False) -> Condition:
    """The condition that a target is within limits; `Everything` without any.

    `past`: it is asked of an earlier instant. Tags are not looked at then, because those of now say what a key may reach.
    """
    if limits is None:
        return Everything()
    hosts = [Has(HOST_FIELD, _host(each)) for each in sorted(limits.hosts)]
    tags = [] if past else [Has(TAG_FIELD, Word(each)) for each in sorted(limits.tags)]
    return any_of([*hosts, *tags])


def _host(written: str) -> Word | Pattern:
    if written.startswith(BELOW):
        return Pattern((Wildcard.ANY, written.removeprefix("*")), exact=True)
    return Word(written, exact=True)

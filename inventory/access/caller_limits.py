"""What the caller of a request may reach, where the scopes of its key limit a verb to hosts and tags."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from inventory.access import scopes
from inventory.access.current import caller
from inventory.access.model import Verb
from inventory.errors import OutOfScope
from inventory.limits import Limits, within
from inventory.records.model import Record, Target

Labels = Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
"""The labels of up to 1,000 records by id; none of an unknown record."""


class CallerLimits:
    """Asks for the limits of whom this thread answers. Verbs are those of `Verb`, as text, because views know no access."""

    def __init__(self, labels: Labels) -> None:
        self._labels = labels

    def of(self, verb: str) -> Limits | None:
        """What a verb is limited to; None where it is not limited."""
        return scopes.limits(caller().scopes, Verb(verb))

    def admit(self, verb: str, target: Target) -> bool:
        """Whether a target is within. One that is unknown to the inventory has no labels."""
        return self.of(verb) is None or target.id in self._admitted(verb, [target])

    def require(self, verb: str, target: Target) -> None:
        """Return if a target is within; else `OutOfScope` names the scope that is needed."""
        if not self.admit(verb, target):
            raise OutOfScope(scopes.needed(Verb(verb), target.host))

    def require_within(self, verb: str, limits: Limits | None) -> None:
        """Return if what has these limits, a job say, reaches nothing beyond those of the caller; else `OutOfScope`."""
        if not within(limits, self.of(verb)):
            raise OutOfScope(scopes.needed(Verb(verb)))

    def sift(self, verb: str, records: Sequence[Record]) -> Sequence[Record]:
        """Those of up to 1,000 records that are within, in their order."""
        admitted = self._admitted(verb, [each.target for each in records])
        return [each for each in records if each.id in admitted]

    def admit_any(self, verb: str, targets: Sequence[Target]) -> bool:
        """Whether any of up to 1,000 targets is within."""
        return bool(self._admitted(verb, targets))

    def _admitted(self, verb: str, targets: Sequence[Target]) -> frozenset[str]:
        """The ids of those that are within. The labels of those alone are read whose hosts do not decide it."""
        limits, by_id = self.of(verb), {each.id: each for each in targets}
        if limits is None:
            return frozenset(by_id)
        on_hosts = {record_id for record_id, each in by_id.items() if limits.admit_host(each.host)}
        others = [record_id for record_id in by_id if record_id not in on_hosts]
        labels = self._labels(others) if others and limits.tags else {}
        return frozenset(on_hosts).union(each for each in others if limits.admit(by_id[each].host, labels.get(each, ())))

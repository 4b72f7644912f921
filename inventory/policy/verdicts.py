"""What policies say of snapshots, as statements that searches find.

A statement is made when a snapshot is indexed, as of its collection. Rules that hold, or that are not for the snapshot,
make none: most rules do, at most targets.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from inventory.clock import EPOCH
from inventory.errors import InvalidRequest
from inventory.html_pages.page import Page
from inventory.observations.fields import GRADE, GRADED, POLICY
from inventory.observations.model import TAG
from inventory.observations.observing import OfSnapshot
from inventory.observations.queries.query import parse
from inventory.policy.builtin_policies import builtin
from inventory.policy.judgement import Judge, Looked
from inventory.policy.model import State
from inventory.policy.ports import ObservedTargets, Policies
from inventory.policy.reading import of_document
from inventory.records.model import Snapshot, Statement, Target
from inventory.watches.matching import asks_for

log = structlog.get_logger(__name__)

KEPT = "kept"
"""Among the ids of indexed policies: all that are not built in."""
MAX_RULES = 1_000
"""Rules that are indexed together: each may be a statement of each target. Policies that come later are left out."""
REFRESH_AFTER = 1.0
"""Seconds after which it is looked whether policies have changed."""
SHOWN = frozenset({State.FAILS, State.WAIVED, State.UNKNOWN})


@dataclass(frozen=True, slots=True)
class IndexedPolicy:
    """A policy, and the statements that it may make. `asks_for_labels`: they may depend on the labels of a target."""

    judge: Judge
    asks_for_labels: bool = field(init=False)
    _of_rules: Mapping[tuple[str, State], Statement] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        policy = self.judge.policy
        scopes = {rule.scope for rule in policy.rules} | {waiver.scope for waiver in policy.waivers}
        asks = any(asks_for(parse(scope, now=EPOCH), TAG) for scope in scopes)
        object.__setattr__(self, "asks_for_labels", asks)
        names = {rule.id: f"{POLICY}{policy.id}.{rule.id}" for rule in policy.rules if rule.finding}
        made = {(rule, state): Statement(name, state.value) for rule, name in names.items() for state in SHOWN}
        object.__setattr__(self, "_of_rules", made)

    @property
    def rules(self) -> int:
        """How many statements it makes at most, its grade aside."""
        return len(self._of_rules) // len(SHOWN)

    def say(self, looked: Looked) -> Iterator[Statement]:
        """What it says of a snapshot."""
        judgement = self.judge.judge(looked)
        for finding in judgement.findings:
            yield self._of_rules[finding.rule.id, finding.state]
        if judgement.grade is not None:
            name = self.judge.policy.id
            yield Statement(GRADE if name == GRADED else f"{GRADE}.{name}", judgement.grade)


@dataclass(frozen=True, slots=True)
class IndexedPolicies:
    """Those of a moment by id, and when each policy that is wanted was changed: None of one that is built in.

    Of wanted ones those are left out that cannot be read, or are too many.
    """

    by_id: Mapping[str, IndexedPolicy] = field(default_factory=dict)
    changed_at: Mapping[str, datetime | None] = field(default_factory=dict)

    def say(self, looked: Looked) -> tuple[Statement, ...]:
        """What they say of a snapshot, each statement once: ids with dots in them may make the same."""
        return tuple(dict.fromkeys(one for each in self.by_id.values() for one in each.say(looked)))


class Verdicts:
    """States what the indexed policies say. `indexed` has the ids of built-in ones, and `KEPT`. Threads share it."""

    def __init__(
        self,
        policies: Policies,
        observed: ObservedTargets,
        indexed: Collection[str],
        *,
        ticks: Callable[[], float] = time.monotonic,
    ) -> None:
        self._policies, self._observed, self._indexed, self._ticks = policies, observed, frozenset(indexed), ticks
        self._known = IndexedPolicies()
        self._read_at: float | None = None

    def of(self, target: Target) -> OfSnapshot:
        """What the policies of this moment say of any snapshot of a target, with the labels that it has now."""
        policies = self.current()
        if not policies.by_id:
            return lambda _snapshot, _page: ()
        tags = self._labels(target) if any(each.asks_for_labels for each in policies.by_id.values()) else ()

        def said(snapshot: Snapshot, page: Page | None) -> tuple[Statement, ...]:
            if not isinstance(snapshot.content.get("response"), Mapping):
                return ()
            at = snapshot.collected_at
            return policies.say(
                Looked(target=target, content=snapshot.content, collected_at=at, at=at, tags=tags, page=page)
            )

        return said

    def current(self, *, afresh: bool = False) -> IndexedPolicies:
        """The policies that are indexed, as they are if `afresh`, else as they were a second ago at the latest."""
        now, read_at = self._ticks(), self._read_at
        if afresh or read_at is None or now - read_at >= REFRESH_AFTER:
            self._known = self._refreshed(self._known)
            self._read_at = now
        return self._known

    def ask_for_labels(self) -> bool:
        """Whether what policies say may depend on the labels of targets."""
        return any(each.asks_for_labels for each in self.current().by_id.values())

    @property
    def are_kept_indexed(self) -> bool:
        """Whether policies are wanted that are not built in."""
        return KEPT in self._indexed

    def _refreshed(self, known: IndexedPolicies) -> IndexedPolicies:
        wanted: dict[str, datetime | None] = {name: None for name in builtin() if name in self._indexed}
        if self.are_kept_indexed:
            wanted |= self._policies.changed_at()
        if wanted == known.changed_at:
            return known
        found: dict[str, IndexedPolicy] = {}
        rules = 0
        for name, changed_at in wanted.items():
            is_same = name in known.by_id and known.changed_at[name] == changed_at
            policy = known.by_id[name] if is_same else self._read(name)
            if policy is not None and rules + policy.rules <= MAX_RULES:
                found[name], rules = policy, rules + policy.rules
        return IndexedPolicies(found, wanted)

    def _read(self, name: str) -> IndexedPolicy | None:
        """A policy; None if it was removed just now, or cannot be read."""
        if name in builtin():
            return IndexedPolicy(Judge(builtin()[name]))
        kept = self._policies.find(name)
        if kept is None:
            return None
        try:
            return IndexedPolicy(Judge(of_document(json.loads(kept.document))))
        except InvalidRequest as error:  # a later version wrote it
            log.warning("policy_not_indexed", policy=name, error=str(error))
            return None

    def _labels(self, target: Target) -> Sequence[str]:
        return [value for _, value in self._observed.values([target.id], [TAG]).get(target.id, ())]

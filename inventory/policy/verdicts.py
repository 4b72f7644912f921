"""What policies say of snapshots, as statements that searches find.

A statement is made when a snapshot is indexed, as of its collection. Rules that hold, or that are not for the snapshot,
make none: most rules do, at most targets.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog

from inventory.clock import EPOCH
from inventory.errors import InvalidRequest
from inventory.html_pages.page import Page
from inventory.json_members import is_object
from inventory.observations.extraction import common_of
from inventory.observations.fields import GRADE, GRADED, POLICY
from inventory.observations.model import TAG
from inventory.observations.observing import OfSnapshot
from inventory.observations.queries.query import parse
from inventory.policy.builtin_policies import builtin
from inventory.policy.judgement import Judge, Looked, scored
from inventory.policy.model import Judgement, Policy
from inventory.policy.ports import ObservedTargets, Policies
from inventory.policy.reading import of_document
from inventory.records.model import NOTHING_COMMON, Common, Snapshot, Statement, Target
from inventory.watches.matching import asks_for

log = structlog.get_logger(__name__)

KEPT = "kept"
"""Among the ids of indexed policies: all that are not built in."""
MAX_RULES = 1_000
"""Rules that are indexed together: each may be a statement of each target. Policies that come later are left out."""
REFRESH_AFTER = 1.0
"""Seconds after which it is looked whether policies have changed."""
MAX_REMEMBERED = 512
"""Judgements whose statements are remembered."""
BETWEEN = "/"
"""Between the ids of a policy and of its rule, while they are judged: no id has it."""


class IndexedPolicies:
    """The policies that are indexed at a moment: judged together, so that what several look at is read once.

    `changed_at` is when each that is wanted was kept last, None of one that is built in. Of wanted ones those are left out
    that cannot be read, or are too many.
    """

    def __init__(self, by_id: Mapping[str, Policy], changed_at: Mapping[str, datetime | None]) -> None:
        self.by_id, self.changed_at = by_id, changed_at
        whole = _together(by_id.values())
        self._judge = Judge(whole)
        scopes = {rule.scope for rule in whole.rules} | {waiver.scope for waiver in whole.waivers}
        self.ask_for_labels = any(asks_for(parse(scope, now=EPOCH), TAG) for scope in scopes)
        """Whether what they say may depend on the labels of a target."""
        self._said: dict[int, tuple[Judgement, Common]] = {}

    def say(self, looked: Looked) -> Common:
        """What they say of a snapshot."""
        judgement = self._judge.judge(looked)
        said = self._said.get(id(judgement))
        if said is None:
            if len(self._said) >= MAX_REMEMBERED:
                self._said = {}
            said = self._said[id(judgement)] = judgement, common_of(tuple(self._statements(judgement)))
        return said[1]

    def _statements(self, judgement: Judgement) -> Iterator[Statement]:
        for finding in judgement.findings:
            yield Statement(POLICY + finding.rule.id.replace(BETWEEN, "."), finding.state.value)
        for name, policy in self.by_id.items():
            if policy.scoring is not None:
                states = {rule.id: judgement.states[f"{name}{BETWEEN}{rule.id}"] for rule in policy.rules}
                yield Statement(GRADE if name == GRADED else f"{GRADE}.{name}", scored(policy.scoring, states)[1])


def _together(policies: Collection[Policy]) -> Policy:
    """One policy with the rules and waivers of all; each rule has the id of its policy before its own."""
    rules = [replace(rule, id=f"{policy.id}{BETWEEN}{rule.id}") for policy in policies for rule in policy.rules]
    waivers = [
        replace(waiver, rules=[f"{policy.id}{BETWEEN}{rule.id}" for rule in policy.rules if waiver.names(rule.id)])
        for policy in policies
        for waiver in policy.waivers
    ]
    return Policy(id="indexed", title="", rules=rules, waivers=waivers)


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
        self._known = IndexedPolicies({}, {})
        self._read_at: float | None = None

    def of(self, target: Target) -> OfSnapshot:
        """What the policies of this moment say of any snapshot of a target, with the labels that it has now."""
        policies = self.current()
        if not policies.by_id:
            return lambda _snapshot, _page: NOTHING_COMMON
        tags = self._labels(target) if policies.ask_for_labels else ()

        def said(snapshot: Snapshot, page: Page | None) -> Common:
            if not is_object(snapshot.content.get("response")):
                return NOTHING_COMMON
            at = snapshot.collected_at
            return policies.say(
                Looked(target=target, content=snapshot.content, collected_at=at, at=at, tags=tags, page=page)
            )

        return said

    def current(self, *, afresh: bool = False) -> IndexedPolicies:
        """The policies that are indexed, as they are if `afresh`, else as they were read, a second ago at the latest.

        The second begins when they have come: on a slow store they would be read again for each snapshot.
        """
        read_at = self._read_at
        if afresh or read_at is None or self._ticks() - read_at >= REFRESH_AFTER:
            self._known = self._refreshed(self._known)
            self._read_at = self._ticks()
        return self._known

    def ask_for_labels(self) -> bool:
        """Whether what policies say may depend on the labels of targets."""
        return self.current().ask_for_labels

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
        found: dict[str, Policy] = {}
        rules = 0
        for name, changed_at in wanted.items():
            is_same = name in known.by_id and known.changed_at[name] == changed_at
            policy = known.by_id[name] if is_same else self._read(name)
            if policy is not None and rules + len(policy.rules) <= MAX_RULES:
                found[name], rules = policy, rules + len(policy.rules)
        return IndexedPolicies(found, wanted)

    def _read(self, name: str) -> Policy | None:
        """A policy; None if it was removed just now, or cannot be read."""
        if name in builtin():
            return builtin()[name]
        kept = self._policies.find(name)
        if kept is None:
            return None
        try:
            return of_document(json.loads(kept.document))
        except InvalidRequest as error:  # a later version wrote it
            log.warning("policy_not_indexed", policy=name, error=str(error))
            return None

    def _labels(self, target: Target) -> Sequence[str]:
        return [value for _, value in self._observed.values([target.id], [TAG]).get(target.id, ())]

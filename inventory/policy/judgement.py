"""Judges a snapshot by a whole policy, its waivers and its score: pure, as of an instant."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from inventory.clock import EPOCH
from inventory.html_pages.page import Page
from inventory.observations import extraction
from inventory.observations.model import TAG
from inventory.observations.queries.query import parse
from inventory.policy.judging import judged
from inventory.policy.model import Evidence, Finding, Judgement, Policy, Rule, Scoring, State, Waiver
from inventory.policy.requirements import All, AnyOf, LoadedHosts, Not, Requirement
from inventory.policy.seen import Seen
from inventory.records.model import Content, Target
from inventory.watches.matching import Test, compiled

Scope: TypeAlias = Callable[[], bool]
_READ_AT = EPOCH


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What is judged: a snapshot's content, its target with the labels it had, and the instant as of which.

    `page` is what its HTML says, if the content does not have it.
    """

    target: Target
    content: Content
    collected_at: datetime
    at: datetime
    tags: Sequence[str] = ()
    page: Page | None = None


@dataclass(frozen=True, slots=True)
class Judge:
    """A policy with its scopes read, to judge many snapshots."""

    policy: Policy
    _tests: Mapping[str, Test] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        scopes = {rule.scope for rule in self.policy.rules} | {waiver.scope for waiver in self.policy.waivers}
        tests = {each: compiled(parse(each, now=_READ_AT), read_at=_READ_AT) for each in scopes if each}
        object.__setattr__(self, "_tests", tests)

    @property
    def asks_for_hosts(self) -> bool:
        """Whether any rule is about what pages load, so that pages are to be read that a content lacks."""
        return any(_asks_for_hosts(part) for rule in self.policy.rules for part in (rule.require, rule.when) if part)

    def judge(self, looked: Looked) -> Judgement:
        """What the policy says of a snapshot."""
        seen = Seen(looked.content, looked.target.key, looked.collected_at, looked.at, looked.page)
        holds = self._scopes(looked)
        states: dict[str, State] = {}
        findings: list[Finding] = []
        for rule in self.policy.rules:
            finding = self._finding(rule, seen, holds, looked.at)
            states[rule.id] = finding if isinstance(finding, State) else finding.state
            if rule.finding and isinstance(finding, Finding):
                findings.append(finding)
        scoring = self.policy.scoring
        score, grade = (None, None) if scoring is None else scored(scoring, states)
        return Judgement(states=states, findings=findings, score=score, grade=grade)

    def _finding(self, rule: Rule, seen: Seen, holds: Callable[[str], bool], at: datetime) -> Finding | State:
        if not holds(rule.scope):
            return State.NOT_IN_SCOPE
        when = None if rule.when is None else judged(rule.when, seen)
        if when is not None and when.problems:
            return State.NOT_IN_SCOPE
        result = judged(rule.require, seen)
        if result.holds:
            return State.HOLDS
        unknown = (when.unknown if when is not None else "") or result.unknown
        if unknown:
            return Finding(rule=rule, state=State.UNKNOWN, evidence=[Evidence(problem=unknown)])
        waivers = [each for each in self.policy.waivers if each.names(rule.id) and holds(each.scope)]
        waiver, expired = standing(waivers, at)
        return Finding(
            rule=rule,
            state=State.FAILS if waiver is None else State.WAIVED,
            evidence=result.problems,
            omitted=result.omitted,
            waiver=waiver,
            expired=expired,
        )

    def _scopes(self, looked: Looked) -> Callable[[str], bool]:
        """Whether the target is within a scope; what it states is found out when the first scope asks."""
        stated: dict[str, list[str]] = {}
        known: dict[str, bool] = {"": True}

        def holds(scope: str) -> bool:
            if scope not in known:
                if not stated:
                    _state(looked, stated)
                known[scope] = self._tests[scope](stated, looked.at.timestamp())
            return known[scope]

        return holds


def standing(waivers: Sequence[Waiver], at: datetime) -> tuple[Waiver | None, Waiver | None]:
    """The waiver that holds longest at an instant; without one, the one that expired last."""
    latest = max(waivers, key=lambda each: each.expires, default=None)
    if latest is None:
        return None, None
    return (latest, None) if at < latest.expires else (None, latest)


def scored(scoring: Scoring, states: Mapping[str, State]) -> tuple[int, str]:
    """The score and the grade of what rules came to; a waiver changes nothing of them."""
    failing = {rule for rule, state in states.items() if state in (State.FAILS, State.WAIVED)}
    holding = {rule for rule, state in states.items() if state is State.HOLDS}
    points = [
        next((each.points for each in test.results if each.rule in (failing if each.fails else holding)), 0)
        for test in scoring.tests
    ]
    without_bonus = scoring.start + sum(each for each in points if each < 0)
    bonus = sum(each for each in points if each > 0) if without_bonus >= scoring.bonus_from else 0
    score = max(0, without_bonus + bonus)
    return score, next(grade for grade, lowest in scoring.grades if score >= lowest)


def _state(looked: Looked, stated: dict[str, list[str]]) -> None:
    for each in extraction.of_snapshot(looked.target, looked.content, looked.page):
        stated.setdefault(each.field, []).append(each.value)
    stated[TAG] = list(looked.tags)


def _asks_for_hosts(requirement: Requirement) -> bool:
    match requirement:
        case All(parts) | AnyOf(parts):
            return any(map(_asks_for_hosts, parts))
        case Not(part):
            return _asks_for_hosts(part)
        case _:
            return isinstance(requirement, LoadedHosts)

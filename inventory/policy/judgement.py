"""Judges a snapshot by a whole policy, its waivers and its score: pure, as of an instant."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from inventory.clock import EPOCH
from inventory.html_pages.page import Page
from inventory.observations import extraction
from inventory.observations.model import TAG, And, Between, Condition, Exists, Has, Not, Or, Word
from inventory.observations.queries.query import parse
from inventory.policy.judging import Result, judged
from inventory.policy.looked_at import Aspect, Hosts, aspects_of, header_names, together
from inventory.policy.model import Evidence, Finding, Judgement, Points, Policy, Rule, Scoring, State, Waiver
from inventory.policy.remembered import Remembered
from inventory.policy.seen import Seen
from inventory.records.model import Content, Target
from inventory.watches.matching import asks_for, compiled

MAX_JUDGEMENTS, MAX_RESULTS = 512, 512
"""That a policy remembers, and that each of its rules does."""
_READ_AT = EPOCH
_NOT_ASKED = Result()
_OF_TARGET = frozenset({TAG, "url", "path", "host", "domain", "scheme", "port"})
"""Fields that only the URL of a target and its labels state."""


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
class _RememberingRule:
    """A rule with what it came to, by what it looks at: the positions of it among all that the policy looks at."""

    rule: Rule
    aspects: Sequence[tuple[int, Aspect]]
    results: Remembered[tuple[Result | None, Result]]


class Judge:
    """A policy made ready to judge many snapshots: what it looks at is judged once, however many of them show it."""

    def __init__(self, policy: Policy, *, remembers: int = MAX_JUDGEMENTS) -> None:
        self.policy = policy
        scopes = dict.fromkeys([*(rule.scope for rule in policy.rules), *(waiver.scope for waiver in policy.waivers)])
        conditions = {each: parse(each, now=_READ_AT) for each in scopes if each}
        self._tests = {each: compiled(condition, read_at=_READ_AT) for each, condition in conditions.items()}
        self._asks_for_content = not all(map(_is_about_target, conditions.values()))
        aspects: dict[Aspect, int] = {}
        self._rules = [_remembering(each, aspects) for each in policy.rules]
        self._aspects, self._header_names = together(aspects), header_names(aspects)
        self._judgements: Remembered[Judgement] = Remembered(remembers)
        self.asks_for_hosts = any(isinstance(each, Hosts) for each in aspects)
        """Whether any rule is about what pages load, so that pages are to be read that a content lacks."""
        self.asks_for_tags = any(asks_for(each, TAG) for each in conditions.values())
        """Whether a scope depends on labels."""

    def judge(self, looked: Looked) -> Judgement:
        """What the policy says of a snapshot."""
        seen = Seen(looked.content, looked.target.key, looked.collected_at, looked.at, looked.page, self._header_names)
        holds = self._scopes(looked)
        key = (
            len(seen.hops),
            tuple([each.value(seen) for each in self._aspects]),
            tuple([holds(each) for each in self._tests]),
            tuple([looked.at < each.expires for each in self.policy.waivers]),
        )
        found = self._judgements.get(key)
        if found is None:
            found = self._judge(seen, holds, looked.at)
            self._judgements.keep(key, found)
        return found

    def _judge(self, seen: Seen, holds: Callable[[str], bool], at: datetime) -> Judgement:
        states: dict[str, State] = {}
        findings: list[Finding] = []
        shown: dict[int, Hashable] = {}
        for each in self._rules:
            rule = each.rule
            finding = self._finding(each, seen, shown, at, holds)
            states[rule.id] = finding if isinstance(finding, State) else finding.state
            if rule.finding and isinstance(finding, Finding):
                findings.append(finding)
        scoring = self.policy.scoring
        score, grade = (None, None) if scoring is None else scored(scoring, states)
        return Judgement(states=states, findings=findings, score=score, grade=grade)

    def _finding(
        self,
        judged_rule: _RememberingRule,
        seen: Seen,
        shown: dict[int, Hashable],
        at: datetime,
        holds: Callable[[str], bool],
    ) -> Finding | State:
        rule = judged_rule.rule
        if not holds(rule.scope):
            return State.NOT_IN_SCOPE
        when, result = _results(judged_rule, seen, shown)
        if when is not None and when.problems:
            return State.NOT_IN_SCOPE
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
                    _state(looked, stated, whole=self._asks_for_content)
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
    points = [0 if each is None else each.points for each in counting(scoring, states)]
    without_bonus = scoring.start + sum(each for each in points if each < 0)
    bonus = sum(each for each in points if each > 0) if without_bonus >= scoring.bonus_from else 0
    score = max(0, without_bonus + bonus)
    return score, next(grade for grade, lowest in scoring.grades if score >= lowest)


def counting(scoring: Scoring, states: Mapping[str, State]) -> Sequence[Points | None]:
    """The result of each test that counts, None where none is so."""
    failing = {rule for rule, state in states.items() if state in (State.FAILS, State.WAIVED)}
    holding = {rule for rule, state in states.items() if state is State.HOLDS}
    return [
        next((each for each in test.results if each.rule in (failing if each.fails else holding)), None)
        for test in scoring.tests
    ]


def _results(judged_rule: _RememberingRule, seen: Seen, shown: dict[int, Hashable]) -> tuple[Result | None, Result]:
    """Whether the condition of a rule holds, if it has one, and whether what it requires does."""
    for position, aspect in judged_rule.aspects:
        if position not in shown:
            shown[position] = aspect.value(seen)
    key = (len(seen.hops), tuple([shown[position] for position, _ in judged_rule.aspects]))
    found = judged_rule.results.get(key)
    if found is None:
        rule = judged_rule.rule
        when = None if rule.when is None else judged(rule.when, seen)
        found = when, (_NOT_ASKED if when is not None and when.problems else judged(rule.require, seen))
        judged_rule.results.keep(key, found)
    return found


def _remembering(rule: Rule, known: dict[Aspect, int]) -> _RememberingRule:
    """A rule that has remembered nothing yet; what it looks at is added to what is known."""
    parts = [each for each in (rule.when, rule.require) if each is not None]
    aspects = dict.fromkeys(aspect for part in parts for aspect in aspects_of(part))
    positions = [(known.setdefault(each, len(known)), each) for each in aspects]
    return _RememberingRule(rule, positions, Remembered(MAX_RESULTS))


def _state(looked: Looked, stated: dict[str, list[str]], *, whole: bool) -> None:
    """What a target states; unless the `whole` is asked for, what its URL and its labels do."""
    statements = (
        extraction.of_snapshot(looked.target, looked.content, looked.page)
        if whole
        else extraction.of_failure(looked.target, None)
    )
    for each in statements:
        stated.setdefault(each.field, []).append(each.value)
    if looked.tags:
        stated[TAG] = list(looked.tags)


def _is_about_target(condition: Condition) -> bool:
    """Whether a condition depends on nothing but the URL of a target and its labels."""
    match condition:
        case And(conditions) | Or(conditions):
            return all(map(_is_about_target, conditions))
        case Not(other):
            return _is_about_target(other)
        case Exists(field) | Has(field) | Between(field):
            return isinstance(field, Word) and field.exact and field.text in _OF_TARGET
        case _:
            return True

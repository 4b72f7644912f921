"""Policies, and what judging a target by one comes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Any

from inventory.policy.requirements import Requirement

MAX_POLICIES = 200
"""That are kept besides the built-in ones."""
EVERY_RULE = "*"


class Severity(StrEnum):
    """How much a finding matters, the worst first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    INFO = "info"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is required of the targets that `scope`, a query, means, where `when` holds.

    Without `finding` it is judged for the score alone.
    """

    id: str
    severity: Severity
    message: str
    require: Requirement
    scope: str = ""
    when: Requirement | None = None
    remediation: str = ""
    links: Sequence[str] = ()
    finding: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Findings that somebody answers for until `expires`: of these rules, at the targets that `scope` means."""

    rules: Sequence[str]
    owner: str
    reason: str
    expires: datetime
    scope: str = ""

    def names(self, rule_id: str) -> bool:
        """Whether it is about a rule."""
        return rule_id in self.rules or EVERY_RULE in self.rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """The points for a rule that `fails`, or that does not and holds."""

    rule: str
    fails: bool
    points: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoredTest:
    """The first of `results` that is so gives its points; if none is, there are none."""

    id: str
    results: Sequence[Points]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scoring:
    """Points are added to `start`; those above zero only if it is at least `bonus_from` without them.

    `grades` are the lowest scores of grades, the highest first.
    """

    start: int
    bonus_from: int
    tests: Sequence[ScoredTest]
    grades: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Rules with their waivers. `document` is the file that it was read from, as JSON-ready values."""

    id: str
    title: str
    rules: Sequence[Rule]
    description: str = ""
    waivers: Sequence[Waiver] = ()
    scoring: Scoring | None = None
    document: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptPolicy:
    """A policy of the store. `document` is JSON in UTF-8."""

    id: str
    created_at: datetime
    changed_at: datetime
    document: bytes


class State(StrEnum):
    """What a rule comes to at a target."""

    HOLDS = "holds"
    FAILS = "fails"
    WAIVED = "waived"
    UNKNOWN = "unknown"
    NOT_IN_SCOPE = "not_in_scope"


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Where a requirement is not met: the hop, counted from 1, and the header line in it, None where no line is meant.

    `name` and `value` are those of the line or cookie; the value of a cookie is never shown. `problem` is a sentence.
    """

    problem: str
    hop: int | None = None
    line: int | None = None
    name: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that a snapshot does not meet, or of which it cannot be told; `omitted` is how much more evidence there is.

    `waiver` is what holds at the instant; `expired` is a waiver that no longer does.
    """

    rule: Rule
    state: State
    evidence: Sequence[Evidence]
    omitted: int = 0
    waiver: Waiver | None = None
    expired: Waiver | None = None


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What a policy says of snapshots that it cannot tell apart: the state of each rule, and the findings in their order.

    One object may be that of many snapshots.
    """

    states: Mapping[str, State]
    findings: Sequence[Finding]
    score: int | None = None
    grade: str | None = None

    @cached_property
    def fails(self) -> bool:
        """Whether any rule fails that no waiver covers."""
        return any(each.state is State.FAILS for each in self.findings)

    @cached_property
    def unknown(self) -> Finding | None:
        """The first finding of which it cannot be told."""
        return next((each for each in self.findings if each.state is State.UNKNOWN), None)


class TargetStatus(StrEnum):
    """What checking a target came to."""

    CLEAN = "clean"
    FINDINGS = "findings"
    UNCHECKED = "unchecked"


class Unchecked(StrEnum):
    """Why a target could not be checked."""

    NOT_IN_INVENTORY = "not_in_inventory"
    NEVER_COLLECTED = "never_collected"
    FAILED = "failed"
    STALE = "stale"
    NOT_A_WEBPAGE = "not_a_webpage"
    PAGE_UNKNOWN = "page_unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What checking a target came to. `judgement` is of the snapshot; None if none was judged.

    `hop_urls` are the URLs of its responses.
    """

    url: str
    status: TargetStatus
    record_id: str | None = None
    reason: Unchecked | None = None
    detail: str = ""
    snapshot_id: str | None = None
    collected_at: datetime | None = None
    judgement: Judgement | None = None
    hop_urls: Sequence[str] = ()

    @property
    def findings(self) -> Sequence[Finding]:
        """Those of the snapshot."""
        return () if self.judgement is None else self.judgement.findings

"""The tables that `inventory check` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console

from inventory.commands.terminal import new_table, print_table, safe_text, stdout_console
from inventory.policy.model import Judgement, Policy, State, TargetStatus, Verdict
from inventory.policy.reports import statuses
from inventory.policy.sarif import message_of

MAX_ROWS = 1_000
"""Of a table; of more rows it is told which rules fail how often."""
ROWS = "rows"
SUMMARY = {
    TargetStatus.CLEAN: "clean",
    TargetStatus.FINDINGS: "with findings",
    TargetStatus.UNCHECKED: "not checked",
}

Row = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePiece:
    """The first rows of some verdicts, how many there would be, and how many targets there are by status and by rule."""

    rows: Sequence[Row] = ()
    counts: Counter[str] = field(default_factory=Counter)
    failing: Counter[str] = field(default_factory=Counter)


def table_piece(verdicts: Sequence[Verdict], limit: int) -> TablePiece:
    """What a table has of some verdicts; at most so many rows."""
    counts, failing = statuses(verdicts), Counter[str]()
    shared: dict[int, tuple[Judgement, list[Verdict]]] = {}
    for each in verdicts:
        if each.judgement is not None:
            shared.setdefault(id(each.judgement), (each.judgement, []))[1].append(each)
    for judgement, same in shared.values():
        rules = [finding.rule.id for finding in judgement.findings if finding.state is State.FAILS]
        failing.update(dict.fromkeys(rules, len(same)))
        counts[ROWS] += len(same) * (len(rules) + (judgement.grade is not None))
    counts[ROWS] += counts[TargetStatus.UNCHECKED.value]
    rows: list[Row] = []
    for each in verdicts:
        if len(rows) >= limit:
            break
        rows += _rows(each)
    return TablePiece(rows=rows[:limit], counts=counts, failing=failing)


def print_verdicts(policy: Policy, pieces: Iterable[TablePiece]) -> None:
    """Print a table of what is not clean, and how many targets there are of each status."""
    rows: list[Row] = []
    counts, failing = Counter[str](), Counter[str]()
    for each in pieces:
        rows += each.rows[: MAX_ROWS - len(rows)]
        counts.update(each.counts)
        failing.update(each.failing)
    console = stdout_console()
    if rows:
        table = new_table("url", "status", "rule", "what")
        for row in rows:
            table.add_row(*map(safe_text, row))
        console.print(table)
    if counts[ROWS] > len(rows):
        _print_rest(console, policy, counts[ROWS], failing)
    listed = [(each, counts[each.value]) for each in TargetStatus]
    targets = sum(count for _, count in listed)
    told = ", ".join(f"{count:,} {SUMMARY[status]}" for status, count in listed)
    console.print(f"{targets:,} target{'' if targets == 1 else 's'}: {told}", highlight=False)


def _print_rest(console: Console, policy: Policy, rows: int, failing: Mapping[str, int]) -> None:
    more = (
        f"These are the first {MAX_ROWS:,} of {rows:,} rows; --format csv has all. Rules that fail, and at how many targets:"
    )
    console.print(more, highlight=False)
    listed = [
        {"rule": rule.id, "severity": rule.severity.value, "targets": f"{failing[rule.id]:,}"}
        for rule in policy.rules
        if failing.get(rule.id)
    ]
    print_table(console, "", ("rule", "severity", "targets"), listed)


def _rows(verdict: Verdict) -> Iterator[Row]:
    """A row for each finding that is not waived, and one for a target that could not be checked, or that has a grade."""
    grade = verdict.judgement.grade if verdict.judgement else None
    if grade is not None and verdict.judgement is not None:
        yield verdict.url, f"grade {grade}", "", f"score {verdict.judgement.score}"
    if verdict.status is TargetStatus.UNCHECKED:
        yield verdict.url, str(verdict.reason or ""), "", verdict.detail
    for finding in verdict.findings:
        if finding.state is State.FAILS:
            expired = finding.expired
            note = "" if expired is None else f" The waiver of {expired.owner} has expired."
            yield verdict.url, finding.rule.severity.value, finding.rule.id, f"{message_of(finding)}{note}"


def print_replay(document: Mapping[str, Any]) -> None:
    """Print when rules would have failed, one row for each rule of a target."""
    console = stdout_console()
    rows = [{"url": target["url"], **rule, **_last(rule)} for target in document["targets"] for rule in target["rules"]]
    if rows:
        print_table(console, "", ("url", "rule", "severity", "began", "ended", "times", "flaps"), rows)
    snapshots = f"{document['snapshots']:,} snapshots of {document['checked']:,} targets"
    console.print(f"{snapshots}, from {document['since']} to {document['until']}", highlight=False)
    if document["unchecked"]:
        console.print(f"Targets of which not all could be checked: {document['unchecked']:,}", highlight=False)


def _last(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The latest time in which a rule failed, and how many there were."""
    return {**rule["periods"][-1], "times": len(rule["periods"])}

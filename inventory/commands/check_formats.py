"""What `inventory check` prints."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from rich.table import Table

from inventory.commands.terminal import print_table, safe_text, stdout_console
from inventory.jobs.exports import csv_lines
from inventory.policy.documents import report_document
from inventory.policy.junit import junit
from inventory.policy.model import Policy, State, TargetStatus, Verdict
from inventory.policy.sarif import message_of, sarif

COLUMNS = (
    "url", "status", "rule", "severity", "state", "message", "hop", "line", "name", "value", "snapshot",
    "collected_at", "detail",
)  # fmt: skip


def print_verdicts(verdicts: Sequence[Verdict]) -> None:
    """Print a table of what is not clean, and how many targets there are of each status."""
    console = stdout_console()
    rows = [row for verdict in verdicts for row in _rows(verdict)]
    if rows:
        table = Table()
        for name in ("url", "status", "rule", "what"):
            table.add_column(name, overflow="fold")
        for row in rows:
            table.add_row(*map(safe_text, row))
        console.print(table)
    counts = [(each.value, sum(verdict.status is each for verdict in verdicts)) for each in TargetStatus]
    console.print(f"{len(verdicts):,} checked: " + ", ".join(f"{count:,} {name}" for name, count in counts), highlight=False)


def _rows(verdict: Verdict) -> Iterator[tuple[str, str, str, str]]:
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


def _as_json(policy: Policy, at: datetime, verdicts: Sequence[Verdict]) -> str:
    return json.dumps(report_document(policy, at, verdicts))


def _as_csv(policy: Policy, at: datetime, verdicts: Sequence[Verdict]) -> bytes:
    document = report_document(policy, at, verdicts)
    rows = [row for target in document["targets"] for row in _csv_rows(target)]
    return csv_lines([COLUMNS, *([row.get(name) for name in COLUMNS] for row in rows)])


def _csv_rows(target: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """A row for each piece of evidence, and one for a target without any."""
    if not target["findings"]:
        yield target
    for finding in target["findings"]:
        for evidence in finding["evidence"]:
            yield {**target, **finding, **evidence, "url": target["url"], "detail": evidence["problem"]}


FORMATS: dict[str, Callable[[Policy, datetime, Sequence[Verdict]], str | bytes]] = {
    "json": _as_json,
    "csv": _as_csv,
    "junit": lambda policy, _at, verdicts: junit(policy, verdicts),
    "sarif": lambda policy, _at, verdicts: json.dumps(sarif(policy, verdicts)),
}
"""What is printed for a format that is not a table."""


def print_replay(document: Mapping[str, Any]) -> None:
    """Print when rules would have failed, one row for each rule of a target."""
    console = stdout_console()
    rows = [{"url": target["url"], **rule, **_last(rule)} for target in document["targets"] for rule in target["rules"]]
    if rows:
        print_table(console, "", ("url", "rule", "severity", "began", "ended", "times", "flaps"), rows)
    snapshots = f"{document['snapshots']:,} snapshots of {document['checked']:,} targets"
    console.print(f"{snapshots}, from {document['since']} to {document['until']}", highlight=False)


def _last(rule: Mapping[str, Any]) -> Mapping[str, Any]:
    """The latest time in which a rule failed, and how many there were."""
    return {**rule["periods"][-1], "times": len(rule["periods"])}

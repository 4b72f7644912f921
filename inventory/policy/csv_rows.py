"""Verdicts as rows of CSV. What verdicts share is made into cells once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from inventory.clock import rfc3339
from inventory.jobs.exports import csv_lines
from inventory.policy.model import Judgement, Verdict

COLUMNS = (
    "url", "status", "rule", "severity", "state", "message", "hop", "line", "name", "value", "snapshot",
    "collected_at", "detail",
)  # fmt: skip
MAX_JUDGEMENTS = 2_048
_END, _LAST = b"\r\n", b",'-\r\n"


class CsvRows:
    """Rows of the columns `COLUMNS`, with the ends of lines."""

    def __init__(self) -> None:
        self._cells: dict[int, tuple[Judgement, Sequence[tuple[bytes, bytes]]]] = {}

    def of(self, verdict: Verdict) -> bytes:
        """A row for each piece of evidence, and one if there is none."""
        begin = _cells(verdict.url, verdict.status.value)
        at = "" if verdict.collected_at is None else rfc3339(verdict.collected_at)
        when = f"{verdict.snapshot_id or ''},{at}".encode()  # hexadecimal digits, and an instant, need no quotes
        judgement = verdict.judgement
        if judgement is None or not judgement.findings:
            return b",".join((begin, b",,,,,,,", when, _cells(verdict.detail))) + _END
        return b"".join([b"%b,%b,%b,%b" % (begin, each, when, detail) for each, detail in self._shared(judgement)])

    def _shared(self, judgement: Judgement) -> Sequence[tuple[bytes, bytes]]:
        """The cells of findings, and of where they are, by the judgement that many verdicts share."""
        kept = self._cells.get(id(judgement))
        if kept is None:
            if len(self._cells) >= MAX_JUDGEMENTS:
                self._cells.clear()
            kept = self._cells[id(judgement)] = (judgement, list(_of_findings(judgement)))
        return kept[1]


def _of_findings(judgement: Judgement) -> Iterator[tuple[bytes, bytes]]:
    for finding in judgement.findings:
        rule = finding.rule
        of_rule = rule.id, rule.severity.value, finding.state.value, rule.message
        for each in finding.evidence:
            cells = _cells(*of_rule, each.hop, each.line, each.name or None, each.value or None)
            yield cells, _cells(each.problem) + _END


def _cells(*values: Any) -> bytes:
    """Some cells of a row. One that is empty and alone would be quoted, so there is another one meanwhile."""
    return csv_lines([(*values, "-")]).removesuffix(_LAST)

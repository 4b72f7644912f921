"""Verdicts as rows of CSV. What verdicts share is made into cells once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

from inventory.clock import rfc3339
from inventory.jobs.exports import csv_lines
from inventory.policy.model import Evidence, Judgement, Verdict

COLUMNS = (
    "url", "status", "rule", "severity", "state", "message", "hop", "line", "name", "value", "snapshot",
    "collected_at", "detail",
)  # fmt: skip
MAX_JUDGEMENTS = 2_048
MAX_CELLS = 2_048
"""That are remembered: what findings of different judgements share."""
_PLAIN_URL = re.compile(r"https?://[A-Za-z0-9._~:/?#@!$&*+=%\[\]-]*")
_END, _LAST = b"\r\n", b",'-\r\n"


class CsvRows:
    """Rows of the columns `COLUMNS`, with the ends of lines."""

    def __init__(self) -> None:
        self._cells: dict[int, tuple[Judgement, Sequence[tuple[bytes, bytes]]]] = {}

    def of(self, verdict: Verdict) -> bytes:
        """A row for each piece of evidence, and one if there is none."""
        begin = b"%b,%b" % (_url_cell(verdict.url), verdict.status.value.encode())
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
        of_rule = _known_cells(rule.id, rule.severity.value, finding.state.value, rule.message)
        for each in finding.evidence:
            yield b"%b,%b" % (of_rule, _of_evidence(each)), _known_cells(each.problem) + _END


@lru_cache(MAX_CELLS)
def _of_evidence(evidence: Evidence) -> bytes:
    return _cells(evidence.hop, evidence.line, evidence.name or None, evidence.value or None)


@lru_cache(MAX_CELLS)
def _known_cells(*values: str) -> bytes:
    return _cells(*values)


def _url_cell(url: str) -> bytes:
    """The cell of a URL. Most have no character that CSV or a spreadsheet could take for more than it is."""
    return url.encode("ascii") if _PLAIN_URL.fullmatch(url) else _cells(url)


def _cells(*values: Any) -> bytes:
    """Some cells of a row. One that is empty and alone would be quoted, so there is another one meanwhile."""
    return csv_lines([(*values, "-")]).removesuffix(_LAST)

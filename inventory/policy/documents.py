"""The documents of policies and verdicts, as the API and the terminal answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from inventory.clock import rfc3339
from inventory.observations.model import IndexState
from inventory.policy.builtin_policies import builtin
from inventory.policy.model import Evidence, Finding, KeptPolicy, Policy, Verdict, Waiver
from inventory.policy.replaying import Period, TargetHistory

Document = dict[str, Any]


def summary_document(file: Mapping[str, Any], indexed: IndexState, kept: KeptPolicy | None = None) -> Document:
    """What a listing shows of a policy with this file, which is built in if it is not kept."""
    return {
        "id": file["id"],
        "title": file["title"],
        "description": file.get("description", ""),
        "built_in": kept is None,
        "rules": len(file["rules"]),
        "indexed": indexed.value,
        "created_at": None if kept is None else rfc3339(kept.created_at),
        "changed_at": None if kept is None else rfc3339(kept.changed_at),
    }


def policy_document(policy: Policy, indexed: IndexState) -> Document:
    """A policy, as its file has it."""
    return {"id": policy.id, "built_in": policy.id in builtin(), "indexed": indexed.value, "policy": policy.document}


def verdict_document(verdict: Verdict) -> Document:
    """What checking a target came to."""
    judgement = verdict.judgement
    return {
        "id": verdict.record_id,
        "url": verdict.url,
        "status": verdict.status.value,
        "reason": None if verdict.reason is None else verdict.reason.value,
        "detail": verdict.detail,
        "snapshot": verdict.snapshot_id,
        "collected_at": None if verdict.collected_at is None else rfc3339(verdict.collected_at),
        "score": None if judgement is None else judgement.score,
        "grade": None if judgement is None else judgement.grade,
        "findings": [finding_document(each, verdict.hop_urls) for each in verdict.findings],
    }


def replay_document(policy: Policy, since: datetime, until: datetime, found: Sequence[TargetHistory]) -> Document:
    """What a policy would have found in a time, at the targets at which a rule failed."""
    return {
        "policy": policy.id,
        "since": rfc3339(since),
        "until": rfc3339(until),
        "checked": len(found),
        "snapshots": sum(each.snapshots for each in found),
        "unchecked": sum(not each.is_checked for each in found),
        "targets": [history_document(each) for each in found if each.rules],
    }


def history_document(history: TargetHistory) -> Document:
    """What rules would have found at a target."""
    return {
        "id": history.record_id,
        "url": history.url,
        "snapshots": history.snapshots,
        "complete": history.complete,
        "rules": [
            {
                "rule": each.rule.id,
                "severity": each.rule.severity.value,
                "failing": each.failing,
                "flaps": each.flaps,
                "periods": [_period(period) for period in each.periods],
            }
            for each in history.rules
        ],
    }


def _period(period: Period) -> Document:
    ended = None if period.ended is None else rfc3339(period.ended)
    return {"began": rfc3339(period.began), "ended": ended, "snapshot": period.snapshot_id}


def finding_document(finding: Finding, hop_urls: Sequence[str]) -> Document:
    """A rule that is not met, and where; `hop_urls` are the URLs of the responses."""
    rule = finding.rule
    return {
        "rule": rule.id,
        "severity": rule.severity.value,
        "state": finding.state.value,
        "message": rule.message,
        "remediation": rule.remediation,
        "links": list(rule.links),
        "evidence": [evidence_document(each, hop_urls) for each in finding.evidence],
        "omitted": finding.omitted,
        "waiver": waiver_document(finding.waiver),
        "expired_waiver": waiver_document(finding.expired),
    }


def evidence_document(evidence: Evidence, hop_urls: Sequence[str]) -> Document:
    """Where a requirement is not met."""
    hop = evidence.hop
    return {
        "problem": evidence.problem,
        "hop": hop,
        "url": None if hop is None else hop_urls[hop - 1] or None,
        "line": evidence.line,
        "name": evidence.name or None,
        "value": evidence.value or None,
    }


def waiver_document(waiver: Waiver | None) -> Document | None:
    """Who answers for a finding, and until when."""
    if waiver is None:
        return None
    return {"owner": waiver.owner, "reason": waiver.reason, "expires": rfc3339(waiver.expires)}

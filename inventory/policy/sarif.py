"""Verdicts as SARIF 2.1.0, which code scanners and their platforms read."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from inventory import __version__
from inventory.policy.documents import Document, evidence_document
from inventory.policy.model import Evidence, Finding, Policy, Rule, Severity, State, TargetStatus, Verdict

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: Mapping[Severity, str] = {
    Severity.CRITICAL: "error",
    Severity.HIGH: "error",
    Severity.MEDIUM: "warning",
    Severity.LOW: "note",
    Severity.INFO: "note",
}
SCORES: Mapping[Severity, str] = {
    Severity.CRITICAL: "9.5",
    Severity.HIGH: "8.0",
    Severity.MEDIUM: "5.5",
    Severity.LOW: "3.0",
    Severity.INFO: "1.0",
}
"""As platforms rank them: `security-severity`."""
MAX_MESSAGE = 1_000
_HOST = re.compile("(?:https?://[!-~]*?(?=[/?#]|$))?")
_NO_ESCAPE = re.compile("%(?![0-9A-Fa-f]{2})")
_AS_IN_URIS = "%/?#:@!$&'()*+,;="


def driver(policy: Policy) -> Document:
    """The tool that judged, and its rules."""
    rules = [each for each in policy.rules if each.finding]
    return {
        "name": "inventory",
        "semanticVersion": __version__,
        "properties": {"policy": policy.id, "title": policy.title},
        "rules": [_rule(each) for each in rules],
    }


def results(policy: Policy, verdicts: Sequence[Verdict]) -> Sequence[Document]:
    """A result for each rule that a target does not meet; waived ones are suppressed."""
    numbers = {rule.id: number for number, rule in enumerate(each for each in policy.rules if each.finding)}
    return [
        _result(policy, verdict, finding, numbers)
        for verdict in verdicts
        for finding in verdict.findings
        if finding.state is not State.UNKNOWN
    ]


def notifications(verdicts: Sequence[Verdict]) -> Sequence[Document]:
    """A notification for each target that could not be checked."""
    return [_notification(each) for each in verdicts if each.status is TargetStatus.UNCHECKED]


def _rule(rule: Rule) -> Document:
    document: Document = {
        "id": rule.id,
        "shortDescription": {"text": rule.message},
        "defaultConfiguration": {"level": LEVELS[rule.severity]},
        "properties": {"security-severity": SCORES[rule.severity], "severity": rule.severity.value, "tags": ["security"]},
    }
    if rule.remediation:
        document["help"] = {"text": rule.remediation}
    if rule.links:
        document["helpUri"] = uri_of(rule.links[0])
    return document


def _result(policy: Policy, verdict: Verdict, finding: Finding, numbers: Mapping[str, int]) -> Document:
    rule = finding.rule
    identity = hashlib.sha256(f"{policy.id}\n{rule.id}\n{verdict.url}".encode("utf-8", "replace")).hexdigest()
    document: Document = {
        "ruleId": rule.id,
        "ruleIndex": numbers[rule.id],
        "level": LEVELS[rule.severity],
        "message": {"text": message_of(finding)[:MAX_MESSAGE]},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri_of(verdict.url)}}}],
        "partialFingerprints": {"policyRuleTarget/v1": identity},
        "properties": _properties(verdict, finding),
    }
    if finding.waiver is not None:
        reason = f"{finding.waiver.owner}: {finding.waiver.reason}"
        document["suppressions"] = [{"kind": "external", "status": "accepted", "justification": reason}]
    return document


def uri_of(url: str) -> str:
    """A URL as a URI of RFC 3986, which the schema demands: URLs of the web may have a `|`, say, that no URI has."""
    host = _HOST.match(url)
    begin = "" if host is None else host[0]
    return begin + _NO_ESCAPE.sub("%25", quote(url[len(begin) :], _AS_IN_URIS, errors="replace"))


def message_of(finding: Finding) -> str:
    """The sentence of the rule, and where it is not met."""
    located = dict.fromkeys(_location(each) for each in finding.evidence)
    more = [f"and {finding.omitted:,} more"] if finding.omitted else []
    return f"{finding.rule.message} {'; '.join([*located, *more])}."


def _location(evidence: Evidence) -> str:
    line = "" if evidence.line is None else f", line {evidence.line}"
    where = "" if evidence.hop is None else f"hop {evidence.hop}{line}: "
    named = f"{evidence.name}: " if evidence.name else ""
    return f"{where}{named}{evidence.problem}"


def _properties(verdict: Verdict, finding: Finding) -> Document:
    return {
        "snapshot": verdict.snapshot_id,
        "evidence": [evidence_document(each, verdict.hop_urls) for each in finding.evidence],
    }


def _notification(verdict: Verdict) -> Document:
    return {
        "level": "error",
        "message": {"text": f"{verdict.url} could not be checked. {verdict.detail}"[:MAX_MESSAGE]},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": uri_of(verdict.url)}}}],
    }

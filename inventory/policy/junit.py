"""Verdicts as JUnit's XML, which build servers read: a suite for each target, and a case for each rule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from xml.etree import ElementTree as ET

from inventory.policy.model import Finding, Policy, State, TargetStatus, Verdict
from inventory.policy.sarif import message_of

TOTALS = ("tests", "failures", "errors")
CLOSING = b"</testsuites>"
"""What comes after all suites."""
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def suites(policy: Policy, verdicts: Sequence[Verdict]) -> tuple[bytes, Counter[str]]:
    """The suites of targets in UTF-8, and how many tests, failures and errors they have.

    A rule that fails is a failure, a waived one is skipped, and what cannot be told is an error.
    """
    made = [_suite(policy, each) for each in verdicts]
    totals = Counter({name: sum(int(suite.attrib[name]) for suite in made) for name in TOTALS})
    return b"".join(ET.tostring(each, encoding="utf-8") for each in made), totals


def opening(policy: Policy, totals: Mapping[str, int]) -> bytes:
    """What comes before all suites."""
    root = ET.Element("testsuites", {"name": _clean(policy.id), **{name: str(totals[name]) for name in TOTALS}})
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True, short_empty_elements=False)
    return document.removesuffix(CLOSING)


def _suite(policy: Policy, verdict: Verdict) -> ET.Element:
    suite = ET.Element("testsuite", {"name": _clean(verdict.url)})
    if verdict.judgement is None:
        case = _case(suite, policy, verdict, "checked")
        _add(case, "error", verdict.reason.value if verdict.reason else "unchecked", verdict.detail)
    else:
        found = {each.rule.id: each for each in verdict.findings}
        for rule in policy.rules:
            state = verdict.judgement.states[rule.id]
            if rule.finding and state is not State.NOT_IN_SCOPE:
                _judged(_case(suite, policy, verdict, rule.id), found.get(rule.id))
    suite.attrib |= {
        "tests": str(len(suite)),
        **{name: str(len(suite.findall(f"testcase/{each}"))) for name, each in _COUNTED},
    }
    return suite


_COUNTED = (("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))


def _case(suite: ET.Element, policy: Policy, verdict: Verdict, name: str) -> ET.Element:
    return ET.SubElement(suite, "testcase", {"classname": _clean(f"{policy.id} {verdict.url}"), "name": name})


def _judged(case: ET.Element, finding: Finding | None) -> None:
    if finding is None:
        return
    if finding.waiver is not None:
        ET.SubElement(case, "skipped", {"message": _clean(f"{finding.waiver.owner}: {finding.waiver.reason}")})
    elif finding.state is State.UNKNOWN:
        _add(case, "error", TargetStatus.UNCHECKED.value, message_of(finding))
    else:
        _add(case, "failure", finding.rule.severity.value, message_of(finding), finding.rule.remediation)


def _add(case: ET.Element, name: str, kind: str, message: str, text: str = "") -> None:
    element = ET.SubElement(case, name, {"type": kind, "message": _clean(message)})
    element.text = _clean(text)


def _clean(text: str) -> str:
    """The text with what XML cannot say escaped."""
    return _NOT_XML.sub(lambda found: found[0].encode("unicode_escape").decode(), text)

"""SARIF and JUnit, by what their schemas demand, with texts that strangers wrote."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import unquote
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.jobs.exports import csv_lines
from inventory.policy.csv_rows import COLUMNS, CsvRows
from inventory.policy.judgement import Judge, Looked
from inventory.policy.model import Policy, TargetStatus, Unchecked, Verdict
from inventory.policy.reading import of_document
from inventory.policy.reports import REPORTS
from inventory.records.model import Target
from tests.policy.snapshots import AT, URL, document, page

HOSTILE = "\x00\x1b[2J]]>&<\"'\u202e\ud800\uffff" + "x" * 2_000
IS_URI = re.compile(r"(https?://(\[[0-9a-f:]+\]|[a-z.]+)(:\d+)?)?([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*")
"""RFC 3986, appendix A, but for what no key of a target has."""
WAIVER = {"rules": "waived", "owner": "team\x08", "reason": "<later>", "expires": "2026-02-28"}


@pytest.fixture
def policy() -> Policy:
    made = document(
        {"header": "x", "absent": True}, waivers=[WAIVER], links=["https://example.com/why"], remediation="Do it."
    )
    rule = made["rules"][0]
    made["rules"] += [
        rule | {"id": "waived", "severity": "low"},
        rule | {"id": "unknown", "require": {"hosts": "any", "absent": True}},
        rule | {"id": "holds", "require": {"header": "y", "absent": True}},
        rule | {"id": "elsewhere", "scope": "scheme:http"},
        rule | {"id": "measured", "finding": False},
    ]
    return of_document(made)


@pytest.fixture
def verdicts(policy: Policy) -> list[Verdict]:
    looked = Looked(target=Target("webpage", URL, "shop.example"), content=page(("X", HOSTILE)), collected_at=AT, at=AT)
    return [
        Verdict(
            url=URL, record_id="1" * 32, status=TargetStatus.FINDINGS, snapshot_id="2" * 32, collected_at=AT,
            judgement=Judge(policy).judge(looked), hop_urls=[URL],
        ),
        Verdict(
            url="https://gone.example/", status=TargetStatus.UNCHECKED, reason=Unchecked.FAILED, detail="It failed: timeout."
        ),
    ]  # fmt: skip


def report(form: str, policy: Policy, *pages: list[Verdict]) -> bytes:
    """The report on some pages of verdicts."""
    made = REPORTS[form](policy, AT)
    return b"".join(made.document([made.piece(each) for each in pages]))


def sarif(policy: Policy, *pages: list[Verdict]) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(report("sarif", policy, *pages))
    return log


def test_sarif_is_as_its_schema_demands(policy: Policy, verdicts: list[Verdict]) -> None:
    log = sarif(policy, verdicts)
    [run] = log["runs"]
    rules = run["tool"]["driver"]["rules"]

    assert log["version"] == "2.1.0"
    assert set(log) == {"$schema", "version", "runs"}
    assert run["tool"]["driver"]["name"]
    assert len({rule["id"] for rule in rules}) == len(rules) == 5
    for rule in rules:
        assert rule["defaultConfiguration"]["level"] in ("none", "note", "warning", "error")
        assert 0 < float(rule["properties"]["security-severity"]) <= 10
        assert rule["shortDescription"]["text"]
        assert re.match("https?://", rule["helpUri"])
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["level"] in ("none", "note", "warning", "error")
        assert 0 < len(result["message"]["text"]) <= 1_000
        assert result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == URL
        assert re.fullmatch("[0-9a-f]{64}", result["partialFingerprints"]["policyRuleTarget/v1"])


@pytest.mark.parametrize(
    "url",
    [
        "https://a.example/x?a={b}|c^d`[e]\\f",
        "https://a.example/100%?q=%zz%41",
        "http://[::1]:8000/a[b]",
        "https://a.example/?q='(x)'&y=a+b,c;d",
        "new york",
        "münchen",
    ],
)
def test_what_sarif_names_is_a_uri_of_rfc_3986(policy: Policy, url: str) -> None:
    unchecked = Verdict(url=url, status=TargetStatus.UNCHECKED, reason=Unchecked.FAILED, detail="It failed.")
    [run] = sarif(policy, [unchecked])["runs"]

    [told] = run["invocations"][0]["toolExecutionNotifications"]

    uri = told["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert IS_URI.fullmatch(uri)
    assert unquote(uri) == unquote(url)


def test_sarif_tells_findings_waivers_and_what_could_not_be_checked_apart(policy: Policy, verdicts: list[Verdict]) -> None:
    [run] = sarif(policy, verdicts)["runs"]
    [invocation] = run["invocations"]

    assert [(each["ruleId"], "suppressions" in each) for each in run["results"]] == [("r", False), ("waived", True)]
    assert run["results"][1]["suppressions"][0]["kind"] == "external"
    assert run["results"][0]["properties"]["evidence"][0]["line"] == 1
    assert invocation["executionSuccessful"] is False
    assert "https://gone.example/" in invocation["toolExecutionNotifications"][0]["message"]["text"]
    assert sarif(policy, verdicts[:1])["runs"][0]["invocations"][0]["executionSuccessful"] is True


def test_junit_is_as_its_schema_demands(policy: Policy, verdicts: list[Verdict]) -> None:
    root = ET.fromstring(report("junit", policy, verdicts))
    cases = {case.attrib["name"]: [each.tag for each in case] for case in root.iter("testcase")}

    assert root.tag == "testsuites"
    assert {name: root.attrib[name] for name in ("tests", "failures", "errors")} == {
        "tests": "5", "failures": "1", "errors": "2",
    }  # fmt: skip
    assert cases == {"r": ["failure"], "waived": ["skipped"], "unknown": ["error"], "holds": [], "checked": ["error"]}
    for suite in root:
        assert int(suite.attrib["tests"]) == len(suite)
        assert {"name", "failures", "errors", "skipped"} <= set(suite.attrib)
        assert all({"name", "classname"} <= set(case.attrib) for case in suite)


def test_the_document_counts_targets_and_names_the_snapshot(policy: Policy, verdicts: list[Verdict]) -> None:
    told = json.loads(report("json", policy, verdicts))

    assert told["counts"] == {"clean": 0, "findings": 1, "unchecked": 1}
    assert told["targets"][0]["snapshot"] == "2" * 32
    assert told["targets"][0]["findings"][1]["waiver"]["expires"] == "2026-03-01T00:00:00.000Z"
    assert told["targets"][0]["findings"][1]["evidence"][0]["url"] == URL
    assert told["targets"][1]["reason"] == "failed"


def test_a_report_in_pieces_is_the_same_as_in_one(policy: Policy, verdicts: list[Verdict]) -> None:
    for form in REPORTS:
        assert report(form, policy, *([each] for each in verdicts), []) == report(form, policy, verdicts), form


@settings(max_examples=200, deadline=None)
@given(st.from_regex(r"https?://[a-z.:/?#=+@,;'\"\s\[\]&-]*", fullmatch=True) | st.text())
def test_a_url_in_csv_is_written_as_any_other_value(url: str) -> None:
    verdict = Verdict(url=url, status=TargetStatus.CLEAN, detail="x")

    assert CsvRows().of(verdict) == csv_lines([(url, "clean", *[None] * (len(COLUMNS) - 3), "x")])

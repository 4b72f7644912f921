"""The file of a policy: what it may say, and what it is told when it says anything else."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from inventory.errors import InvalidRequest
from inventory.policy.builtin_policies import builtin
from inventory.policy.model import Severity
from inventory.policy.reading import read

GOOD = """\
version: 1
id: own
title: Ours
rules:
- id: nosniff
  severity: high
  scope: tag:prod
  message: Types are guessed.
  require: {header: X-Content-Type-Options, equals: nosniff}
  links: ["https://example.com/why"]
waivers:
- rules: nosniff
  owner: team payments
  reason: A proxy removes it.
  expires: 2026-02-28
score:
  start: 100
  tests:
  - {id: types, results: [{fails: nosniff, points: -5}]}
  grades:
  - {grade: A, lowest: 90}
  - {grade: F, lowest: 0}
"""


def refused(text: str) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        read(text)
    return caught.value


def test_a_policy_is_read_from_yaml_and_from_json() -> None:
    policy = read(GOOD)

    assert (policy.id, policy.rules[0].severity, policy.rules[0].scope) == ("own", Severity.HIGH, "tag:prod")
    assert policy.waivers[0].expires == datetime(2026, 3, 1, tzinfo=UTC)
    assert policy.scoring is not None
    assert policy.scoring.grades == [("A", 90), ("F", 0)]
    assert read(json.dumps(policy.document)) == policy


@pytest.mark.parametrize(
    ("old", "new", "member", "told"),
    [
        ("severity: high", "severity: grave", "rules[0].severity", "Line 6: Choose one of critical, high"),
        ("equals: nosniff", "equal: nosniff", "rules[0].require.equal", "Line 9: Unknown. Leave it out"),
        ("equals: nosniff", "hops: final", "rules[0].require", "Line 9: Nothing is required. Add"),
        ("equals: nosniff", "min: 1.5", "rules[0].require.min", "Line 9: Write a whole number."),
        ("equals: nosniff", "equals: [a]", "rules[0].require.equals", "Line 9: Write a text of at most"),
        ("equals: nosniff", "present: true, absent: true", "rules[0].require.present", "exclude each other"),
        ("header: X-Content-Type-Options", "head: a", "rules[0].require", "Line 9: Write one of header, cookie"),
        ("header: X-Content-Type-Options", "csp: script-source", "rules[0].require.csp", "Choose one of default-src"),
        ("header: X-Content-Type-Options", "cookie: sid", "rules[0].require.attribute", "Name the attribute that is meant"),
        ("scope: tag:prod", "scope: 'statu:200'", "rules[0].scope", "Line 7: At character 1: 'statu' is not a field"),
        ("  message: Types are guessed.\n", "", "rules[0].message", "Line 5: Missing. Add it."),
        ("https://example.com/why", "javascript:x", "rules[0].links[0]", "Line 10: Write a URL."),
        ("expires: 2026-02-28", "expires: soon", "waivers[0].expires", "Line 15: Write a day, such as"),
        ("expires: 2026-02-28", "expires: 2026-02-30", "waivers[0].expires", "Line 15: Write a day, such as"),
        ("expires: 2026-02-28", "expires: 2026-02-28T25:00:00Z", "waivers[0].expires", "Line 15: Write a day, such as"),
        ("owner: team payments", "owner: ''", "waivers[0].owner", "Line 13: Write a text"),
        ("rules: nosniff", "rules: sniff", "waivers[0].rules", "There is no rule sniff."),
        ("fails: nosniff", "fails: sniff", "score", "there is no rule sniff."),
        ("lowest: 0", "lowest: 1", "score.grades", "one whose `lowest` is 0 last"),
        ("version: 1", "version: 2", "version", "Line 1: Write `version: 1`."),
        ("title: Ours", "titel: Ours", "titel", "Line 3: Unknown."),
        ("id: own", "id: ../own", "id", "Line 2: Write 1 to 64 of a-z"),
    ],
)
def test_a_mistake_is_named_with_its_member_its_line_and_the_way_out(old: str, new: str, member: str, told: str) -> None:
    assert old in GOOD

    errors = refused(GOOD.replace(old, new, 1)).errors or {}

    assert told in " ".join(errors[member])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "It is not a policy"),
        ("[]", "It is not a policy"),
        ("a: [", "is not YAML"),
        ("a: &x [1]\nb: [*x, *x]", "Line 2: aliases are not read"),
        ("version: 1\nversion: 1", "Line 2: `version` is there twice"),
        ("!!python/object/apply:os.system [x]", "is not YAML"),
        ("\x00", "is not YAML"),
        ("[" * 5_000, "is not YAML"),
        ("#" * 1_000_001, "more than 1,000,000 characters"),
        ("? [a]\n: 1", "Line 1: a list or a map is not the name"),
    ],
)
def test_what_is_no_policy_is_refused_in_one_sentence(text: str, told: str) -> None:
    assert told in str(refused(text))


def test_two_rules_have_two_ids() -> None:
    rule = GOOD[GOOD.index("- id: nosniff") : GOOD.index("waivers")]

    assert "A rule before has this id" in str(refused(GOOD.replace("waivers", f"{rule}waivers", 1)))


def test_requirements_are_nested_to_a_depth() -> None:
    require: Any = {"header": "a", "present": True}
    for _ in range(7):
        require = {"not": require}

    told = refused(GOOD.replace("{header: X-Content-Type-Options, equals: nosniff}", json.dumps(require)))

    assert "nested deeper than 6" in str(told)


@pytest.mark.parametrize("name", builtin())
def test_a_built_in_policy_says_for_each_finding_what_to_do_and_why(name: str) -> None:
    policy = builtin()[name]

    assert policy.id == name
    assert all(rule.remediation and rule.links for rule in policy.rules if rule.finding)

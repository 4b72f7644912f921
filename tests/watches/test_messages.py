"""What a message of a watch says, of any findings, and that it is never too long."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inventory.watches.documents import listed_message
from inventory.watches.grouping import grouped
from inventory.watches.model import MORE_CHANGES, Finding, Message, On, Watch
from inventory.watches.payload import compose
from tests.watches.histories import BEGIN, at, watch

PUBLIC = "https://inventory.example"


def finding(n: int = 0, field: str = "status", old: Any = ("200",), new: Any = ("503",), **set_: Any) -> Finding:
    given = {"on": On.CHANGES, "at": at(n / 100), "before": at(-1)} | set_
    return Finding(watch_id="w1", record_id=f"{n:032x}", field=field, old=list(old), new=list(new), **given)


def message(*findings: Finding, query: str = "tag:prod", name: str = "Production", keys: Any = None) -> Message:
    made: Watch = watch(query=query, id="w1", messages=6).watch
    urls = {each.record_id: f"https://{each.record_id[-4:]}.example/" for each in findings} if keys is None else keys
    named = Watch(**{each: getattr(made, each) for each in Watch.__dataclass_fields__} | {"name": name})
    return compose(named, findings, grouped(findings), urls, message_id="msg_1", now=at(2), public_url=PUBLIC)


def data(made: Message) -> Any:
    return json.loads(made.payload)["data"]


def test_a_message_says_what_changed_where_and_when() -> None:
    made = message(finding(1), finding(2))

    assert (made.number, made.findings, made.targets, len(made.groups)) == (7, 2, 2, 1)
    assert json.loads(made.payload) == {
        "type": "watch.message",
        "timestamp": "2026-06-01T14:00:00.000Z",
        "data": {
            "id": "msg_1",
            "number": 7,
            "watch": {"id": "w1", "name": "Production", "query": "tag:prod"},
            "findings": 2,
            "targets": 2,
            "first_at": "2026-06-01T12:00:36.000Z",
            "last_at": "2026-06-01T12:01:12.000Z",
            "groups": [
                {
                    "on": "changes",
                    "field": "status",
                    "old": ["200"],
                    "new": ["503"],
                    "count": 2,
                    "targets": 2,
                    "first_at": "2026-06-01T12:00:36.000Z",
                    "last_at": "2026-06-01T12:01:12.000Z",
                    "samples": [
                        {
                            "url": f"https://000{n}.example/",
                            "record_id": f"{n:032x}",
                            "at": f"2026-06-01T12:0{n - 1}:{36 * n % 60:02}.000Z",
                            "before": "2026-06-01T11:00:00.000Z",
                        }
                        for n in (2, 1)
                    ],
                    "link": f"{PUBLIC}/api/v1/changes/groups?q=tag:prod&field=status"
                    "&since=2026-06-01T11:00:00.001Z&until=2026-06-01T12:01:12.001Z",
                }
            ],
            "more_groups": 0,
            "link": f"{PUBLIC}/api/v1/watches/w1/messages/7",
        },
    }


def test_equal_changes_of_many_targets_are_one_group_and_the_largest_comes_first() -> None:
    many = [finding(n) for n in range(300)]
    others = [finding(n, new=["404"]) for n in range(300, 310)] + [finding(7, on=On.ENTERS, field="", old=(), new=())]

    found = data(message(*others, *many))

    assert [(each["on"], each["new"], each["count"]) for each in found["groups"]] == [
        ("changes", ["503"], 300),
        ("changes", ["404"], 10),
        ("enters", [], 1),
    ]
    assert [len(each["samples"]) for each in found["groups"]] == [5, 5, 1]
    assert (found["findings"], found["targets"]) == (311, 310)


def test_changes_that_have_other_values_at_each_target_are_one_group_of_their_shape() -> None:
    renewed = [
        finding(n, "tls.not_after", [f"2026-06-{n % 28 + 1:02}T00:00:{n % 60:02}Z"], [f"2026-09-01T00:{n % 60:02}:00Z"])
        for n in range(500)
    ]
    titles = [finding(n, "title", [f"{'a' * n}"], [f"{'b' * n}"]) for n in range(1, 48)] + [
        finding(50 + n, "title", ["x"], ["y"]) for n in range(60)
    ]

    groups = data(message(*renewed, *titles))["groups"]

    assert [(each["field"], each["old"], each["new"], each["count"]) for each in groups] == [
        ("tls.not_after", ["{date}"], ["{date}"], 500),
        ("title", ["x"], ["y"], 60),
        ("title", ["{text}"], ["{text}"], 47),
    ]
    assert groups[2]["samples"][0]["new"] == ["b" * 47]
    assert "new" not in groups[1]["samples"][0]


def test_the_link_leaves_the_query_out_if_the_change_may_have_ended_that_it_holds() -> None:
    def query(text: str) -> dict[str, list[str]]:
        [group] = data(message(finding(), query=text))["groups"]
        return parse_qs(urlsplit(group["link"]).query)

    assert "q" not in query("status:200 OR NOT host:a.example")
    assert "q" not in query("")
    assert query("host:a.example -tag:b")["q"] == ["host:a.example -tag:b"]


def link(*findings: Finding) -> dict[str, list[str]]:
    [group] = data(message(*findings))["groups"]
    return parse_qs(urlsplit(group["link"]).query)


def test_the_link_begins_right_after_the_collection_that_showed_the_old_values_last() -> None:
    late = finding(2, at=at(9), before=at(4))

    assert link(late)["since"] == ["2026-06-01T16:00:00.001Z"]
    assert link(late, finding(1, at=at(7), before=at(3)))["since"] == ["2026-06-01T15:00:00.001Z"]
    assert link(late, finding(1, at=at(3), before=None))["since"] == ["2026-06-01T15:00:00.001Z"]


def test_the_link_asks_for_volatile_changes_where_only_a_part_of_the_values_is_told() -> None:
    assert link(finding(field="header.content-security-policy"))["volatile"] == ["true"]
    assert "volatile" not in link(finding(field="header.server"))


def test_findings_are_counted_and_so_are_their_targets() -> None:
    flapping = [finding(1, at=at(hours)) for hours in range(12)]

    [group] = data(message(*flapping, finding(2)))["groups"]

    assert (group["count"], group["targets"]) == (13, 2)


def test_groups_that_a_message_does_not_keep_are_counted() -> None:
    made = message(*(finding(n, f"header.x-{n}") for n in range(230)))

    assert (len(made.groups), made.more_groups) == (100, 130)
    assert listed_message(made)["more_groups"] == 225
    assert len(data(made)["groups"]) + data(made)["more_groups"] == 230


@pytest.mark.parametrize(
    "one",
    [
        finding(on=On.FAILS, field="failure", old=(), new=["timeout"]),
        finding(field=MORE_CHANGES, old=(), new=["more than 200 changes of one collection"]),
    ],
)
def test_other_findings_link_to_the_message(one: Finding) -> None:
    assert data(message(one))["groups"][0]["link"] == f"{PUBLIC}/api/v1/watches/w1/messages/7"


def test_a_record_that_is_gone_has_no_url() -> None:
    assert data(message(finding(), keys={}))["groups"][0]["samples"][0]["url"] is None


TEXTS = st.text(st.characters(codec="utf-8") | st.sampled_from('\0\x1f"\\é😀'), max_size=40).flatmap(
    lambda text: st.sampled_from([1, 2, 30, 400]).map(lambda times: text * times)
)
FINDINGS = st.builds(
    lambda n, on, field, old, new: finding(n, f"header.{field[:200]}", old, new, on=on),
    st.integers(0, 50),
    st.sampled_from(list(On)),
    TEXTS,
    st.lists(TEXTS, max_size=4),
    st.lists(TEXTS, max_size=20),
)


@settings(max_examples=60)
@given(st.lists(FINDINGS, min_size=1, max_size=12), TEXTS, TEXTS)
def test_any_message_is_valid_json_below_the_limit_with_one_group_at_least(
    findings: list[Finding], name: str, tag: str
) -> None:
    query = f'tag:"{"".join(each for each in tag if each.isalnum())}"'

    made = message(*findings, name=name, query=query, keys={each.record_id: f"https://{tag}/" for each in findings})

    found = data(made)
    assert len(made.payload) < 20_000
    assert found["groups"]
    assert len(found["groups"]) + found["more_groups"] == len(grouped(findings))
    assert sum(each.count for each in grouped(findings)) == len(findings)


@settings(max_examples=40)
@given(st.lists(FINDINGS, min_size=1, max_size=15), st.randoms())
def test_the_order_of_findings_does_not_matter(findings: list[Finding], rng: Any) -> None:
    unique = list({(each.record_id, each.on, each.field): each for each in findings}.values())
    shuffled = list(unique)
    rng.shuffle(shuffled)

    assert [(each.on, each.field, each.old, each.new, each.count) for each in grouped(unique)] == [
        (each.on, each.field, each.old, each.new, each.count) for each in grouped(shuffled)
    ]


def test_the_worst_texts_leave_room_for_one_group() -> None:
    worst = "\0" * 3_000
    one = finding(1, "header." + "\0" * 200, [worst] * 50, [worst + "1"] * 50, at=BEGIN + timedelta(1))

    made = message(one, name=worst, keys={one.record_id: worst}, query="tag:" + "é" * 5_000)

    assert len(made.payload) < 20_000
    assert len(data(made)["groups"]) == 1

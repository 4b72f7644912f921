"""Resume keys lead through each answer exactly once, whatever the question is."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from functools import partial
from itertools import count, product
from typing import Any

import pytest

from inventory.cdx.filters import read_collapse
from inventory.cdx.model import Span
from inventory.cdx.resume_keys import PARAMETER
from inventory.cdx.service import DEADLINE, CdxService, Page, Question
from inventory.cdx.timestamps import LATEST
from inventory.clock import EPOCH
from inventory.errors import InvalidRequest
from inventory.listing import NOT_A_CURSOR
from inventory.records.model import Record, Target
from tests.cdx.conftest import Index, page

URLS = ("http://b.test/", "https://b.test/", "http://b.test/?2", "http://sub.b.test/", "http://a.test/x")
BODIES = (b"one", b"one", b"two", b"one")
QUESTIONS: Sequence[dict[str, Any]] = [
    {"url": url, **filters, **collapses, **order}
    for url, filters, collapses, order in product(
        ["*.test", "b.test"],
        [{}, {"filter": "!statuscode:404"}, {"filter": "statuscode:500"}, {"from": "20260131120100", "filter": "url:b"}],
        [{}, {"collapse": "digest"}, {"collapse": ["urlkey", "digest"]}, {"collapse": "timestamp:12"}],
        [{}, {"sort": "reverse"}],
    )
]


@pytest.fixture
def visited(index: Index) -> Index:
    for number, (body, url) in enumerate(product(BODIES, URLS)):
        index.collect(url, page(body, b"404 Not Found" if number % 3 == 0 else b"200 OK"))
    return index


def test_pages_have_each_line_of_an_answer_once(visited: Index) -> None:
    for question in QUESTIONS:
        whole = visited.lines(**question)
        for limit in (1, 3):
            assert visited.all_lines(**question, limit=limit) == whole, question


def test_pages_from_the_end_have_each_line_once(visited: Index) -> None:
    for question in QUESTIONS:
        if "sort" not in question:
            key: dict[str, str] = {}
            found: list[str] = []
            while True:
                answer = visited.lines(**question, limit=-2, showResumeKey="true", **key)
                end = answer.index("") if "" in answer else len(answer)
                found = answer[:end] + found
                if end == len(answer):
                    break
                key = {"resumeKey": answer[-1]}
            assert found[::-1] == visited.lines(**question, sort="reverse"), question


def test_there_is_a_key_only_if_there_is_more(visited: Index) -> None:
    whole = visited.lines("b.test")

    assert visited.lines("b.test", limit=len(whole), showResumeKey="true") == whole
    more = visited.lines("b.test", limit=len(whole) - 1, showResumeKey="true")
    assert (more[:-2], more[-2]) == (whole[:-1], "")
    assert visited.lines("b.test", limit=1) == whole[:1]


def test_the_key_of_json_is_after_an_empty_row(visited: Index) -> None:
    first = visited.ask("*.test", output="json", limit=2, fl="original,timestamp", showResumeKey="true").json

    assert len(first) == 5
    assert first[3] == []
    [key] = first[4]
    second = visited.ask("*.test", output="json", fl="original,timestamp", resumeKey=key).json
    whole = visited.ask("*.test", output="json", fl="original,timestamp").json
    assert first[:3] + second[1:] == whole


@pytest.mark.parametrize("output", ["text", "json", "cdxj"])
def test_the_header_link_leads_on_in_each_format(visited: Index, output: str) -> None:
    first = visited.ask("*.test", output=output, limit=2, fl="original,timestamp", filter="!status:6")
    assert first.headers["Link"].endswith('>; rel="next"')
    address = first.headers["Link"].split(">")[0].removeprefix("<http://localhost")
    pages = [first]
    while True:
        pages.append(visited.client.get(address))
        assert pages[-1].status_code == 200
        if "Link" not in pages[-1].headers:
            break
        address = pages[-1].headers["Link"].split(">")[0].removeprefix("<http://localhost")

    whole = visited.ask("*.test", output=output, fl="original,timestamp", filter="!status:6")
    assert [line for each in pages for line in each.text.splitlines()] == whole.text.splitlines()


def test_what_comes_and_goes_meanwhile_puts_no_other_line_in_twice_and_leaves_none_out(visited: Index) -> None:
    whole = visited.lines("*.test")
    first = visited.lines("*.test", limit=6, showResumeKey="true")
    visited.client.delete("/api/v1/metadata", query_string={"url": URLS[4]})
    visited.collect("http://a.test/new", page())

    rest = visited.lines("*.test", resumeKey=first[-1])

    assert first[:-2] + rest == whole
    assert "http://a.test/new" in visited.lines("*.test", fl="original")


def test_a_key_is_of_one_question(visited: Index) -> None:
    key = visited.lines("*.test", limit=1, showResumeKey="true")[-1]

    assert visited.lines("*.test", limit=3, fl="original", resumeKey=key)
    for other in ({"filter": "statuscode:200"}, {"sort": "reverse"}, {"collapse": "digest"}, {"to": "2027"}):
        assert PARAMETER in visited.ask("*.test", 422, resumeKey=key, **other).json["errors"]


def test_a_key_that_somebody_made_up_is_a_problem(visited: Index) -> None:
    key = visited.lines("*.test", limit=1, showResumeKey="true")[-1]
    digest, zero, _ = base64.urlsafe_b64decode(key).decode().split(" ", 2)

    for text in (
        "",
        "x",
        "[]",
        "[1,2,3]",
        "[[[]],[],false]",
        '[[["a",1]],[],false]',
        "[null,[],false]",
        '[[["0",1,"x"]],[],true]',
    ):
        made_up = base64.urlsafe_b64encode(f"{digest} {zero} {text}".encode()).decode()
        assert PARAMETER in visited.ask("*.test", 422, resumeKey=made_up).json["errors"], text
    far = base64.urlsafe_b64encode(f'{digest} {zero} [[["b",{10**30},"x"]],[],false]'.encode()).decode()
    assert PARAMETER in visited.ask("*.test", 422, resumeKey=far).json["errors"]


def everything(records: Sequence[Record]) -> Sequence[Record]:
    return records


@pytest.mark.parametrize("collapse", [(), ("digest",), ("timestamp:4",), ("urlkey", "length")])
@pytest.mark.parametrize("backwards", [False, True])
def test_an_answer_ends_when_its_time_is_up_and_its_key_leads_on(
    visited: Index, collapse: Sequence[str], backwards: bool
) -> None:
    """Each look at the clock is half of the time later, so an answer has looked at three captures when it ends."""
    times = count(step=DEADLINE / 2)
    service = CdxService(visited.services.store.captures, visited.services.records, secret=bytes, timer=lambda: next(times))
    patient = CdxService(visited.services.store.captures, visited.services.records, secret=bytes, timer=lambda: 0.0)
    question = Question(
        spans=(Span("test", "tesu"),),
        since=EPOCH,
        until=LATEST,
        collapses=[read_collapse(each) for each in collapse],
        backwards=backwards,
    )

    def ask(of: CdxService, key: str | None) -> Page:
        return of.page(question, limit=99, resume_key=key, sift=everything, is_limited=False)

    pages = [ask(service, None)]
    while (key := pages[-1].resume_key) is not None:
        assert len(pages[-1].lines) <= 3
        pages.append(ask(service, key))

    assert len(pages) > 5
    assert [line for each in pages for line in each.lines] == ask(patient, None).lines


def test_nobody_learns_by_a_key_that_they_made_up_whether_a_webpage_is_known(visited: Index) -> None:
    question = Question(spans=(Span("test", "tesu"),), since=EPOCH, until=LATEST)
    ask = partial(visited.services.cdx.page, question, limit=1, sift=everything, is_limited=True)
    key = ask(resume_key=None).resume_key
    assert key is not None
    begins, hidden = base64.urlsafe_b64decode(key).decode().split("[", 1)
    known = Target("webpage", visited.lines("*.test", fl="original")[-1], "").id
    assert ask(resume_key=key).lines

    for name in (known, "0" * 32):
        made_up = f'[[["{name}"]], {"[" + hidden.partition("]], [")[2]}'
        with pytest.raises(InvalidRequest, match=NOT_A_CURSOR[:12]):
            ask(resume_key=base64.urlsafe_b64encode((begins + made_up).encode()).decode())


def test_captures_are_found_nearest_to_the_last_instant_that_there_is(visited: Index) -> None:
    found = visited.lines(URLS[0], sort="closest", closest="99991231235959999")

    assert found == visited.lines(URLS[0], sort="reverse")

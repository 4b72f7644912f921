"""The key of a feed stands in its URL or its headers, and in nothing that strangers can read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from inventory.jobs.documents import job_document
from inventory.products.documents import summary_document
from inventory.products.feed_file import read
from inventory.products.feeds import Feed
from inventory.products.masking import without_keys
from tests.products.runs import run, running
from tests.upstreams import Answer, Upstream

KEY = "c0ffee11c0ffee22"
PATH = "/items"


def feed(folder: Path, url: str) -> Feed:
    file = folder / "feeds.yaml"
    fields = "{id: id, title: title, price: price}"
    file.write_text(f"- {{name: acme, url: '{url}', fields: {fields}, items: items, paginator: {{kind: next, next: next}}}}")
    return replace(read(file)[0], headers={"X-Api-Key": KEY}, retries=0, rate=100.0)


def page(**members: object) -> Answer:
    return Answer(headers=(("Content-Type", "application/json"),), body=json.dumps({"items": [], **members}).encode())


ANSWERS = {
    "a redirect": Answer(302, (("Location", f"{PATH}?api_key={KEY}&x=2"),)),
    "a redirect to no URL": Answer(302, (("Location", f"http://[{KEY}"),)),
    "not found": Answer(404, (("X-Key", KEY),), KEY.encode()),
    "no JSON": Answer(body=KEY.encode()),
    "items that cannot be used": page(items=[{"id": "1"}]),
    "a loop": page(next=f"{PATH}?api_key={KEY}&page=1"),
    "astray": page(next=f"http://elsewhere.test/?api_key={KEY}"),
    "no URL": page(next=f"http://[{KEY}"),
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
def test_whatever_goes_wrong_with_a_feed_its_key_is_told_to_nobody(tmp_path: Path, answer: Answer) -> None:
    with Upstream() as upstream:
        upstream.script(PATH, *[answer] * 9)
        with running(tmp_path, [feed(tmp_path, upstream.url(f"{PATH}?api_key={KEY}&page=1"))]) as services:
            job = run(services)
            told = summary_document(services.products.summary())
            rows = services.jobs.rows(job.id, None, limit=99, after=0)

        assert upstream.requests[0].target == f"{PATH}?api_key={KEY}&page=1"
    assert told["errors"]
    assert told["errors"][0]["endpoint"].startswith(upstream.url(f"{PATH}?api_key=***&page=1"))
    assert KEY not in f"{json.dumps(told)} {rows} {job_document(job, job.created_at)}"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://a.test/x", "https://a.test/x"),
        ("https://a.test/x?page=2&limit=20", "https://a.test/x?page=2&limit=20"),
        ("https://a.test/x?page=2&apiKey=abc&y=1", "https://a.test/x?page=2&apiKey=***&y=1"),
        ("https://a.test/x?access_token=a=b", "https://a.test/x?access_token=***"),
        ("https://a.test/x?key", "https://a.test/x?key"),
        ("https://a.test/x?", "https://a.test/x?"),
    ],
)
def test_what_may_be_a_key_is_left_out_of_a_url_that_is_shown(url: str, shown: str) -> None:
    assert without_keys(url) == shown

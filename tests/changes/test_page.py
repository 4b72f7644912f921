"""What is read out of a page."""

from __future__ import annotations

import time
from typing import Any

import pytest

from inventory.changes.page import MAX_HOSTS, read_page

URL = "https://www.example.test/dir/page"

PAGES: list[tuple[str, dict[str, Any]]] = [
    ("<title> One\n &amp; two </title><title>no</title>", {"title": "One & two"}),
    ("<!-- <title>no</title> --><TITLE lang=en>yes</TITLE>", {"title": "yes"}),
    ("<title>never ends", {"title": "never ends"}),
    ("<p>none", {}),
    ("<meta name=Generator content='WordPress 6.9'>", {"generator": "WordPress 6.9"}),
    ("<script src=//CDN.test/a.js></script><script>a()</script>", {"script.host": {"cdn.test"}, "inline": 1}),
    ("<script>'<script src=https://no.test/>'</script>", {"inline": 1}),
    ("<script src=/own.js></script>", {"script.host": {"www.example.test"}}),
    ("<base href=https://static.test/x/><img src=a.png>", {"image.host": {"static.test"}}),
    ("<base href=data:,x><img src=a.png>", {"image.host": {"www.example.test"}}),
    ("<base><base href=//b.test/><base href=//c.test/><img src=a.png>", {"image.host": {"b.test"}}),
    ("<img src='data:image/png;base64,AA=='><a href=https://no.test/>", {"image.host": set()}),
    ("<link rel=stylesheet href=https://css.test/a.css>", {"link.host": {"css.test"}}),
    ("<iframe src=https://frame.test/></iframe><frame src=https://two.test/>", {"frame.host": {"frame.test", "two.test"}}),
    ("<form action=https://pay.test/buy><form action=''>", {"form.host": {"pay.test"}}),
    ("<img src=http://[>", {"image.host": set()}),
    ("<style><img src=https://no.test/></style>", {}),
]


@pytest.mark.parametrize(("text", "expected"), PAGES)
def test_facts_are_read(text: str, expected: dict[str, Any]) -> None:
    facts = read_page(text, URL)

    assert (facts.title, facts.generator, facts.inline_scripts) == (
        expected.get("title"),
        expected.get("generator"),
        expected.get("inline", 0),
    )
    hosts = {name: found for name, found in expected.items() if name.endswith(".host") and found}
    assert {name: found for name, found in facts.hosts.items() if found} == hosts


def test_a_long_url_of_a_page_costs_nothing() -> None:
    begun = time.thread_time()

    facts = read_page("<img src=a>" * 50_000, f"{URL}/{'x/' * 30_000}")

    assert time.thread_time() - begun < 2
    assert facts.hosts["image.host"] == {"www.example.test"}


@pytest.mark.parametrize(
    "text",
    [
        "<div>" * 800_000,
        "<script src=//a.test></script>" * 130_000,
        "".join(f"<img src=//h{n}.test/>" for n in range(180_000)),
        "<img " + "a " * 2_000_000,
        "<title>" + "&amp;" * 800_000,
        "<!--" * 1_000_000,
    ],
    ids=["nested", "scripts", "hosts", "attributes", "title", "comments"],
)
def test_four_megabytes_of_anything_take_a_moment(text: str) -> None:
    begun = time.thread_time()

    facts = read_page(text, URL)

    assert time.thread_time() - begun < 2
    assert all(len(found) <= MAX_HOSTS for found in facts.hosts.values())

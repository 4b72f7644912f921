"""`Link` headers as RFC 8288 has them, and as servers write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.products.link_header import links_of
from tests.growth import assert_linear


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["</a>; rel=next"], [("/a", {"next"})]),
        (["</a>;rel=next,</b>;rel=prev"], [("/a", {"next"}), ("/b", {"prev"})]),
        (["</a>; rel=prev", "</b>; rel=next"], [("/a", {"prev"}), ("/b", {"next"})]),
        (['</a>; REL = "Prev NEXT nofollow"'], [("/a", {"prev", "next", "nofollow"})]),
        (['</a?ids=1,2;3>; title="x, <y>; rel=next"; rel="first"'], [("/a?ids=1,2;3", {"first"})]),
        (['</a>; title="say \\"next\\", \\\\"; rel=next'], [("/a", {"next"})]),
        (["</a>; rel=first; rel=next"], [("/a", {"first"})]),
        (["</a>; rel='next'"], [("/a", {"next"})]),
        (["</a>; title*=UTF-8''n%c3%a4chste; rel=next"], [("/a", {"next"})]),
        (["</a>; rel=next;"], [("/a", {"next"})]),
        (["</a> ; rel=next ; hreflang=de , , </b>"], [("/a", {"next"}), ("/b", set())]),
        (["<>; rel=next"], [("", {"next"})]),
        (["junk, </a>; rel=next"], [("/a", {"next"})]),
        (["</a> junk; rel=next, </b>; rel=next"], [("/a", set()), ("/b", {"next"})]),
        (['"<x>; rel=next", </a>; rel=next'], [("/a", {"next"})]),
        (["</a; rel=next"], []),
        (['</a>; title="never closed, </b>; rel=next'], [("/a", set())]),
        ([""], []),
    ],
)
def test_links_are_read_with_their_relations(values: list[str], expected: list[tuple[str, set[str]]]) -> None:
    assert [(link.target, set(link.relations)) for link in links_of(values)] == expected


def test_an_anchor_is_told() -> None:
    [link] = links_of(['</a>; rel=next; anchor="#part"'])

    assert link.anchor == "#part"


@given(st.lists(st.text(st.sampled_from('<>;,="\\ ab/')) | st.text()))
def test_whatever_a_header_is_it_has_some_links(values: list[str]) -> None:
    assert len(list(links_of(values))) <= sum(value.count("<") for value in values)


@pytest.mark.parametrize("part", ["<", "<>", "<>;", '<>;a="', '<>;a="\\', ",", '"', "\\", "; ", "<> ", "<>;a=b ", "a"])
def test_a_long_header_costs_in_proportion_to_its_length(part: str) -> None:
    assert_linear(lambda value: list(links_of([value])), lambda size: part * size, small=5_000)

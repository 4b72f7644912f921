"""Paginators: whatever a page says, the guard on is a page of the same upstream that was not pulled yet, or ends."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import urls
from inventory.errors import SourceFailure
from inventory.products.feeds import Feed, FieldPath
from inventory.products.page_loop_guard import ASTRAY, LOOP, PageLoopGuard
from inventory.products.paginators import Cursor, LinkHeader, NextUrl, Numbered, Offset, Page, Paginator

URL = "https://shop.example/items?q=a%20b&x="
PATHS = {name: FieldPath(name) for name in ("id", "title", "price")}
PAGINATORS: list[Paginator] = [
    Numbered(),
    Numbered("p", 0, "pages"),
    Offset(),
    Offset("skip", "take", 7, "total"),
    Cursor("next"),
    NextUrl("next"),
    LinkHeader(),
]
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.just("9" * 5000)
anything = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8)
contents = anything | st.fixed_dictionaries({}, optional=dict.fromkeys(("next", "pages", "total"), anything))
links = st.text() | st.builds("<{}>; rel={}".format, st.text(), st.sampled_from(["next", '"next"', '"prev next"', "last"]))


def guard_of(paginator: Paginator) -> PageLoopGuard:
    return PageLoopGuard(Feed("acme", URL, PATHS, paginator=paginator), 0, None)


def first(paginator: Paginator) -> str:
    return urls.parse(paginator.first(URL)).href


@given(
    paginator=st.sampled_from(PAGINATORS),
    pages=st.lists(st.tuples(contents, st.integers(0, 9), st.tuples(links)), min_size=1),
)
def test_whatever_pages_say_paging_stays_on_the_upstream_and_never_loops(
    paginator: Paginator, pages: list[tuple[Any, int, tuple[str, ...]]]
) -> None:
    guard, url, visited = guard_of(paginator), first(paginator), set[str]()
    for content, items, header in pages:
        assert urls.parse(url).authority == "shop.example"
        assert url not in visited
        visited.add(url)
        guard.add(url)
        try:
            following = guard.next(Page(url, content, items, header))
            beyond = guard.skip(url, header)
        except SourceFailure:
            return
        assert beyond is None or urls.parse(beyond).authority == "shop.example"
        if following is None:
            return
        url = following


@pytest.mark.parametrize(
    ("paginator", "content", "items", "expected"),
    [
        (Numbered(), {}, 5, "page=2"),
        (Numbered(), {}, 0, None),
        (Numbered("page", 1, "pages"), {"pages": 1}, 5, None),
        (Numbered("page", 1, "pages"), {"pages": 2}, 5, "page=2"),
        (Numbered("page", 0, "meta.pages"), {"meta": {"pages": "3"}}, 5, "page=1"),
        (Offset("skip", "limit", 5), {}, 5, "skip=5"),
        (Offset("skip", "limit", 5), {}, 4, None),
        (Offset("skip", "limit", 5, "total"), {"total": 9}, 5, "skip=5"),
        (Offset("skip", "limit", 5, "total"), {"total": 5}, 5, None),
        (Cursor("next"), {"next": "a/b ="}, 5, "cursor=a%2Fb+%3D"),
        (Cursor("next"), {"next": None}, 5, None),
        (NextUrl("next"), {"next": "/items?after=3"}, 5, "after=3"),
        (NextUrl("next"), {"next": ""}, 5, None),
    ],
)
def test_each_kind_leads_on_and_ends(paginator: Paginator, content: Any, items: int, expected: str | None) -> None:
    guard, url = guard_of(paginator), first(paginator)
    guard.add(url)
    following = guard.next(Page(url, content, items))

    assert following is None if expected is None else expected in (following or "")


def test_a_link_header_leads_on_among_others() -> None:
    guard = guard_of(LinkHeader())
    guard.add(URL)
    header = '<https://shop.example/items?n=1>; title="a, b"; rel="first", </items?n=2>; rel="next nofollow"; x=y'

    assert guard.next(Page(URL, [], 5, (header,))) == "https://shop.example/items?n=2"
    assert guard.next(Page(URL, [], 5, ("</items>; rel=prev",))) is None


@pytest.mark.parametrize(
    "reference",
    ["https://elsewhere.example/items", "http://shop.example/", "//x/", "ftp://shop.example/", "https://shop.example:81/"],
)
def test_no_page_is_looked_for_elsewhere(reference: str) -> None:
    guard = guard_of(NextUrl("next"))
    with pytest.raises(SourceFailure) as caught:
        guard.next(Page(URL, {"next": reference}, 5))

    assert caught.value.code == ASTRAY


@pytest.mark.parametrize("length", [1, 2, 3, 7, 20])
@pytest.mark.parametrize("handed_on_every", [1, 3, 1_000])
def test_a_circle_is_found_also_by_workers_who_saw_only_some_of_it(length: int, handed_on_every: int) -> None:
    feed = Feed("acme", URL, PATHS, paginator=NextUrl("next"))
    pulled = list[int]()

    def pull_all() -> None:
        guard, page = PageLoopGuard(feed, 0, None), 0
        while len(pulled) < 3 * (length + 3):
            if len(pulled) % handed_on_every == 0:
                guard = PageLoopGuard(feed, guard.pages, guard.anchor)
            pulled.append(page)
            following = page + 1 if page < length + 1 else 2
            guard.add(f"https://shop.example/{page}")
            guard.next(Page(f"https://shop.example/{page}", {"next": f"/{following}"}, 5))
            page = following

    with pytest.raises(SourceFailure) as caught:
        pull_all()

    assert caught.value.code == LOOP

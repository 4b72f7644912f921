"""Paginators: whatever a page says, the guard on is a page of the same upstream that was not pulled yet, or ends."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory import urls
from inventory.errors import SourceFailure
from inventory.products.feeds import Feed, FieldPath
from inventory.products.page_loop_guard import LOOP, MAX_IDENTITIES, PageLoopGuard
from inventory.products.paginators import ASTRAY, Cursor, LinkHeader, NextUrl, Numbered, Offset, Page, Paginator

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
numbers = st.integers() | st.floats() | st.decimals(allow_nan=False, allow_infinity=False)
scalars = st.none() | st.booleans() | numbers | st.text(st.characters(codec=None)) | st.just("9" * 5000)
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
        (Numbered("page", 1, "pages"), {"pages": 1}, 5, "page=2"),
        (Numbered("page", 1, "pages"), {"pages": 1}, 0, None),
        (Numbered("page", 1, "pages"), {"pages": 2}, 5, "page=2"),
        (Numbered("page", 1, "pages"), {"pages": 2}, 0, "page=2"),
        (Numbered(more_path="more"), {"more": False}, 5, None),
        (Numbered(more_path="more"), {"more": "false"}, 5, None),
        (Numbered(more_path="more"), {"more": True}, 0, "page=2"),
        (Numbered(more_path="more"), {}, 5, "page=2"),
        (Numbered("page", 0, "meta.pages"), {"meta": {"pages": "3"}}, 5, "page=1"),
        (Offset("skip", "limit", 5), {}, 5, "skip=5"),
        (Offset("skip", "limit", 5), {}, 4, "skip=4"),
        (Offset("startIndex", "count", 5, "totalResults", first_number=1), {"totalResults": 9}, 5, "startIndex=6"),
        (Offset("startIndex", "count", 5, "totalResults", first_number=1), {"totalResults": 5}, 0, None),
        (Offset("skip", "limit", 5), {}, 0, None),
        (Offset("skip", "limit", 5, "total"), {"total": 9}, 5, "skip=5"),
        (Offset("skip", "limit", 5, "total"), {"total": 5}, 5, "skip=5"),
        (Offset("skip", "limit", 5, "total"), {"total": 5}, 0, None),
        (Offset("skip", "limit", 5, "total"), {"total": 9}, 0, "skip=5"),
        (Offset("skip", "limit", 5, "total"), {"total": "many"}, 0, None),
        (Cursor("next"), {"next": "a/b ="}, 5, "cursor=a%2Fb+%3D"),
        (Cursor("next"), {"next": 17}, 5, "cursor=17"),
        (Cursor("next"), {"next": Decimal("1700000000.000100")}, 5, "cursor=1700000000.000100"),
        (Cursor("meta.page.after"), {"meta": {"page": {"after": "b"}}}, 5, "cursor=b"),
        (Cursor("data.-1.id", "starting_after", "has_more"), {"data": [{"id": "p_9"}], "has_more": True}, 1, "after=p_9"),
        (Cursor("data.-1.id", "starting_after", "has_more"), {"data": [{"id": "p_9"}], "has_more": False}, 1, None),
        *((Cursor("next"), {"next": nothing}, 5, None) for nothing in (None, "", " ", False, 0, "0", "null", [], {})),
        (Cursor("next"), {}, 5, None),
        (Cursor("mark"), {"mark": "a"}, 0, "cursor=a"),
        (NextUrl("next"), {"next": "/items?after=3"}, 5, "after=3"),
        (NextUrl("@odata.nextLink"), {"@odata.nextLink": "?$skip=3"}, 5, "skip=3"),
        (NextUrl("_links.next"), {"_links": {"next": {"href": "/items?after=3"}}}, 5, "after=3"),
        (NextUrl("_links.next"), {"_links": {"next": {"href": None}}}, 5, None),
        (NextUrl("links.next"), {"links": {"next": None}}, 5, None),
        (NextUrl("links"), {"links": [{"rel": "prev", "href": "/a"}, {"rel": "next", "href": "/items?n=3"}]}, 5, "n=3"),
        (NextUrl("links"), {"links": [{"rel": "prev", "href": "/a"}]}, 5, None),
        (NextUrl("links"), {"links": [{"rel": ["self"], "href": "/a"}, {"rel": ["next"], "href": "/b"}]}, 5, "/b"),
        *((NextUrl("next"), {"next": nothing}, 5, None) for nothing in (None, "", " ", False, 0, [], {})),
    ],
)
def test_each_kind_leads_on_and_ends(paginator: Paginator, content: Any, items: int, expected: str | None) -> None:
    guard, url = guard_of(paginator), first(paginator)
    guard.add(url)
    following = guard.next(Page(url, content, items))

    assert following is None if expected is None else expected in (following or "")


@pytest.mark.parametrize(
    ("paginator", "content"),
    [
        (Cursor("next"), {"next": True}),
        (Cursor("next"), {"next": {"after": 3}}),
        (Cursor("data.-1.uid", "after", "has_more"), {"data": [{"id": 3}], "has_more": True}),
        (NextUrl("next"), {"next": 3}),
        (NextUrl("next"), {"next": {"page": 3}}),
    ],
)
def test_what_is_named_as_the_next_page_and_cannot_be_one_is_no_end(paginator: Paginator, content: Any) -> None:
    with pytest.raises(SourceFailure) as caught:
        guard_of(paginator).next(Page(URL, content, 5))

    assert caught.value.code == ASTRAY


def test_a_cursor_that_makes_too_long_a_url_is_told_as_that() -> None:
    with pytest.raises(SourceFailure, match="more than 2,048 characters"):
        guard_of(Cursor("next")).next(Page(URL, {"next": "x" * 2_048}, 5))


def test_a_link_header_leads_on_among_others() -> None:
    guard = guard_of(LinkHeader())
    guard.add(URL)
    header = '<https://shop.example/items?n=1>; title="a, b"; rel="first", </items?n=2>; rel="next nofollow"; x=y'

    assert guard.next(Page(URL, [], 5, (header,))) == "https://shop.example/items?n=2"
    assert guard.next(Page(URL, [], 5, ("</items>; rel=prev",))) is None
    assert guard.next(Page(URL, [], 5, ('</a>; rel=next; anchor="/other"', "</b>; rel=prev, </items?n=3>; rel=next"))) == (
        "https://shop.example/items?n=3"
    )


@pytest.mark.parametrize(
    "reference",
    [
        "https://elsewhere.example/items",
        "http://elsewhere.example/",
        "//x/",
        "ftp://shop.example/",
        "https://shop.example:81/",
        "http://shop.example:443/",
    ],
)
def test_no_page_is_looked_for_elsewhere(reference: str) -> None:
    guard = guard_of(NextUrl("next"))
    with pytest.raises(SourceFailure) as caught:
        guard.next(Page(URL, {"next": reference}, 5))

    assert caught.value.code == ASTRAY


def test_a_next_page_on_http_is_asked_for_by_https_as_its_feed_is() -> None:
    guard = guard_of(NextUrl("next"))
    guard.add(URL)

    assert guard.next(Page(URL, {"next": "http://shop.example/items?n=2"}, 5)) == "https://shop.example/items?n=2"
    with pytest.raises(SourceFailure) as caught:
        guard.next(Page(URL, {"next": "http" + URL.removeprefix("https")}, 5))
    assert caught.value.code == LOOP


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("fields=id,title&q=a%20b&sort=-price", "fields=id,title&q=a%20b&sort=-price&page=2"),
        ("page=1&sig=a+b/c%2B%E9=", "sig=a+b/c%2B%E9=&page=2"),
        ("ids[]=1&ids[]=2&flag&%70age=1", "ids[]=1&ids[]=2&flag&page=2"),
        ("", "page=2"),
    ],
)
def test_a_parameter_is_set_and_the_others_stay_as_they_are_written(query: str, expected: str) -> None:
    assert Numbered().skip(f"https://a.test/x?{query}".rstrip("?")) == f"https://a.test/x?{expected}"


def pages_until_the_end(paginator: Paginator, pages: list[tuple[set[int], Any]]) -> tuple[int, str | None]:
    """How many of these pages, each its items and its content, are asked for, and the code of what ended it."""
    guard, url = guard_of(paginator), first(paginator)
    for number, (items, content) in enumerate(pages, 1):
        guard.add(url)
        try:
            following = guard.next(Page(url, content, len(items), identities=frozenset(items)))
        except SourceFailure as failure:
            return number, failure.code
        if following is None:
            return number, None
        url = following
    return len(pages), "more"


A, B = {1, 2, 3}, {4, 5, 6}


@pytest.mark.parametrize(
    ("paginator", "pages", "expected"),
    [
        (Numbered(), [(A, {}), (A, {}), (A, {}), (A, {})], (3, LOOP)),
        (Numbered(), [(A, {}), (B, {}), (B, {}), (B, {})], (4, LOOP)),
        (Numbered(), [(A, {}), (B, {}), (A, {}), (B, {})], (4, LOOP)),
        (Numbered(), [(A, {}), (A, {}), (B, {}), (set(), {})], (4, None)),
        (Numbered(pages="pages"), [(A, {"pages": 2}), (B, {"pages": 2}), (B, {"pages": 2})], (3, None)),
        (Numbered(pages="pages"), [(A, {"pages": 9}), (set(), {"pages": 9}), (set(), {})], (3, LOOP)),
        (Offset(size=3), [(A, {}), (A, {}), (A, {})], (3, LOOP)),
        (Offset(size=3, total="n"), [(A, {"n": 3}), (B, {"n": 3}), (set(), {"n": 3})], (3, None)),
        (Offset(size=3, total="n"), [(A, {"n": 6}), (B, {"n": 2}), (B, {"n": 6})], (3, None)),
        (Offset(size=3, total="n"), [(A, {"n": 9}), (set(), {"n": 0}), (B, {"n": 9}), (set(), {})], (4, None)),
        (Cursor("c"), [(A, {"c": 1}), (A, {"c": 2}), (A, {"c": 3}), (B, {"c": 4})], (3, LOOP)),
        (Cursor("c"), [(A, {"c": 1}), (set(), {"c": 2}), (B, {"c": None})], (3, None)),
    ],
)
def test_a_feed_ends_when_two_pages_in_a_row_have_nothing_new(
    paginator: Paginator, pages: list[tuple[set[int], Any]], expected: tuple[int, str | None]
) -> None:
    assert pages_until_the_end(paginator, pages) == expected


def test_an_offset_goes_on_after_what_came_and_past_a_window_that_gave_nothing_new() -> None:
    guard, url = guard_of(Offset(size=50)), first(Offset(size=50))
    guard.add(url)
    second = guard.next(Page(url, {}, 20, identities=frozenset(range(20))))
    third = guard.next(Page(second or "", {}, 1, identities=frozenset({7})))

    assert "offset=20" in (second or "")
    assert "offset=70" in (third or "")


def test_a_page_that_comes_again_to_the_next_worker_is_known() -> None:
    feed, url, pulled = Feed("acme", URL, PATHS, paginator=Numbered()), first(Numbered()), list[str]()
    guard = PageLoopGuard(feed, 0, None)

    def pull_by_a_worker_for_each_page() -> None:
        nonlocal guard, url
        while len(pulled) < 9:
            pulled.append(url)
            guard = PageLoopGuard(feed, 0, None, stale=guard.stale, told=guard.told, checksum=guard.checksum)
            url = guard.next(Page(url, {}, 3, identities=frozenset(A))) or ""

    with pytest.raises(SourceFailure, match="2 pages in a row"):
        pull_by_a_worker_for_each_page()

    assert len(pulled) == 3


def test_the_memory_of_items_is_bounded_and_a_circle_is_found_all_the_same() -> None:
    half = MAX_IDENTITIES // 2 + 1
    one, two = set(range(half)), set(range(half, 2 * half))

    assert pages_until_the_end(Numbered(), [(one, {}), (two, {}), (two, {}), (two, {}), (two, {})]) == (4, LOOP)


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

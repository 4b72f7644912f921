"""What differs between two snapshots: a table of kinds of changes, and what holds for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.changes.diff import diff
from inventory.changes.model import CookieKey, View
from inventory.html_pages.page import Page
from tests.fakes import content

URL = "https://example.test/"
TLS = {
    "version": "TLSv1.3",
    "cipher": "TLS_AES_256_GCM_SHA384",
    "subject": "CN=example.test",
    "issuer": "CN=One CA",
    "names": ["example.test", "www.example.test"],
    "not_before": "2026-01-01T00:00:00.000Z",
    "not_after": "2026-04-01T00:00:00.000Z",
}
COOKIE = {
    "name": "sid",
    "value": "a",
    "domain": "example.test",
    "host_only": True,
    "path": "/",
    "expires": None,
    "max_age": 3600,
    "secure": True,
    "http_only": True,
    "same_site": "Lax",
    "partitioned": False,
    "set_by": 0,
    "accepted": True,
    "reason": None,
}
Shown = tuple[str, str, object, object]


def seen(*, response: Mapping[str, Any] | None = None, body: Mapping[str, Any] | None = None, **changes: Any) -> Any:
    """A snapshot's content, with these members of its response and body."""
    usual = content(URL)
    return usual | {"response": usual["response"] | (response or {}), "body": usual["body"] | (body or {})} | changes


def hop(url: str = "http://example.test/", status: int = 301, **headers: str) -> dict[str, Any]:
    lines = [{"name": name, "value": value} for name, value in headers.items()]
    return {"url": url, "status": status, "headers": lines, "interim": [], "defects": []}


def shown(old: Any, new: Any) -> list[Shown]:
    return [(each.kind.value, each.field, each.old, each.new) for each in diff(View(content=old), View(content=new)).changes]


TABLE: list[tuple[str, Any, Any, list[Shown]]] = [
    (
        "status",
        seen(),
        seen(response={"status": 404, "reason": "Not Found"}),
        [("changed", "status", 200, 404), ("changed", "reason", "OK", "Not Found")],
    ),
    (
        "address",
        seen(response={"remote_address": None}),
        seen(),
        [("added", "ip", None, "127.0.0.1")],
    ),
    ("times are no change", seen(response={"elapsed_ms": 1.0, "dns_ms": 3.0}), seen(response={"elapsed_ms": 9.0}), []),
    ("a refresh is no change", seen(), seen(response={"not_modified": True, "revalidation": {"status": 304}}), []),
    (
        "final URL",
        seen(),
        seen(response={"final_url": f"{URL}x"}),
        [("changed", "final.url", URL, f"{URL}x")],
    ),
    (
        "a redirect more",
        seen(redirects=[hop("http://example.test/")]),
        seen(redirects=[hop("http://example.test/"), hop("https://example.test/", Location="/x")]),
        [
            ("changed", "redirects", 1, 2),
            ("added", "redirect.url", None, "https://example.test/"),
            ("added", "redirect.status", None, 301),
            ("added", "redirect.header.location", None, "/x"),
        ],
    ),
    (
        "a redirect less",
        seen(redirects=[hop("http://a.test/"), hop("http://b.test/")]),
        seen(redirects=[hop("http://b.test/")]),
        [
            ("changed", "redirects", 2, 1),
            ("removed", "redirect.url", "http://a.test/", None),
            ("removed", "redirect.status", 301, None),
        ],
    ),
    (
        "a redirect elsewhere",
        seen(redirects=[hop("http://a.test/"), hop("http://b.test/"), hop("http://c.test/")]),
        seen(redirects=[hop("http://a.test/"), hop("http://d.test/", 302, Server="x"), hop("http://c.test/")]),
        [
            ("changed", "redirect.url", "http://b.test/", "http://d.test/"),
            ("changed", "redirect.status", 301, 302),
            ("added", "redirect.header.server", None, "x"),
        ],
    ),
    (
        "a reason of a redirect",
        seen(redirects=[hop("http://a.test/") | {"reason": "Moved"}, hop("http://b.test/")]),
        seen(redirects=[hop("http://a.test/") | {"reason": "Gone on"}, hop("http://b.test/") | {"reason": "Found"}]),
        [("changed", "redirect.reason", "Moved", "Gone on")],
    ),
    (
        "a cookie's attributes",
        seen(cookies=[COOKIE]),
        seen(cookies=[COOKIE | {"secure": False, "same_site": None, "http_only": False, "max_age": None}]),
        [
            ("changed", "cookie.sid.secure", True, False),
            ("changed", "cookie.sid.httponly", True, False),
            ("removed", "cookie.sid.samesite", "Lax", None),
            ("removed", "cookie.sid.max_age", 3600, None),
        ],
    ),
    (
        "a cookie for another path is another cookie",
        seen(cookies=[COOKIE]),
        seen(cookies=[COOKIE | {"path": "/x", "host_only": False, "partitioned": True, "same_site": "None"}]),
        [
            ("removed", "cookie.sid", "secure; httponly; samesite=lax; path=/; persistent", None),
            (
                "added", "cookie.sid", None,
                "secure; httponly; samesite=none; partitioned; domain=example.test; path=/x; persistent",
            ),
        ],
    ),
    (
        "a cookie that is set twice",
        seen(cookies=[COOKIE, COOKIE | {"secure": False}]),
        seen(cookies=[COOKIE]),
        [("removed", "cookie.sid", "httponly; samesite=lax; path=/; persistent", None)],
    ),
    (
        "a certificate, by field",
        seen(response={"tls": TLS}),
        seen(response={"tls": TLS | {"issuer": "CN=Two CA", "names": ["example.test", "new.test"], "not_after": None}}),
        [
            ("changed", "tls.issuer", "CN=One CA", "CN=Two CA"),
            ("removed", "tls.name", "www.example.test", None),
            ("added", "tls.name", None, "new.test"),
            ("removed", "tls.not_after", "2026-04-01T00:00:00.000Z", None),
        ],
    ),
    (
        "no TLS any more",
        seen(response={"tls": {"version": "TLSv1.2", "names": ["a.test"]}}),
        seen(),
        [("removed", "tls.version", "TLSv1.2", None), ("removed", "tls.name", "a.test", None)],
    ),
    (
        "what an old version did not record is no change",
        seen(response={"tls": TLS}),
        seen(response={"tls": TLS | {"sha256": "0" * 64}, "interim": [{"status": 103, "headers": []}], "refresh": []}),
        [],
    ),
    (
        "what both versions recorded is",
        seen(response={"tls": TLS | {"sha256": "0" * 64, "size": 900}}),
        seen(response={"tls": TLS | {"sha256": "1" * 64, "size": 901}}),
        [("changed", "tls.sha256", "0" * 64, "1" * 64)],
    ),
    (
        "interim responses, refreshes and trailers",
        seen(response={"interim": [], "refresh": [{"source": "meta", "seconds": 5, "url": URL}]}),
        seen(
            response={
                "interim": [{"status": 103, "reason": "", "headers": [{"name": "Link", "value": "</a>"}]}],
                "refresh": [],
                "trailers": [{"name": "X-End", "value": "1"}],
            }
        ),
        [
            ("added", "interim.status", None, "103"),
            ("added", "interim.header.link", None, "</a>"),
            ("added", "trailer.x-end", None, "1"),
            ("removed", "refresh", f"5; url={URL}", None),
        ],
    ),
    (
        "a body and its kind",
        seen(),
        seen(body={"sha256": "1" * 64, "size": 6, "media_type": None, "charset": "utf-16le", "truncated": True}),
        [
            ("removed", "media_type", "text/html", None),
            ("changed", "charset", "utf-8", "utf-16le"),
            ("changed", "body.truncated", False, True),
            ("changed", "body.sha256", "0" * 64, "1" * 64),
            ("changed", "body.size", 5, 6),
        ],
    ),
    (
        "defects",
        seen(response={"defects": ["a", "a", "b"]}),
        seen(response={"defects": ["a", "c"]}),
        [("removed", "defect", "a", None), ("removed", "defect", "b", None), ("added", "defect", None, "c")],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "expected"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_snapshots_are_compared(old: Any, new: Any, expected: list[Shown]) -> None:
    assert shown(old, new) == expected


@pytest.mark.parametrize("side", [1, 2])
@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_a_snapshot_does_not_differ_from_itself(row: Any, side: int) -> None:
    found = diff(View(content=row[side], text="a"), View(content=row[side], text="a"))

    assert (list(found.changes), found.text) == ([], None)


@pytest.mark.parametrize("row", TABLE, ids=[row[0] for row in TABLE])
def test_the_other_way_round_as_much_differs(row: Any) -> None:
    swapped = {"added": "removed", "removed": "added", "changed": "changed"}
    forth, back = shown(row[1], row[2]), shown(row[2], row[1])

    assert sorted((swapped[kind], field, str(new), str(old)) for kind, field, old, new in forth) == sorted(
        (kind, field, str(old), str(new)) for kind, field, old, new in back
    )


def test_changes_of_a_redirect_and_of_a_cookie_say_whose_they_are() -> None:
    old = seen(redirects=[hop("http://a.test/"), hop("http://b.test/")], cookies=[COOKIE])
    new = seen(redirects=[hop("http://a.test/"), hop("http://b.test/", 302)], cookies=[COOKIE | {"secure": False}])

    first, second = diff(View(content=old), View(content=new)).changes

    assert (first.field, first.hop, first.cookie) == ("redirect.status", 2, None)
    assert (second.hop, second.cookie) == (None, CookieKey(name="sid", domain="example.test", path="/"))


def test_the_value_and_the_expiry_of_a_cookie_are_volatile_but_not_whether_it_expires() -> None:
    changed = {"value": "b", "expires": "2026-03-01T00:00:00.000Z"}
    expiring = COOKIE | {"expires": "2026-02-01T00:00:00.000Z"}

    def volatile(old: Any, new: Any) -> dict[str, bool]:
        found = diff(View(content=seen(cookies=[old])), View(content=seen(cookies=[new])))
        return {each.field: each.volatile for each in found.changes}

    assert volatile(expiring, COOKIE | changed) == {"cookie.sid.value": True, "cookie.sid.expires": True}
    assert volatile(COOKIE, COOKIE | changed) == {"cookie.sid.value": True, "cookie.sid.expires": False}


def test_a_page_that_differs_in_its_nonces_alone_is_volatile_with_its_hash_and_size() -> None:
    def view(nonce: str, sha256: str) -> View:
        return View(content=seen(body={"sha256": sha256 * 64}), text=f"<script nonce={nonce}>a()</script>\n")

    found = diff(view("abc", "0"), view("def", "1"))

    assert found.text is not None
    assert found.text.volatile
    assert [(each.field, each.volatile) for each in found.changes] == [("body.sha256", True)]
    assert found.counts == {"added": 0, "removed": 0, "changed": 1, "moved": 0, "volatile": 1}


def test_the_title_and_the_hosts_of_a_page_are_compared() -> None:
    def view(title: str | None, inline: int, *hosts: str) -> View:
        page = Page(title=title, inline_scripts=inline, hosts={"script": hosts})
        return View(content=seen(), page=page)

    found = diff(view("One", 1, "b.test", "a.test"), view(None, 2, "d.test", "b.test", "c.test")).changes

    assert [(each.kind.value, each.field, each.old, each.new) for each in found] == [
        ("removed", "title", "One", None),
        ("removed", "script.host", "a.test", None),
        ("added", "script.host", None, "c.test"),
        ("added", "script.host", None, "d.test"),
        ("changed", "script.inline", 1, 2),
    ]


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        (("A 1",), ("A 2",), [("changed", "A 1", "A 2")]),
        ((), ("A",), [("added", None, "A")]),
        (("A", "B"), ("B", "A"), []),
        (("A", "B"), ("B",), [("removed", "A", None)]),
    ],
)
def test_the_generators_of_a_page_are_compared(old: tuple[str, ...], new: tuple[str, ...], changes: list[Any]) -> None:
    before, after = (View(content=seen(), page=Page(generators=each)) for each in (old, new))

    found = diff(before, after).changes

    assert {each.field for each in found} <= {"generator"}
    assert [(each.kind.value, each.old, each.new) for each in found] == changes


def test_of_a_request_is_compared_what_does_not_follow_from_what_is_known() -> None:
    def view(**lines: str) -> View:
        headers = [{"name": name.replace("_", "-"), "value": value} for name, value in lines.items()]
        return View(content=seen(response={"request": {"method": "GET", "target": "/", "headers": headers}}))

    first = view(Host="a.test", User_Agent="Inventory/0.1", Accept="*/*")
    second = view(Host="b.test", User_Agent="Inventory/0.2", Accept="*/*", If_None_Match='"1"', Cookie="a=b")

    assert [(each.field, each.old, each.new) for each in diff(first, second).changes] == [
        ("request.header.user-agent", "Inventory/0.1", "Inventory/0.2")
    ]
    assert diff(View(content=seen()), second).changes == ()


def test_the_text_is_compared_only_where_both_are_text() -> None:
    text, other, none = (View(content=seen(), text=each) for each in ("a\n", "b\n", None))

    assert diff(text, none).text is None
    assert diff(none, text).text is None
    unified = diff(text, other, old_label="x", new_label="y").text
    assert unified is not None
    assert unified.unified == "--- x\n+++ y\n@@ -1 +1 @@\n-a\n+b\n"


TEXTS = st.text(max_size=4)
CONTENTS = st.builds(
    seen,
    response=st.fixed_dictionaries(
        {"status": st.integers(100, 999), "defects": st.lists(TEXTS, max_size=3)},
        optional={"tls": st.none() | st.just(TLS), "refresh": st.just([]), "interim": st.just([])},
    ),
    headers=st.lists(st.fixed_dictionaries({"name": TEXTS, "value": TEXTS}), max_size=4),
    redirects=st.lists(st.builds(hop, TEXTS, st.integers(300, 399), X=TEXTS), max_size=4),
    cookies=st.lists(
        st.builds(lambda **members: COOKIE | members, name=TEXTS, value=TEXTS, secure=st.booleans()), max_size=4
    ),
)


@given(content=CONTENTS, text=TEXTS)
def test_no_snapshot_differs_from_itself(content: Any, text: str) -> None:
    found = diff(View(content=content, text=text), View(content=content, text=text))

    assert not found.changes
    assert found.text is None


@given(old=CONTENTS, new=CONTENTS)
def test_what_differs_is_never_equal(old: Any, new: Any) -> None:
    for change in diff(View(content=old), View(content=new)).changes:
        name = (change.old_line and change.old_line.name, change.new_line and change.new_line.name)
        moved = change.kind.value == "moved"
        assert moved or change.old != change.new or name[0] != name[1]

"""What a robots.txt allows us: RFC 9309 on files as sites write them, and bounds on those that nobody should write."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.http_client.fetcher import REQUEST_HEADERS
from inventory.robots.rules import MAX_BYTES, PRODUCT, Rules
from tests.growth import assert_linear


def allows(text: str, target: str) -> bool:
    return Rules(text.encode()).allow(target)


def test_the_name_by_which_sites_know_us_is_the_one_that_we_send() -> None:
    assert REQUEST_HEADERS["User-Agent"].startswith(f"{PRODUCT}/")


@pytest.mark.parametrize(
    ("text", "target", "allowed"),
    [
        ("", "/", True),
        ("<html><p>Not found</p></html>", "/", True),
        ("User-agent: *\nDisallow:\n", "/x", True),
        ("User-agent: *\nDisallow: /\n", "/x", False),
        ("User-agent: *\nDisallow: /\n", "/robots.txt", True),
        ("User-agent: *\nDisallow: /a\n", "/a/b", False),
        ("User-agent: *\nDisallow: /a\n", "/A", True),
        ("User-agent: *\nDisallow: /a/\nAllow: /a/b\n", "/a/b/c", True),
        ("User-agent: *\nAllow: /a\nDisallow: /a\n", "/a", True),
        ("User-agent: *\nDisallow: /*.gif$\n", "/a.gif", False),
        ("User-agent: *\nDisallow: /*.gif$\n", "/a.gif?x", True),
        ("User-agent: *\nDisallow: /*?sort=\n", "/list?sort=up", False),
        ("User-agent: *\nDisallow: /%61b\n", "/ab", False),
        ("User-agent: *\nDisallow: /ü\n", "/%C3%BC", False),
        ("User-agent: *\r\nDisallow: /a # for all\r\n", "/a", False),
        ("\ufeffUser-agent: *\nDisallow: /\n", "/a", False),
        ("Disallow: /\n", "/a", True),
    ],
)
def test_a_rule_is_read_as_the_rfc_says(text: str, target: str, allowed: bool) -> None:
    assert allows(text, target) is allowed


@pytest.mark.parametrize("name", ["Inventory", "inventory", "INVENTORY", "Inventory/0.1", "Inventory # us"])
def test_a_group_that_names_us_counts_instead_of_the_one_for_all(name: str) -> None:
    text = f"User-agent: *\nDisallow: /\n\nUser-agent: {name}\nDisallow: /private\n"

    assert allows(text, "/page")
    assert not allows(text, "/private")


@pytest.mark.parametrize("name", ["Inv", "InventoryBot", "My-Inventory", "Googlebot", "i*", "**"])
def test_a_group_that_names_another_does_not_count(name: str) -> None:
    assert allows(f"User-agent: {name}\nDisallow: /\n", "/page")
    assert not allows(f"User-agent: {name}\nAllow: /\n\nUser-agent: *\nDisallow: /\n", "/page")


def test_a_group_may_have_several_names_and_several_groups_ours() -> None:
    text = (
        "User-agent: a\nUser-agent: Inventory\nUser-agent: b\nDisallow: /1\n\n"
        "User-agent: c\nDisallow: /\n\nUser-agent: inventory\nDisallow: /2\n"
    )

    assert [allows(text, f"/{n}") for n in (1, 2, 3)] == [False, False, True]


def test_half_a_line_does_not_count() -> None:
    body = b"User-agent: *\nDisallow: /a\nDisallow: /"

    assert not Rules(body).allow("/b")
    assert Rules(body, truncated=True).allow("/b")
    assert not Rules(body, truncated=True).allow("/a")


def test_what_is_beyond_500_kib_does_not_count() -> None:
    head = b"User-agent: *\nDisallow: /a\n"
    body = head + b"#" * (MAX_BYTES - len(head) - 12) + b"\nDisallow: /private\n"

    assert not Rules(body).allow("/a")
    assert Rules(body).allow("/private")
    assert Rules(body).allow("/")


@given(st.binary(max_size=300), st.text(max_size=50))
def test_any_bytes_are_a_robots_txt(body: bytes, path: str) -> None:
    assert Rules(b"User-agent: *\nDisallow: /x\n" + body).allow("/robots.txt")
    Rules(body).allow(f"/{path}")


def numbered(size: int, line: str) -> str:
    count = size // len(line)
    return "".join(line % number for number in range(count))


HOSTILE = {
    "rules": lambda size: "User-agent: *\n" + numbered(size, "Allow: /%d\n"),
    "wildcards": lambda size: "User-agent: *\n" + numbered(size, "Allow: /*a%d*a\n"),
    "anchors": lambda size: "User-agent: *\n" + numbered(size, "Disallow: /$%d$\n"),
    "escapes": lambda size: "User-agent: *\n" + numbered(size, "Disallow: /%%41%d\n"),
    "stars": lambda size: "User-agent: *\nDisallow: /" + "a*" * (size // 2) + "b\n",
    "names, then rules": lambda size: numbered(size // 2, "User-agent: %d\n") + numbered(size // 2, "Allow: /%d\n"),
    "names, twice": lambda size: 2 * numbered(size // 2, "User-agent: %d\n") + "Allow: /\n",
    "names without colons": lambda size: numbered(size // 2, "Useragent x%d\n") + numbered(size // 2, "Allow: /%d\n"),
    "groups": lambda size: numbered(size, "User-agent: x\nAllow: /%d\n"),
    "blanks": lambda size: "User-agent:" + " " * size,
    "hyphens": lambda size: "User" + "-" * size,
    "a line": lambda size: "x" * size,
    "line ends": lambda size: "\r" * size,
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_time_is_in_proportion_to_the_length(kind: str) -> None:
    target = "/" + "a" * 2_000

    assert_linear(lambda body: Rules(body).allow(target), lambda size: HOSTILE[kind](size).encode(), small=25_000)


@pytest.mark.parametrize("kind", HOSTILE)
def test_the_memory_is_bounded(kind: str) -> None:
    body = HOSTILE[kind](2 * MAX_BYTES).encode()
    tracemalloc.start()
    try:
        rules = Rules(body)
        used, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert rules.size <= MAX_BYTES
    assert used < 50_000_000


def test_of_a_longer_url_the_first_2_048_characters_count() -> None:
    text = "User-agent: *\nDisallow: /*secret\n"

    assert not allows(text, f"/{'a' * 2_000}/secret")
    assert allows(text, f"/{'a' * 2_048}/secret")

"""`/cdx`: which captures are meant, and what is said of them."""

from __future__ import annotations

import json

import pytest

from inventory.cdx.model import urlkey
from tests.cdx.conftest import Index, digest, moved, page

PAGES = (
    "http://example.test/",
    "https://www.example.test/",
    "http://example.test/a",
    "http://example.test/A/?y=2&x=1",
    "http://example.test/ab",
    "http://example.test:8080/a",
    "http://sub.example.test/a",
    "http://example-not.test/a",
    "http://test/",
)


@pytest.fixture
def site(index: Index) -> Index:
    """Two captures of each page, the second one ten seconds and a bit after all the first ones."""
    for body in (b"one", b"two"):
        for url in PAGES:
            index.collect(url, page(body))
    return index


def originals(index: Index, url: str, **query: str) -> list[str]:
    return index.lines(url, fl="original", collapse="original", **query)


def test_a_line_says_what_was_seen_when(index: Index) -> None:
    index.collect("http://name.test/Page?b=2&a=1", page(b"hello"))

    assert index.ask("http://name.test/Page?b=2&a=1").mimetype == "text/plain"
    assert index.lines("http://name.test/Page?b=2&a=1") == [
        f"test,name)/page?a=1&b=2 20260131120010 http://name.test/Page?b=2&a=1 text/html 200 {digest(b'hello')} 5"
    ]


def test_a_redirect_is_what_its_first_answer_was(index: Index) -> None:
    index.collect("http://name.test/old", moved(b"/new"), page(b"there"))

    assert index.lines("http://name.test/old") == ["test,name)/old 20260131120010 http://name.test/old unk 301 - -"]
    assert index.lines("http://name.test/new") == []


@pytest.mark.parametrize(("declared", "media_type"), [(b"A/B ; c=d", "a/b"), (b"a b", "a"), (b"", "unk")])
def test_a_media_type_has_no_blank_in_it(index: Index, declared: bytes, media_type: str) -> None:
    answer = moved(b"/new").replace(b"Content-Length", b"Content-Type: " + declared + b"\r\nContent-Length")
    index.collect("http://name.test/", answer, page(b"x", b"404 Not Found", b""))

    assert index.lines("http://name.test/", fl="statuscode,mimetype") == [f"301 {media_type}"]


@pytest.mark.parametrize(
    ("url", "match_type", "found"),
    [
        ("http://example.test/", None, [0, 1]),
        ("EXAMPLE.test", None, [0, 1]),
        ("https://www2.example.test", "exact", [0, 1]),
        ("example.test/a", None, [2]),
        ("example.test/a/?x=1&Y=2", None, [3]),
        ("example.test/a", "prefix", [2, 3, 4]),
        ("example.test/a*", None, [2, 3, 4]),
        ("example.test/a/*", None, []),
        ("example.test/a?*", None, [3]),
        ("http://example.test/*", None, [0, 1, 2, 3, 4]),
        ("example.test/nothing/of/it", "host", [0, 1, 2, 3, 4]),
        ("example.test:8080", "host", [5]),
        ("*.example.test", None, [0, 1, 2, 3, 4, 6, 5]),
        ("http://*.example.test", None, [0, 1, 2, 3, 4, 6, 5]),
        ("www.example.test/x", "domain", [0, 1, 2, 3, 4, 6, 5]),
        ("*.test", None, [8, 0, 1, 2, 3, 4, 6, 7, 5]),
        ("unknown.test", "domain", []),
    ],
)
def test_urls_are_chosen_by_what_their_keys_are(site: Index, url: str, match_type: str | None, found: list[int]) -> None:
    query = {} if match_type is None else {"matchType": match_type}

    listed = originals(site, url, **query)

    assert sorted(set(listed)) == sorted(PAGES[number] for number in found)
    keys = [line.split()[0] for line in site.lines(url, **query)]
    order = list(dict.fromkeys(keys))
    assert order == list(dict.fromkeys(urlkey(PAGES[number]) for number in found))
    assert len(keys) == 2 * len(found)


def test_captures_of_one_key_are_in_the_order_of_time_whatever_their_urls_are(site: Index) -> None:
    found = [line.split() for line in site.lines("example.test/", fl="timestamp,original")]

    assert [each[1] for each in found] == [*PAGES[:2], *PAGES[:2]]
    assert sorted(found) == found


@pytest.mark.parametrize(
    ("bounds", "seconds"),
    [
        ({}, ["10", "20", "30"]),
        ({"from_": "20260131120020"}, ["20", "30"]),
        ({"to": "20260131120020"}, ["10", "20"]),
        ({"from_": "20260131120020", "to": "20260131120020"}, ["20"]),
        ({"from_": "20260131120020124"}, ["30"]),
        ({"to": "20260131120020122"}, ["10"]),
        ({"from_": "20260131120020123", "to": "20260131120020123"}, ["20"]),
        ({"from_": "2026", "to": "2026"}, ["10", "20", "30"]),
        ({"from_": "2", "to": "20260131"}, ["10", "20", "30"]),
        ({"from_": "2027"}, []),
        ({"to": "2025123"}, []),
        ({"to": "0"}, []),
        ({"from_": "9999"}, []),
        ({"from_": "2026013112001", "to": "2026013112002"}, ["10", "20"]),
    ],
)
def test_captures_are_chosen_by_time(index: Index, bounds: dict[str, str], seconds: list[str]) -> None:
    for body in (b"one", b"two", b"three"):
        index.collect("http://name.test/", page(body))

    assert [line[-2:] for line in index.lines("name.test", fl="timestamp", **bounds)] == seconds


@pytest.mark.parametrize(
    ("filters", "statuses"),
    [
        (["statuscode:200"], ["200"]),
        (["!statuscode:200"], ["404", "503"]),
        (["statuscode:[45].."], ["404", "503"]),
        (["statuscode:0"], []),
        (["statuscode:[45]..", "!statuscode:404"], ["503"]),
        (["status:0"], ["200", "404", "503"]),
        (["status:50"], ["503"]),
        (["!status:50"], ["200", "404"]),
        (["=status:404"], ["404"]),
        (["!=status:404"], ["200", "503"]),
        (["=statuscode:40"], []),
        (["~status:40"], ["404"]),
        (["!~status:.0[0-3]"], ["404"]),
        (["~url:.*test/$"], ["200", "404", "503"]),
        (["original:http.*"], ["200", "404", "503"]),
        (["mime:html", "length:4"], ["200", "404", "503"]),
        (["digest:[^s].*"], []),
        (["timestamp:20260131120010"], ["200"]),
        (["offset:1"], []),
    ],
)
def test_captures_are_filtered_in_both_dialects(index: Index, filters: list[str], statuses: list[str]) -> None:
    for status in (b"200 OK", b"404 Not Found", b"503 Busy"):
        index.collect("http://name.test/", page(status=status))

    assert index.lines("name.test", fl="statuscode", filter=filters) == statuses


def test_a_filter_without_hits_answers_nothing(site: Index) -> None:
    nothing = {"filter": "statuscode:500", "showResumeKey": "true"}

    assert site.ask("*.test", **nothing).data == b""
    assert site.ask("*.test", **nothing, output="cdxj").data == b""
    assert site.ask("*.test", **nothing, output="json").json == []
    assert site.ask("*.test", **nothing, output="json", dialect="pywb").data == b""
    assert site.ask("nobody.test").data == b""


def test_no_expression_takes_longer_with_each_character(index: Index) -> None:
    index.collect("http://name.test/" + "a" * 1_500 + "!", page())

    assert index.lines("*.name.test", filter="original:.*/(a|aa|a*)*(a+)+$") == []


def test_neighbours_are_collapsed(index: Index) -> None:
    for body in (b"one", b"one", b"two", b"one"):
        index.collect("http://name.test/", page(body))

    def seconds(*collapse: str, **query: str) -> list[str]:
        return [line[-2:] for line in index.lines("name.test", fl="timestamp", collapse=collapse, **query)]

    assert seconds("digest") == ["10", "30", "40"]
    assert seconds("timestamp:4") == ["10"]
    assert seconds("timestamp:13") == ["10", "20", "30", "40"]
    assert seconds("digest", "length") == ["10"]
    assert seconds("digest", filter="!timestamp:.*30") == ["10"]
    assert seconds("digest", sort="reverse") == ["40", "30", "20"]
    assert seconds("digest", limit="-2") == ["30", "40"]


def test_an_answer_has_the_first_or_the_last_lines(site: Index) -> None:
    every = site.lines("*.test")

    assert len(every) == 2 * len(PAGES)
    assert site.lines("*.test", limit=3) == every[:3]
    assert site.lines("*.test", limit=-3) == every[-3:]
    assert site.lines("*.test", limit=1_000_000) == every
    assert site.lines("*.test", sort="reverse") == every[::-1]
    assert site.lines("*.test", sort="reverse", limit=3) == every[::-1][:3]
    assert site.lines("*.test", sort="default", gzip="false", fastLatest="true") == every


def test_the_captures_nearest_to_an_instant_come_first(index: Index) -> None:
    for body in (b"one", b"two", b"three", b"four"):
        index.collect("http://name.test/", page(body))

    def seconds(closest: str, **query: str) -> list[str]:
        lines = index.lines("name.test", fl="timestamp", closest=closest, **query)
        assert lines == index.all_lines("name.test", fl="timestamp", closest=closest, limit="1", **query)
        return [line[-2:] for line in lines]

    assert seconds("20260131120020", sort="closest") == ["20", "10", "30", "40"]
    assert seconds("20260131120020123") == ["20", "10", "30", "40"]
    assert seconds("20260131120029") == ["30", "20", "40", "10"]
    assert seconds("2030") == ["40", "30", "20", "10"]
    assert seconds("1990", from_="20260131120015") == ["20", "30", "40"]
    assert seconds("", sort="closest") == ["10", "20", "30", "40"]


def test_an_answer_has_the_fields_that_are_wanted_under_the_names_that_are_sent(index: Index) -> None:
    index.collect("http://name.test/", page(b"hello"))

    assert index.lines("name.test", fl="statuscode, status,url") == ["200 200 http://name.test/"]
    assert index.lines("name.test", fields="offset,filename") == ["- -"]
    assert index.ask("name.test", fl="timestamp,original", output="json").json == [
        ["timestamp", "original"],
        ["20260131120010", "http://name.test/"],
    ]


def test_each_dialect_has_its_json(site: Index) -> None:
    wayback = site.ask("example.test/a", output="json")
    pywb = site.ask("example.test/a", output="json", filter="mime:html")
    asked = site.ask("example.test/a", output="json", dialect="pywb")

    assert wayback.mimetype == "application/json"
    assert wayback.json[0] == ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
    assert [dict(zip(wayback.json[0], row, strict=True))["digest"] for row in wayback.json[1:]] == [
        digest(b"one"),
        digest(b"two"),
    ]
    assert pywb.mimetype == "application/x-ndjson"
    assert pywb.data == asked.data
    first = json.loads(pywb.text.splitlines()[0])
    assert list(first) == ["urlkey", "timestamp", "url", "mime", "status", "digest", "length"]
    assert list(first.values()) == wayback.json[1]


def test_cdxj_is_key_and_time_and_an_object(index: Index) -> None:
    index.collect("http://name.test/", page(b"hello"))

    key, time, rest = index.ask("name.test", output="cdxj").text.split(" ", 2)

    assert (key, time) == ("test,name)/", "20260131120010")
    assert json.loads(rest) == {
        "url": "http://name.test/",
        "mime": "text/html",
        "status": "200",
        "digest": digest(b"hello"),
        "length": "5",
    }


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ({"url": ""}, "url"),
        ({"matchType": "suffix"}, "matchType"),
        ({"from": "soon"}, "from"),
        ({"to": "20261301"}, "to"),
        ({"to": "202601311200101"}, "to"),
        ({"filter": "statuscode"}, "filter"),
        ({"filter": "colour:red"}, "filter"),
        ({"filter": "statuscode:("}, "filter"),
        ({"filter": "statuscode:(?=2)"}, "filter"),
        ({"filter": "original:" + "a" * 501}, "filter"),
        ({"filter": ["statuscode:200"] * 21}, "filter"),
        ({"collapse": "colour"}, "collapse"),
        ({"collapse": "timestamp:0"}, "collapse"),
        ({"limit": "many"}, "limit"),
        ({"limit": "0"}, "limit"),
        ({"limit": "-1", "sort": "reverse"}, "limit"),
        ({"sort": "closest"}, "closest"),
        ({"closest": "x"}, "closest"),
        ({"closest": "2026", "sort": "reverse"}, "closest"),
        ({"closest": "2026", "matchType": "host"}, "closest"),
        ({"fl": "colour"}, "fl"),
        ({"fl": "url", "fields": "url"}, "fields"),
        ({"output": "xml"}, "output"),
        ({"resumeKey": "x"}, "resumeKey"),
        ({"page": "1"}, "page"),
    ],
)
def test_what_means_nothing_is_a_problem_that_names_it(index: Index, query: dict[str, str], named: str) -> None:
    answer = index.client.get("/cdx", query_string={"url": "example.test"} | query)

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == [named]


def test_what_is_no_url_is_a_problem(index: Index) -> None:
    assert index.ask("http://", 422).json["code"] == "invalid_url"
    assert index.ask("ftp://example.test/", 422).json["code"] == "unsupported_scheme"
    assert index.ask("http://me:pw@example.test/", 422).json["code"] == "credentials_in_url"

"""Which condition a query is."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from inventory.observations.conditions import NOTHING, And, Condition, Everything, Exists, Not, Or, Wildcard, matcher
from inventory.observations.queries.query import parse, parse_field
from tests.observations.algebra import NOW, between, cookie, exactly, exists, has, text, url, word_or_pattern

A, B, C, D = (has("header.x", value) for value in "abcd")

CONDITIONS: dict[str, Condition] = {
    # Everything
    "": Everything(),
    " \t\n ": Everything(),
    "*": Everything(),
    "*:*": Everything(),
    "*:* status:200": exactly("status", "200"),
    "*:* OR status:200": Everything(),
    "NOT *:*": NOTHING,
    # The contract's own
    "header.server:nginx AND NOT _exists_:header.strict-transport-security": And(
        (has("header.server", "nginx"), Not(exists("header.strict-transport-security")))
    ),
    "status:[400 TO 499]": between("status", "[400", "499]"),
    "host:*.example.com": exactly("host", "*.example.com"),
    "tls.not_after:[* TO now+30d]": between("tls.not_after", "", "2026-07-01T12:00:00]"),
    "cookie.*.secure:false": cookie("cookie.*.secure", "false", exact=True),
    "tag:prod": has("tag", "prod"),
    "domain:example.com": exactly("domain", "example.com"),
    # Operators
    "header.x:a header.x:b": And((A, B)),
    "header.x:a AND header.x:b": And((A, B)),
    "header.x:a && header.x:b": And((A, B)),
    "header.x:a OR header.x:b": Or((A, B)),
    "header.x:a || header.x:b": Or((A, B)),
    "NOT header.x:a": Not(A),
    "!header.x:a": Not(A),
    "! header.x:a": Not(A),
    "-header.x:a": Not(A),
    "- header.x:a": Not(A),
    "+header.x:a": A,
    "+header.x:a -header.x:b": And((A, Not(B))),
    "NOT NOT header.x:a": A,
    "!!header.x:a": A,
    "NOT -header.x:a": A,
    "!(header.x:a || header.x:b)": Not(Or((A, B))),
    "header.x:a AND NOT header.x:b": And((A, Not(B))),
    "header.x:a !header.x:b": And((A, Not(B))),
    "header.x:a AND header.x:b OR header.x:c": Or((And((A, B)), C)),
    "header.x:a OR header.x:b AND header.x:c": Or((A, And((B, C)))),
    "(header.x:a OR header.x:b) AND header.x:c": And((Or((A, B)), C)),
    "header.x:a OR header.x:b header.x:c": And((Or((A, B)), C)),
    "header.x:a header.x:b OR header.x:c": And((A, Or((B, C)))),
    "header.x:a OR header.x:b NOT header.x:c": And((Or((A, B)), Not(C))),
    "header.x:a OR header.x:b -header.x:c": And((Or((A, B)), Not(C))),
    "header.x:a OR header.x:b +header.x:c": And((Or((A, B)), C)),
    "header.x:a OR header.x:b AND header.x:c -header.x:d": And((Or((A, And((B, C)))), Not(D))),
    "header.x:a AND header.x:b -header.x:c OR header.x:d": And((A, B, Or((Not(C), D)))),
    "header.x:a OR (header.x:b -header.x:c)": Or((A, And((B, Not(C))))),
    "((header.x:a))": A,
    "(header.x:a) (header.x:b)": And((A, B)),
    "header.x:a AND (header.x:b AND (header.x:c AND header.x:d))": And((A, B, C, D)),
    "header.x:a OR (header.x:b OR (header.x:c OR header.x:d))": Or((A, B, C, D)),
    "header.x:a header.x:a": A,
    "header.x:a OR header.x:a": A,
    "header.x:(a b)": And((A, B)),
    "header.x:(a OR b)": Or((A, B)),
    "header.x:(a OR (b -c))": Or((A, And((B, Not(C))))),
    "header.x:(NOT a)": Not(A),
    "header.x:-a": Not(A),
    "header.x:!a": Not(A),
    "header.x:NOT a": Not(A),
    "header.x : a": A,
    "header.x:\n\ta": A,
    # Names of fields
    "Header.Server:nginx": has("header.server", "nginx"),
    "STATUS:200": exactly("status", "200"),
    "header.exact:a": has("header.exact", "a"),
    "header.x.exact:Ab": exactly("header.x", "Ab"),
    "header.X.EXACT:Ab": exactly("header.x", "Ab"),
    "header.exact.exact:Ab": exactly("header.exact", "Ab"),
    "header.a.b:c": has("header.a.b", "c"),
    "header.:a": has("header.", "a"),
    r"header.a\:b:c": has("header.a:b", "c"),
    r"header.a\*b:c": text("header.a*b", "c"),
    r"header.a\ b:c": has("header.a b", "c"),
    r"header.\u0000:c": has("header.\0", "c"),
    "header.$x:c": has("header.$x", "c"),
    "header.x-*:c": has("header.x-*", "c"),
    "header.*:c": has("header.*", "c"),
    "redirect.header.location:*login*": has("redirect.header.location", "*login*"),
    "cookie.SID:*Secure*": cookie("cookie.sid", "*secure*"),
    "cookie.SID.exact:secure": exactly("cookie.SID", "secure"),
    "COOKIE.SID.Secure.exact:true": exactly("cookie.SID.secure", "true"),
    "cookie.sid.samesite:None": cookie("cookie.sid.samesite", "none"),
    "cookie.a.b.secure:true": cookie("cookie.a.b.secure", "true", exact=True),
    "cookie.secure:a": cookie("cookie.secure", "a"),
    "cookie..secure:true": cookie("cookie..secure", "true", exact=True),
    "cookie.S*.exact:x": exactly("cookie.S*", "x"),
    "*.host:cdn.test": Or(
        tuple(exactly(f"{name}.host", "cdn.test") for name in ("final", "script", "link", "image", "frame", "form"))
    ),
    "scr*.host:cdn.test": exactly("script.host", "cdn.test"),
    "*.status:301": exactly("redirect.status", "301"),
    # That something is there
    "_exists_:title": exists("title"),
    "_EXISTS_:title": exists("title"),
    "title:*": exists("title"),
    "title:**": exists("title"),
    "status:[* TO *]": exists("status"),
    "status:>=*": exists("status"),
    "_exists_:(title OR generator)": Or((exists("title"), exists("generator"))),
    "_exists_:header.x-*": exists("header.x-*"),
    "_exists_:cookie.*": Exists(word_or_pattern("cookie.*")),
    "_exists_:cookie.Sid": Exists(word_or_pattern("cookie.sid")),
    "_exists_:cookie.Sid.exact": exists("cookie.Sid"),
    '_exists_:"header.a b"': exists("header.a b"),
    "_exists_:redirect.*": Or((exists("redirect.url"), exists("redirect.status"), exists("redirect.header.*"))),
    "_exists_:body.size": exists("body.size"),
    # Values
    "title:Hello": has("title", "hello"),
    "title:HELLO*": has("title", "hello*"),
    'title:"Hello, World"': has("title", "hello, world"),
    'title:"a*b?"': text("title", "a*b?"),
    r"title:a\*b": text("title", "a*b"),
    r"title:a\ b*": has("title", "a b*"),
    r'title:"say \"hi\""': has("title", 'say "hi"'),
    r'title:"back\\slash"': has("title", "back\\slash"),
    r"title:caf\u00e9": has("title", "café"),
    r'title:"\u0000\ud800"': has("title", "\0\ud800"),
    "title:ÀÉÎ": has("title", "àéî"),
    "title:a?c": has("title", "a?c"),
    "title:a**c": has("title", "a*c"),
    "title:ab*?c": has("title", "ab?*c"),
    "title:*abc": has("title", "*abc"),
    "title:?abc": has("title", "?abc"),
    "title:it's": has("title", "it's"),
    "title:TO": has("title", "to"),
    'title:"AND"': has("title", "and"),
    "title:and": has("title", "and"),
    'title:""': has("title", ""),
    'title:"a\nb"': has("title", "a\nb"),
    "header.strict-transport-security:max-age=0": has("header.strict-transport-security", "max-age=0"),
    "media_type:text/html": has("media_type", "text/html"),
    'header.access-control-allow-origin:"*"': text("header.access-control-allow-origin", "*"),
    r"path:\/Login*": exactly("path", "/Login*"),
    'path:"/a/B"': exactly("path", "/a/B"),
    'url:"https://Example.com"': exactly("url", "https://example.com/"),
    'url:"HTTP://EXAMPLE.com:80/a/../B#x"': exactly("url", "http://example.com/B"),
    r"url:https\:\/\/example.com/A*": exactly("url", "https://example.com/A*"),
    'url:"no URL"': exactly("url", "no URL"),
    'url.exact:"https://Example.com"': exactly("url", "https://Example.com"),
    "host:EXAMPLE.com": exactly("host", "example.com"),
    "host:bücher.de": exactly("host", "xn--bcher-kva.de"),
    'host:"::1"': exactly("host", "[::1]"),
    'host:"[::1]"': exactly("host", "[::1]"),
    "host:*.Example.COM": exactly("host", "*.example.com"),
    "host.exact:EXAMPLE.com": exactly("host", "EXAMPLE.com"),
    "ip:10.0.0.1": exactly("ip", "10.0.0.1"),
    "ip:10.0.*": exactly("ip", "10.0.*"),
    'ip:"2001:DB8:0::1"': exactly("ip", "2001:db8::1"),
    "tls.sha256:ABCDEF": has("tls.sha256", "abcdef"),
    "http_version:1.1": has("http_version", "1.1"),
    "cookie.sid.httponly:TRUE": cookie("cookie.sid.httponly", "true", exact=True),
    # Numbers
    "status:200": exactly("status", "200"),
    "status:0200": exactly("status", "200"),
    "status:5*": exactly("status", "5*"),
    "status:5??": exactly("status", "5??"),
    "status:?04": exactly("status", "?04"),
    "status:(200 OR 204)": Or((exactly("status", "200"), exactly("status", "204"))),
    "status:>=400": between("status", "[400", ""),
    "status:>400": between("status", "{400", ""),
    "status:<=400": between("status", "", "400]"),
    "status:<400": between("status", "", "400}"),
    "status:> 400": between("status", "{400", ""),
    "status:(>=400 AND <500)": And((between("status", "[400", ""), between("status", "", "500}"))),
    "status:{400 TO 499}": between("status", "{400", "499}"),
    "status:[400 TO 499}": between("status", "[400", "499}"),
    "status:{400 TO 499]": between("status", "{400", "499]"),
    "status:[400 TO *}": between("status", "[400", ""),
    'status:["400" TO "499"]': between("status", "[400", "499]"),
    "status:[-1 TO 1]": between("status", "[-1", "1]"),
    "elapsed_ms:>0.5": between("elapsed_ms", "{0.5", ""),
    "body.size:[1000000 TO *]": between("body.size", "[1000000", ""),
    "script.inline:0": exactly("script.inline", "0"),
    "NOT status:[200 TO 299]": Not(between("status", "[200", "299]")),
    # Instants
    "tls.not_after:2026-01-31": between("tls.not_after", "[2026-01-31", "2026-02-01}"),
    "tls.not_after:2026-02": between("tls.not_after", "[2026-02-01", "2026-03-01}"),
    "tls.not_after:2024": between("tls.not_after", "[2024-01-01", "2025-01-01}"),
    "tls.not_after:[2026-01-01 TO 2026-01-31]": between("tls.not_after", "[2026-01-01", "2026-02-01}"),
    "tls.not_after:{2026-01-01 TO 2026-01-31}": between("tls.not_after", "[2026-01-02", "2026-01-31}"),
    "tls.not_after:>2026-01-31": between("tls.not_after", "[2026-02-01", ""),
    "tls.not_after:>=2026-01-31": between("tls.not_after", "[2026-01-31", ""),
    "tls.not_after:<2026-01-31": between("tls.not_after", "", "2026-01-31}"),
    "tls.not_after:<=2026-01-31": between("tls.not_after", "", "2026-02-01}"),
    "tls.not_after:<now": between("tls.not_after", "", "2026-06-01T12:00:00}"),
    "tls.not_after:<NOW-1w": between("tls.not_after", "", "2026-05-25T12:00:00}"),
    "tls.not_after:[now-90s TO now+1d-12h+5m]": between("tls.not_after", "[2026-06-01T11:58:30", "2026-06-02T00:05:00]"),
    "tls.not_after:[2026-01-31T12:00:00Z TO *]": between("tls.not_after", "[2026-01-31T12:00:00", ""),
    "tls.not_after:<2026-01-31T12:00": between("tls.not_after", "", "2026-01-31T12:00:00}"),
    'tls.not_after:"2026-01-31T12:00:00+02:00"': between("tls.not_after", "[2026-01-31T10:00:00", "2026-01-31T10:00:00]"),
    'tls.not_after:<"2026-01-31 12:00:00.5"': between("tls.not_after", "", "2026-01-31T12:00:00.500000}"),
    "tls.not_after:9999-12-31": between("tls.not_after", "[253402214400", "253402300800}"),
    # Words without a field
    "example": url("example"),
    "Example.COM": url("example.com"),
    "exam*org": url("exam*org"),
    "404": url("404"),
    '"example.com/a"': url("example.com/a"),
    r"\/wp-admin\/": url("/wp-admin/"),
    "-example": Not(url("example")),
    "foo bar": And((url("foo"), url("bar"))),
    "foo OR bar": Or((url("foo"), url("bar"))),
    '"a b"': url("a%20b"),
    "bücher.de": Or((url("b%c3%bccher.de"), url("xn--bcher-kva.de"))),
    "bü*cher": url("b%c3%bc*cher"),
}


@pytest.mark.parametrize("query", CONDITIONS)
def test_a_query_is_read_as_its_condition(query: str) -> None:
    assert parse(query, now=NOW) == CONDITIONS[query]


def test_instants_are_read_against_the_time_that_is_given() -> None:
    later = datetime(2027, 1, 1, tzinfo=UTC)

    assert parse("tls.not_after:<now+1d", now=later) == between("tls.not_after", "", "2027-01-02}")


def test_of_an_earlier_time_a_pattern_of_names_leaves_out_what_is_known_of_the_latest_snapshot_only() -> None:
    assert parse("_exists_:body.*", now=NOW, past=True) == exists("body.sha256")


def test_a_field_alone_is_read_as_in_a_query() -> None:
    (named,) = parse_field("Header.Server")

    assert (named.field.name, named.name) == ("header.NAME", word_or_pattern("header.server", exact=True))


def test_a_pattern_alone_means_all_its_fields() -> None:
    names = [named.field.name for named in parse_field("tls.*")]

    assert names == ["tls.version", "tls.cipher", "tls.issuer", "tls.subject", "tls.name", "tls.sha256", "tls.not_after"]


def test_queries_of_many_threads_do_not_disturb_each_other() -> None:
    queries = [query for query in CONDITIONS if query] * 5

    with ThreadPoolExecutor(8) as threads:
        read = list(threads.map(lambda query: parse(query, now=NOW), queries))

    assert read == [CONDITIONS[query] for query in queries]


def test_no_star_of_a_pattern_has_a_wildcard_after_it() -> None:
    star, one = Wildcard.ANY, Wildcard.ONE

    assert word_or_pattern("a*?*b??*") == matcher(["a", one, star, "b", one, one, star], exact=False)

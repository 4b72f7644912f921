"""What is wrong with a query: at which character, and the way out."""

from __future__ import annotations

import pytest

from inventory.errors import InvalidQuery, InvalidRequest
from inventory.observations.queries.query import parse, parse_field
from inventory.observations.queries.tokens import MAX_CHARACTERS, MAX_DEPTH, MAX_TERMS
from tests.observations.algebra import NOW

ERRORS: dict[str, tuple[int, str]] = {
    # Fields
    "header.x:a sever:nginx": (12, "Did you mean header.sever?"),
    "statsu:200": (1, "Did you mean status"),
    "tls.isuer:x": (1, "Did you mean tls.issuer"),
    "headers.server:x": (1, "Did you mean header.server"),
    "redirects.header.location:x": (1, "redirect.header.location"),
    "cookies.sid.secure:true": (1, "cookie.*.secure"),
    "scripts.host:x": (1, "Did you mean script.host"),
    "(x.y.z:1)": (2, "'x.y.z' is not a field."),
    "_exists_:sever": (10, "Did you mean header.sever?"),
    "_exists_:(title OR tilte)": (20, "Did you mean title"),
    "NOT foo:bar": (5, "'foo' is not a field."),
    "example.com:8080": (1, "A text with a colon stands in double quotes."),
    "hea*d:x": (1, "'hea*d' is not a field."),
    "redirect.*:x": (1, "fields of several kinds: redirect.url, redirect.status, redirect.header.NAME. Name one."),
    "*:nginx": (1, "fields of several kinds"),
    "header.x:(title:a)": (11, "Put a value with a colon in double quotes."),
    "_exists_:(title:a)": (11, "Put a value with a colon in double quotes."),
    "\u2028\x00:x": (2, r"'\x00' is not a field."),
    "title:a title:\ud800": (15, "Half of a surrogate pair is not a character."),
    # Syntax
    "(header.x:a": (1, "not closed"),
    "header.x:a AND (header.x:b OR (header.x:c)": (16, "not closed"),
    "header.x:a)": (11, "No parenthesis is open"),
    "()": (1, "nothing between"),
    "header.x:a AND": (15, "a condition is missing"),
    "header.x:a AND  ": (17, "a condition is missing"),
    "NOT": (4, "a condition is missing"),
    "!": (2, "a condition is missing"),
    "AND header.x:a": (1, "AND stands between two conditions"),
    "header.x:a OR OR header.x:b": (15, "OR stands between two conditions"),
    "header.x:a AND || header.x:b": (16, "OR stands between two conditions"),
    "(header.x:a OR)": (15, "A condition is missing between OR and this."),
    "header.x:": (10, 'An empty one is "".'),
    "header.x:a header.y:": (21, 'An empty one is "".'),
    "header.x: AND header.y:b": (11, 'An empty one is "".'),
    "(header.x:)": (11, 'An empty one is "".'),
    ":a": (1, "Before a colon stands the name of a field"),
    '"header.x":a': (11, "Before a colon stands the name of a field, without quotation marks."),
    "header.x:a:b": (11, "Put the value in double quotes"),
    "ip:2001:db8::1": (8, "Put the value in double quotes"),
    "url:https://example.com/": (10, "Put the value in double quotes"),
    "https://example.com/": (1, 'A URL stands in double quotes: "https://example.com/"'),
    "title:a HTTP://example.com/": (9, "A URL stands in double quotes"),
    'header.x:"a': (10, "This quotation mark is not closed."),
    'header.x:a"b"': (11, "Put the whole value in double quotes"),
    'header.x:CP="a b"': (13, "Put the whole value in double quotes"),
    "header.x:'a b'": (10, "Put values in double quotes."),
    "header.x:a\\": (11, "This backslash has no character after it"),
    "header.x:a\\\nb": (11, "\\u000a"),
    r"header.x:a\u12": (11, "four hexadecimal digits"),
    r'header.x:"a\u00zz"': (12, "four hexadecimal digits"),
    r"header.\u12:a": (8, "four hexadecimal digits"),
    "status:200 or status:301": (12, "Operators stand in capitals: OR."),
    "host:(a.org and b.org)": (13, "Operators stand in capitals: AND."),
    "not status:200": (1, "Operators stand in capitals: NOT."),
    # What Lucene has and the inventory has not
    "title:/a.*b/": (7, "Regular expressions are not supported."),
    "/a.*b/": (1, "Regular expressions are not supported."),
    "path:/a/b": (6, "Regular expressions are not supported."),
    "path:/login": (6, "needs a backslash, such as path:\\/login"),
    "title:abc~": (10, "Fuzzy and proximity searches are not supported."),
    "title:abc~0.5.5": (10, "Fuzzy and proximity searches are not supported."),
    'title:"a b"~1.5': (12, "Fuzzy and proximity searches are not supported."),
    "title:abc^1.2.3": (10, "Boosts are not supported"),
    "(title:abc)^2": (12, "Boosts are not supported"),
    # Wildcards
    "title:*ab": (7, "needs 3 characters in a row after it"),
    "title:?ab": (7, "needs 3 characters in a row after it"),
    "title:*a*b*c*": (7, "needs 3 characters in a row after it"),
    "title:?": (7, "needs 3 characters in a row after it"),
    "host:*.de OR host:*a*": (19, "needs 3 characters in a row after it"),
    "title:a*b*c*d*e*f*g*h*i*j*k*l*m*n*o*p*q*r": (7, "more than 16 wildcards"),
    "header.a*b*c*d*e*f*g*h*i*j*k*l*m*n*o*p*q*r:x": (1, "more than 16 wildcards"),
    "status:4a*": (8, "Write digits"),
    "tls.not_after:2026-*": (15, "Write a day, a month or a year"),
    "cookie.sid.secure:t*": (19, "is true or false"),
    "host:*.bücher.de": (6, "the form that begins with xn--"),
    # Values
    "status:abc": (8, "'abc' is not a whole number."),
    "status:200.5": (8, "'200.5' is not a whole number."),
    "status:２００": (8, "is not a whole number."),
    "status:99999999999999999999": (8, "is not a whole number."),
    'port:""': (6, "is not a whole number."),
    "body.size:1000": (11, "takes ranges only"),
    "elapsed_ms:10*": (12, "takes ranges only"),
    "cookie.sid.secure:yes": (19, "'yes' is neither true nor false."),
    'host:"example.com/a"': (6, "without scheme, port and path"),
    r"host:example.com\:80": (6, "without scheme, port and path"),
    'host:""': (6, "is not a host"),
    'host:"[::1"': (6, "is not a host"),
    "ip:example.com": (4, "is not an IP address"),
    "ip:10.0.0.0/8": (4, "is not an IP address"),
    # Ranges
    "header.x:[1 TO 5]": (10, "'header.x' is a text; ranges are for numbers and instants."),
    "host:>a": (6, "'host' is a host; ranges are for numbers and instants."),
    "cookie.*.secure:[a TO b]": (17, "ranges are for numbers and instants."),
    "[1 TO 5]": (1, "A range needs a field before it"),
    ">=5": (1, "A range needs a field before it"),
    "_exists_:[a TO b]": (10, "A range needs a field before it"),
    "status:[400 499]": (8, "A range is [low TO high]"),
    "status:[400 to 499]": (8, "A range is [low TO high]"),
    "status:[400 TO]": (8, "A range is [low TO high]"),
    "status:[TO 499]": (8, "A range is [low TO high]"),
    "status:[400 TO 499": (8, "A range is [low TO high]"),
    "status:[": (8, "A range is [low TO high]"),
    "status:400 TO 499]": (18, "A range is [low TO high]"),
    "status:[(400) TO 499]": (8, "A range is [low TO high]"),
    "tls.not_after:[2026-01-01T00:00:00+02:00 TO *]": (15, "An end with a colon or white space stands in double quotes."),
    "status:[4* TO 499]": (9, "The end of a range takes no wildcard"),
    "status:[499 TO 400]": (8, "Write the lower end first"),
    "status:{400 TO 400]": (8, "Nothing lies in this range."),
    "status:[a TO 5]": (9, "'a' is not a number."),
    "status:[5 TO b]": (14, "'b' is not a number."),
    "status:[1e3 TO *]": (9, "'1e3' is not a number."),
    "status:>": (9, "a number or an instant is missing"),
    "status:>-5": (9, "such as >=400"),
    "status:>(5)": (9, "such as >=400"),
    "tls.not_after:soon": (15, "'soon' is not an instant."),
    "tls.not_after:[now TO now+3x]": (23, "now with steps in s, m, h, d or w"),
    "tls.not_after:now+99999999d": (15, "is not a date that exists"),
    "tls.not_after:2026-02-30": (15, "is not a date that exists"),
    "tls.not_after:2026-13": (15, "is not a date that exists"),
    "tls.not_after:0000": (15, "is not a date that exists"),
    'tls.not_after:"2026-01-31T25:00:00Z"': (15, "is not a date that exists"),
    "tls.not_after:20260131": (15, "is not an instant"),
    "tls.not_after:[now TO now-1d]": (15, "Write the lower end first"),
    # Words without a field
    "de": (1, "needs 3 characters in a row. Name a field, such as host:de"),
    "status:200 *a*b*": (12, "needs 3 characters in a row"),
    '""': (1, "needs 3 characters in a row"),
    "TO": (1, "needs 3 characters in a row"),
}


@pytest.mark.parametrize("query", ERRORS)
def test_an_error_has_the_position_and_the_way_out(query: str) -> None:
    position, reason = ERRORS[query]

    with pytest.raises(InvalidQuery) as raised:
        parse(query, now=NOW)

    assert reason in raised.value.reason
    assert raised.value.position == position
    assert str(raised.value) == f"At character {position} of the query: {raised.value.reason}"


def test_an_error_is_one_of_the_parameter() -> None:
    with pytest.raises(InvalidRequest) as raised:
        parse("status:x", now=NOW)

    assert raised.value.errors == {
        "q": ["'x' is not a whole number. Write one such as 404, or a range such as [400 TO 499]."]
    }


@pytest.mark.parametrize("query", ["body.size:>5", "elapsed_ms:<5", "_exists_:body.size"])
def test_what_is_known_of_the_latest_snapshot_only_cannot_be_asked_of_an_earlier_time(query: str) -> None:
    with pytest.raises(InvalidQuery, match="known of the latest snapshot only"):
        parse(f"title:a {query}", now=NOW, past=True)


@pytest.mark.parametrize(("field", "reason"), [("sever", "Did you mean header.sever?"), ("", "'' is not a field.")])
def test_a_field_alone_is_refused_as_in_a_query(field: str, reason: str) -> None:
    with pytest.raises(InvalidQuery, match="At character 1 ") as raised:
        parse_field(field)

    assert reason in raised.value.reason


TOO_MUCH: dict[str, tuple[str, int, str]] = {
    "10,000 terms": (" ".join(f"host:a{number}.org" for number in range(10_000)), MAX_CHARACTERS + 1, "148,889 characters"),
    "10,000 short terms": ("a " * 7_000, 2 * MAX_TERMS + 1, "more than 256 terms"),
    "terms one too many": ("abc " * (MAX_TERMS + 1), 4 * MAX_TERMS + 1, "more than 256 terms"),
    "a megabyte": ("a" * 1_000_000, MAX_CHARACTERS + 1, "1,000,000 characters"),
    "100,000 parentheses": ("(" * 100_000 + "a" + ")" * 100_000, MAX_CHARACTERS + 1, "200,001 characters"),
    "7,000 parentheses": ("(" * 7_000 + "abc" + ")" * 7_000, MAX_DEPTH + 1, "More than 32 parentheses"),
    "parentheses one too many": ("(" * 33 + "abc" + ")" * 33, MAX_DEPTH + 1, "More than 32 parentheses"),
    "parentheses that open only": ("(" * 16_000, MAX_DEPTH + 1, "More than 32 parentheses"),
    "NOT after NOT": ("NOT " * 3_999 + "abc", 4 * MAX_DEPTH + 1, "More than 32 parentheses"),
    "minus after minus": ("-" * 15_000 + "abc", MAX_DEPTH + 1, "More than 32 parentheses"),
    "bangs": ("!" * 16_000, MAX_DEPTH + 1, "More than 32 parentheses"),
    "NOT in parentheses": ("NOT(" * 3_999, 65, "More than 32 parentheses"),
    "fields in fields": ("x:" * 8_000, 4, "This colon is part of a value"),
    "fields of groups": ("x:(" * 5_000, 50, "More than 32 parentheses"),
    "fields of negations": ("x:-" * 5_000, 50, "More than 32 parentheses"),
    "ranges": ("[ " * 8_000, 1, "A range is [low TO high]"),
    "wildcards": ("header.x:" + "*a" * 7_000, 10, "more than 16 wildcards"),
    "a long unknown name": ("x" * 15_000 + ":a", 1, "is not a field"),
    "a quotation mark that is not closed": ("abc " * 3_000 + '"', 12_001, "not closed"),
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_too_much_is_refused_at_once_at_the_first_thing_too_many(name: str) -> None:
    query, position, reason = TOO_MUCH[name]
    with pytest.raises(InvalidQuery) as raised:
        parse(query, now=NOW)

    assert (raised.value.position, reason in raised.value.reason) == (position, True), raised.value
    assert len(raised.value.reason) < 300

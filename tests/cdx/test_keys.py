"""Keys of URLs as the `surt` package writes them, and what timestamps mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from inventory.cdx import timestamps
from inventory.cdx.model import urlkey, urlkey_of
from inventory.records.model import Target


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://example.com/", "com,example)/"),
        ("http://www2.example.com/A/?b=2&a=1&B=0", "com,example)/a?a=1&b=0&b=2"),
        ("http://example.com/a//b/", "com,example)/a/b"),
        ("https://example.com/?", "com,example)/"),
        ("https://www.example.com:8443/", "com,example:8443)/"),
        ("http://www.com/x", "com)/x"),
        ("http://example.com./x", "com,example)/x"),
        ("http://127.0.0.1:81/A/b/", "1,0,0,127:81)/a/b"),
        ("http://[::1]/x", "::1)/x"),
        ("http://[::1]:81/x", "::1:81)/x"),
        ("http://example.com/%41%7e%C3%9c", "com,example)/a~%c3%9c"),
        ("http://example.com/?%E2%82%AC=1", "com,example)/?%e2%82%ac=1"),
        ("http://example.com/a%2Fb?x=%2F", "com,example)/a%2fb?x=%2f"),  # SURT's own would be another path
        ("http://example.com/a?u=http://b.test/", "com,example)/a?u=http://b.test/"),
    ],
)
def test_a_key_is_as_surt_writes_it(url: str, key: str) -> None:
    assert urlkey(url) == key


def test_what_is_no_webpage_has_no_key() -> None:
    assert urlkey_of(Target("weather", "http://a.test/", "a.test")) == ""


@pytest.mark.parametrize(
    ("text", "begins", "ends"),
    [
        ("2", "2000-01-01", "3000-01-01"),
        ("201", "2010-01-01", "2020-01-01"),
        ("20140", "2014-01-01", "2014-10-01"),
        ("20141", "2014-10-01", "2015-01-01"),
        ("201602", "2016-02-01", "2016-03-01"),
        ("2016022", "2016-02-20", "2016-03-01"),
        ("2014021", "2014-02-10", "2014-02-20"),
        ("20140228235", "2014-02-28T23:50", "2014-03-01"),
        ("20140228235959", "2014-02-28T23:59:59", "2014-03-01"),
        ("20260131120000123", "2026-01-31T12:00:00.123", "2026-01-31T12:00:00.124"),
        ("0", "0001-01-01", "1000-01-01"),
    ],
)
def test_digits_mean_all_instants_that_begin_so(text: str, begins: str, ends: str) -> None:
    assert timestamps.begins(text) == datetime.fromisoformat(begins).replace(tzinfo=UTC)
    assert timestamps.ends(text) == datetime.fromisoformat(ends).replace(tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "20140230", "2014023", "202613", "0000", "x", "٢", "2" * 15, "2" * 18])
def test_what_begins_no_instant_means_none(text: str) -> None:
    assert timestamps.begins(text) is None
    assert timestamps.ends(text) is None

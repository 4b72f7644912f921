"""Which differences tell nothing, by the name of what differs."""

from __future__ import annotations

import pytest

from inventory.changes.volatile import is_volatile_header, is_volatile_text

CSP, REPORT = "content-security-policy", "report-to"
HEADERS = [
    ("date", "Fri, 30 Jan 2026 12:00:00 GMT", "Sat, 31 Jan 2026 12:00:00 GMT", True),
    ("etag", '"1"', '"2"', True),
    ("expires", "0", "-1", True),
    ("x-request-id", "1", "2", True),
    ("x-amzn-requestid", "1", "2", True),
    ("x-correlation-id", "1", "2", True),
    ("cf-ray", "1", "2", True),
    ("x-request-id-policy", "1", "2", False),
    ("last-modified", "Fri, 30 Jan 2026 12:00:00 GMT", "Sat, 31 Jan 2026 12:00:00 GMT", True),
    ("x-cache", "HIT", "MISS", True),
    ("server", "a", "b", False),
    ("etag", '"1"', None, False),
    ("date", None, "Sat, 31 Jan 2026 12:00:00 GMT", False),
    ("age", None, "3", True),
    ("age", "3", None, True),
    ("date", "the same, and the name in another case", "the same, and the name in another case", False),
    ("set-cookie", "a=1; Path=/; Expires=Fri, 30 Jan 2026 12:00:00 GMT", "a=23; Path=/; Expires=x", True),
    ("set-cookie", "a=1; Secure", "a=1", False),
    ("set-cookie", "a=1; Path=/", "a=1; Path=/x", False),
    ("set-cookie", "a=1", "a=1; Expires=Fri, 30 Jan 2026 12:00:00 GMT", False),
    ("set-cookie", "a; Path=/", "a; Path=/x", False),
    (CSP, "script-src 'nonce-abc' 'self'", "script-src 'nonce-def' 'self'", True),
    (CSP, "script-src 'nonce-abc' 'self'", "script-src 'nonce-def'", False),
    (CSP, "script-src 'nonce-abc'", "script-src 'unsafe-inline'", False),
    (CSP, "script-src 'sha256-abc'", "script-src 'sha256-def'", False),
    (REPORT, '{"url":"https://a.test/v4?s=abc%2B"}', '{"url":"https://a.test/v4?s=def"}', True),
    (REPORT, '{"url":"https://a.test/v4?s=abc"}', '{"url":"https://b.test/v4?s=def"}', False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "old", "new", "expected"), HEADERS)
def test_a_header_line_is_volatile_by_its_name(name: str, old: str | None, new: str | None, expected: bool) -> None:
    assert is_volatile_header(name, old, new) is expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('<script nonce="abc">a()</script>', '<script nonce="def">a()</script>', True),
        ("<script nonce=abc>a()</script>", "<script nonce='def'>a()</script>", True),
        ('<script nonce="abc">a()</script>', '<script nonce="def">b()</script>', False),
        ('<input type=hidden name=csrf_token value="a">', '<input type=hidden name=csrf_token value="b">', True),
        ('<meta content="a" name="csrf-token">', '<meta content="b" name="csrf-token">', True),
        ('<input name=query value="a">', '<input name=query value="b">', False),
        ("<p>a", "<p>b", False),
    ],
)
def test_text_is_volatile_if_only_nonces_and_tokens_differ(old: str, new: str, expected: bool) -> None:
    assert is_volatile_text(old, new) is expected

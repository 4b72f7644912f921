"""Every kind of bad input has a problem of its own code, and none is an internal fault."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from flask.testing import FlaskClient

from tests.fakes import FakeWeb

ROUTE = "/api/v1/metadata"

BAD_URLS = {
    "empty": ("", "invalid_request"),
    "blank": ("   ", "invalid_url"),
    "no scheme": ("notaurl", "invalid_url"),
    "scheme-relative": ("//h/x", "invalid_url"),
    "no host": ("http://", "invalid_url"),
    "unclosed bracket": ("http://[::1", "invalid_url"),
    "port out of range": ("http://h:99999/", "invalid_url"),
    "port of letters": ("http://h:abc/", "invalid_url"),
    "host with a space": ("http://a b/", "invalid_url"),
    "ftp": ("ftp://h/x", "unsupported_scheme"),
    "file": ("file:///etc/passwd", "unsupported_scheme"),
    "javascript": ("javascript:alert(1)", "unsupported_scheme"),
    "user and password": ("http://user:secret@h/", "credentials_in_url"),
    "user alone": ("http://user@h/", "credentials_in_url"),
    "9,000 characters": ("http://h/" + "x" * 9_000, "url_too_long"),
    "NUL": ("http://h/\0", "invalid_url"),
}


@pytest.mark.parametrize(("url", "code"), BAD_URLS.values(), ids=BAD_URLS)
def test_a_bad_url_is_refused_wherever_it_is_sent(client: FlaskClient, web: FakeWeb, url: str, code: str) -> None:
    answers = [
        client.get(ROUTE, query_string={"url": url}),
        client.delete(ROUTE, query_string={"url": url}),
        client.get(f"{ROUTE}/snapshots", query_string={"url": url}),
        client.post(ROUTE, json={"url": url}),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json["code"]) == (422, code)
        assert answer.json["errors"]["url"], "the field is named"
        assert answer.mimetype == "application/problem+json"
        assert "secret" not in answer.text
    assert not web.asked


@pytest.mark.parametrize(
    "query",
    {
        "missing": "",
        "repeated": "?url=http://a/&url=http://b/",
        "lone surrogate": "?url=http://h/%ED%A0%80",
        "not UTF-8": "?url=http://h/%FF",
        "unknown parameter": "?url=http://h/&max_agee=3",
        "negative max_age": "?url=http://h/&max_age=-1",
        "max_age of letters": "?url=http://h/&max_age=soon",
        "max_age beyond all bounds": "?url=http://h/&max_age=99999999999999999999",
        "unknown field": "?url=http://h/&fields=headers,nonsense",
        "collect neither true nor false": "?url=http://h/&collect=perhaps",
    }.items(),
    ids=lambda case: case[0],
)
def test_a_bad_query_is_refused(client: FlaskClient, query: tuple[str, str]) -> None:
    answer = client.get(ROUTE + query[1])

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")
    assert answer.json["errors"]


@pytest.mark.parametrize(
    ("query", "field", "says"),
    [
        ("fields=headers,nonsense", "fields", "Item 2: Unknown. Choose from id, url,"),
        ("max_age=soon", "max_age", "Send seconds, a whole number from 0."),
        ("max_age=-1", "max_age", "Send seconds, a whole number from 0."),
    ],
)
def test_an_error_says_what_to_send(client: FlaskClient, query: str, field: str, says: str) -> None:
    answer = client.get(f"{ROUTE}?url=http://h/&{query}")

    [line] = answer.json["errors"][field]
    assert line.startswith(says)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"{", "body"),
        (b"", "body"),
        (b"[]", "body"),
        (b"null", "body"),
        (b"5", "body"),
        (b'{"url": 5}', "url"),
        (b'{"url": null}', "url"),
        (b'{"url": {"$ne": 1}}', "url"),
        (b"{}", "url"),
        (b'{"url": "http://h/", "nonsense": 1}', "nonsense"),
        (b'{"url": "http://h/\\ud800"}', "url"),
        (b'{"url": "http://h/\xff"}', "body"),
        (b"[" * 60_000, "body"),
        (b"9" * 10_000, "body"),
    ],
    ids=lambda value: value[:40].decode("latin-1") if isinstance(value, bytes) else value,
)
def test_a_bad_body_is_refused_and_the_field_is_named(client: FlaskClient, body: bytes, field: str) -> None:
    answer = client.post(ROUTE, data=body, content_type="application/json")

    assert answer.status_code == 422
    assert answer.json["code"] in {"invalid_request", "invalid_url"}
    assert field in answer.json["errors"]


def test_what_is_wrong_with_a_request_is_not_longer_than_the_request(client: FlaskClient) -> None:
    names = json.dumps({"url": 5} | {f"name {number}" * 5: 1 for number in range(1_000)}).encode()
    long = json.dumps({"x" * 50_000: 1}).encode()

    answers = [
        client.post(ROUTE, data=names, content_type="application/json"),
        client.post(ROUTE, data=long, content_type="application/json"),
        client.get(f"{ROUTE}?url=http://h/&fields={'a,' * 3_000}"),
    ]

    assert [answer.status_code for answer in answers] == [422] * 3
    assert max(len(answer.data) for answer in answers) < 10_000
    assert answers[0].json["errors"]["url"]


@pytest.mark.parametrize("content_type", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", None])
def test_a_body_that_does_not_say_it_is_json_is_415(client: FlaskClient, content_type: str | None) -> None:
    answer = client.post(ROUTE, data=b'{"url": "http://h/"}', content_type=content_type)

    assert (answer.status_code, answer.json["code"]) == (415, "unsupported_media_type")


def test_a_body_that_is_too_large_is_413(client: FlaskClient) -> None:
    answer = client.post(ROUTE, json={"url": "http://h/" + "x" * 70_000})

    assert (answer.status_code, answer.json["code"]) == (413, "request_too_large")


@pytest.mark.parametrize(
    "cursor", ["x", "é", "AAAA", "LTk5OTk5OTk5OTk5OTk5OTk5IGE=", quote("\ud800", errors="surrogatepass")]
)
def test_a_cursor_of_nobody_is_refused(client: FlaskClient, cursor: str) -> None:
    answer = client.get(f"/api/v1/records?cursor={cursor}")

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "status=nonsense", "nonsense=1"])
def test_a_bad_listing_query_is_refused(client: FlaskClient, query: str) -> None:
    assert client.get(f"/api/v1/records?{query}").json["code"] == "invalid_request"


@pytest.mark.parametrize("prefer", ["wait=abc", "wait=-1", "wait=", ",,,", "wait=99999999999", "=;=", "respond-async; x=y"])
def test_a_preference_that_cannot_be_read_is_ignored(client: FlaskClient, prefer: str) -> None:
    answer = client.get(ROUTE, query_string={"url": "http://h/", "collect": "false"}, headers={"Prefer": prefer})

    assert answer.status_code == 404, json.dumps(answer.json)

"""The body of a hit is the same byte for byte, whether it is put together from what is stored or made of its members."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inventory import json_bytes
from inventory.http_client.fetcher import Fetcher
from inventory.http_client.guard import Guard
from inventory.records import outcomes
from inventory.records.model import Failed, Failure, Record, RecordWithSnapshot, State, Target
from inventory.records.source import Collected
from inventory.store import Store
from inventory.webpages.cookies import READY
from inventory.webpages.documents import READY_BEGINS, answer, record_document, whole_snapshot
from inventory.webpages.source import Webpage
from tests.contract.backends import MockBackend, SqliteBackend
from tests.http_client.scripted import ScriptedTransport

URL = "http://name.test/a"
NOW = datetime(2026, 1, 31, 12, 0, 0, 123_000, tzinfo=UTC)
COOKIES = b"Set-Cookie: a=b; Path=/\r\nSet-Cookie: \xfcml=\xe4ut\r\nSet-Cookie: bad\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"
PAGES: dict[str, bytes] = {
    "plain": HTML + COOKIES + b"\r\n<title>Gr\xc3\xb6\xc3\x9fe</title>",
    "with what JSON escapes": HTML + b'X: ,"body":{"sha256":"\r\n\r\n<p>\0\x01\x7f"\\\n\xe2\x80\xa8</p>,"body":{"sha256":"',
    "empty": HTML + b"\r\n",
    "a byte order mark": HTML + b"\r\n\xef\xbb\xbf<p>",
    "not valid": HTML + b"\r\n<p>\xff\xfe</p>",
    "latin-1": b"Content-Type: text/html; charset=latin1\r\n" + COOKIES + b"\r\n<p>\xe4</p>",
    "no text": b"Content-Type: image/png\r\n\r\n\x89PNG\0",
    "repeated": b"\r\n" + b"<p>word</p>" * 5_000,
}
READY_PAGES = {"plain", "with what JSON escapes", "empty", "a byte order mark", "not valid", "repeated"}


def response(status: bytes, rest: bytes) -> bytes:
    return b"HTTP/1.1 " + status + b"\r\n" + rest


def redirect(to: bytes) -> bytes:
    return response(b"302 Found", b"Location: " + to + b"\r\n" + COOKIES + b"Content-Length: 0\r\n\r\n")


def collected(*answers: bytes, previous: Any = None) -> Collected:
    return Webpage(Fetcher(ScriptedTransport.of(*answers), deadline=60, body_limit=10**6), Guard()).collect(URL, previous)


@pytest.fixture(params=["sqlite", "mongomock"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    backend = MockBackend() if request.param == "mongomock" else SqliteBackend(tmp_path / "inventory.sqlite3")
    with closing(backend.open()) as store:
        yield store


def claimed(store: Store) -> Record:
    target = Target("webpage", URL, "name.test")
    record = store.records.accept(target, now=NOW, seen=store.records.find(target.id), revalidate=True).record
    claim = store.records.claim(record.id, now=NOW, lease_for=timedelta(seconds=9))
    assert claim is not None
    return claim


def kept(store: Store, what: Collected) -> RecordWithSnapshot:
    """What a lookup finds after this was collected."""
    claim = claimed(store)
    assert store.records.settle([outcomes.stored(claim, what, NOW)]) == [True]
    found = store.records.look_up(claim.id)
    assert found is not None
    return found


def is_put_together(found: RecordWithSnapshot) -> bool:
    assert found.snapshot is not None
    content = found.snapshot.content
    return isinstance(content, json_bytes.JsonObject) and content.json.startswith(READY_BEGINS) and found.text is not None


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("hops", [[], [b"/b", b"/c"], [b"/a"]], ids=["direct", "redirected", "back to itself"])
def test_both_ways_answer_the_same_bytes(store: Store, page: str, hops: list[bytes]) -> None:
    found = kept(store, collected(*map(redirect, hops), response(b"200 OK", PAGES[page])))

    for stale in (False, True):
        assert answer(found, stale=stale) == json_bytes.dumps(record_document(found, stale=stale))
    if hops != [b"/a"] and page in READY_PAGES - {"a byte order mark", "not valid"}:
        assert is_put_together(found)


def test_a_failure_after_the_snapshot_is_answered_with_it(store: Store) -> None:
    found = kept(store, collected(response(b"200 OK", PAGES["plain"])))
    failure = Failure("invalid_response", "It said \ud800.", True, 1, NOW, NOW, ({"url": URL, "status": 302},))
    assert store.records.settle([Failed(claimed(store), failure)]) == [True]

    again = store.records.look_up(found.record.id)

    assert again is not None
    assert is_put_together(again)
    assert again.record.failure == failure
    assert _parsed(answer(again, stale=True)) == _parsed(json_bytes.dumps(record_document(again, stale=True)))


def test_a_page_that_did_not_change_is_answered_with_the_body_and_the_cookies_that_it_had(store: Store) -> None:
    first = collected(redirect(b"/b"), response(b"200 OK", b'ETag: "1"\r\n' + PAGES["plain"]))
    before = kept(store, first)
    unchanged = response(b"304 Not Modified", b'ETag: "1"\r\n\r\n')

    assert before.snapshot is not None
    second = collected(redirect(b"/b"), unchanged, previous=before.snapshot.content)
    after = kept(store, second)

    assert second.unchanged
    assert is_put_together(after)
    was, now = (_parsed(answer(each, stale=False)) for each in (before, after))
    assert (was["page_source"], was["cookies"], was["body"]) == (now["page_source"], now["cookies"], now["body"])
    assert [each["set_by"] for each in now["cookies"]] == ["http://name.test/a"] * 3 + ["http://name.test/b"] * 3


def test_cookies_of_a_page_that_redirects_to_itself_are_told_apart() -> None:
    looped = (redirect(b"/a"), response(b"200 OK", b'ETag: "1"\r\n' + PAGES["plain"]))
    first = collected(*looped)

    second = collected(redirect(b"/a"), response(b"304 Not Modified", b"\r\n"), previous=first.content)

    assert READY not in first.content
    assert [each["set_by"] for each in second.content["cookies"]] == [0, 0, 0, 1, 1, 1]


def test_the_mark_is_no_member_of_what_is_answered() -> None:
    what = collected(response(b"200 OK", PAGES["plain"]))
    stored = outcomes.stored(_claim(), what, NOW)

    assert READY in what.content
    assert READY not in whole_snapshot(stored.claim.target, stored.snapshot, what.body)


def _claim() -> Record:
    return Record(Target("webpage", URL, "name.test"), State.RUNNING, NOW, NOW, NOW, 1, 1, "a" * 32)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    page=st.text(st.characters(exclude_categories=["Cs"])).map(str.encode) | st.binary(),
    lines=st.lists(st.tuples(st.from_regex(r"[A-Za-z-]+", fullmatch=True), st.binary(max_size=40)), max_size=6),
)
def test_both_ways_answer_the_same_for_any_page(tmp_path: Path, page: bytes, lines: list[tuple[str, bytes]]) -> None:
    head = b"".join(name.encode() + b": " + value.replace(b"\n", b"").replace(b"\r", b"") + b"\r\n" for name, value in lines)
    head = b"".join(
        line + b"\r\n" for line in head.split(b"\r\n") if not line.lower().startswith((b"content-", b"transfer-"))
    )
    with closing(SqliteBackend(tmp_path / "inventory.sqlite3").open()) as store:
        found = kept(store, collected(response(b"200 OK", HTML + head.rstrip(b"\r\n") + b"\r\n\r\n" + page)))

        assert answer(found, stale=False) == json_bytes.dumps(record_document(found, stale=False))


def _parsed(document: bytes) -> Any:
    return json.loads(document)

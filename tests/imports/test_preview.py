"""`POST /imports/preview`: what a file would be imported as, by its beginning; nothing of it is kept."""

from __future__ import annotations

import gzip
import io
import random
from dataclasses import replace
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from inventory import create_app
from inventory.config import Settings
from inventory.imports.preview import MAX_ROWS
from inventory.imports.sniffing import HEAD_BYTES
from inventory.services import Services
from tests.conftest import Build
from tests.imports.workbooks import workbook
from tests.ui.logging_in import make_key

PREVIEW = "/api/v1/imports/preview"
TABLE = b"page;note\nhttps://example.com/;first\nexample.org;second\n\nhttps://example.com/b;third\n"


def ask(client: FlaskClient, content: bytes, file_name: str = "urls.csv", **options: str) -> TestResponse:
    """Send the beginning of a file, as the page does."""
    return client.post(PREVIEW, query_string=options, data={"file": (io.BytesIO(content[:HEAD_BYTES]), file_name)})


def preview(client: FlaskClient, content: bytes, file_name: str = "urls.csv", **options: str) -> Any:
    answer = ask(client, content, file_name, **options)
    assert answer.status_code == 200, answer.json
    return answer.json


def test_a_table_is_recognised_and_its_first_rows_are_read(client: FlaskClient) -> None:
    found = preview(client, TABLE, kind="urls")

    assert found["format"] == {"name": "csv", "encoding": "utf-8", "column": "page", "delimiter": ";"}
    assert found["columns"] == ["page", "note"]
    assert [(row["row"], row["input"], row["code"]) for row in found["rows"]] == [
        (2, "https://example.com/", None),
        (3, "example.org", "invalid_url"),
        (5, "https://example.com/b", None),
    ]
    assert "has no scheme" in found["rows"][1]["detail"]
    assert (found["good"], found["rejected"], found["is_whole"], found["error"]) == (2, 1, True, None)


def test_it_is_what_the_import_then_does(client: FlaskClient) -> None:
    found = preview(client, TABLE, kind="urls", scheme="https")
    answer = client.post("/api/v1/imports?kind=urls&scheme=https", data={"file": (io.BytesIO(TABLE), "urls.csv")})

    assert answer.json is not None
    assert found["format"] == answer.json["format"]
    assert (found["good"], found["rejected"]) == (3, 0)


def test_nothing_is_stored(client: FlaskClient, services: Services) -> None:
    preview(client, TABLE)

    assert list(services.files.names("", limit=9)) == []
    assert client.get("/api/v1/jobs").json == {"jobs": [], "next_cursor": None}


@pytest.mark.parametrize(
    ("file_name", "content", "kind"),
    [
        ("a.csv", b"city,site\nBern,https://bern.example/\n", "urls"),
        ("a.csv", b"city,country\nBern,Switzerland\n", "cities"),
        ("a.txt", b"Bern\nZug\n", "cities"),
        ("a.txt", b"https://example.com/\n", "urls"),
        ("a.jsonl", b'{"url": "https://example.com/", "timestamp": "2026-01-31T12:00:00Z"}\n', "urls"),
        ("a.jsonl", b'{"url": "https://a.test/", "time": "2026-01-31T12:00:00Z", "message": "x"}\n', "events"),
        ("a.log", b"2026-01-31T12:00:00Z INFO started\n", "events"),
        ("a.xml", b"<urlset><url><loc>https://example.com/</loc></url></urlset>", "urls"),
    ],
)
def test_without_a_kind_the_one_is_found_that_fits(client: FlaskClient, file_name: str, content: bytes, kind: str) -> None:
    found = preview(client, content, file_name)

    assert (found["kind"], found["good"] > 0, found["rejected"]) == (kind, True, 0)


def test_a_workbook_is_recognised(client: FlaskClient) -> None:
    content = workbook({"a": {1: ["No", "URL"], 2: ["1", "https://example.com/"], 3: ["2", "nonsense"]}})

    found = preview(client, content, "a.xlsx", kind="urls")

    assert found["format"] == {"name": "xlsx", "encoding": "utf-8", "column": "URL", "delimiter": None}
    assert found["columns"] == ["No", "URL"]
    assert (found["good"], found["rejected"], found["is_whole"]) == (1, 1, True)


def noise(count: int) -> bytes:
    """Lines with URLs that no compression makes much smaller."""
    rng = random.Random(7)
    return b"url\n" + b"".join(b"https://example.com/%032x\n" % rng.getrandbits(128) for _ in range(count))


def test_a_workbook_that_was_cut_is_recognised_when_all_of_it_is_there(client: FlaskClient) -> None:
    content = workbook({"a": {1: ["URL"], 2: ["https://example.com/"]}}) + bytes(HEAD_BYTES)

    found = preview(client, content, "a.xlsx", kind="urls")

    assert (found["format"], found["rows"], found["is_whole"], found["error"]) == (None, [], False, None)


def test_a_gzipped_file_may_be_cut_in_the_middle(client: FlaskClient) -> None:
    whole = gzip.compress(noise(100))
    cut = gzip.compress(noise(20_000))
    assert len(cut) > HEAD_BYTES

    for content, is_whole in ((whole, False), (cut, False), (gzip.compress(TABLE), True)):
        found = preview(client, content, "urls.csv.gz", kind="urls")
        assert (found["format"]["name"], found["is_whole"], found["error"]) == ("csv", is_whole, None)
    assert (found["good"], found["rejected"]) == (2, 1)


def test_a_whole_gzipped_file_that_is_broken_says_so(client: FlaskClient) -> None:
    found = preview(client, gzip.compress(noise(20))[:-200], "urls.csv.gz", kind="urls")

    assert found["good"] > 0
    assert "incomplete" in found["error"]


def test_a_long_document_may_be_cut_in_the_middle(client: FlaskClient) -> None:
    one = b"<url><loc>https://example.com/%d</loc></url>"
    content = b"<urlset>" + b"".join(one % number for number in range(10_000)) + b"</urlset>"

    found = preview(client, content, "sitemap.xml", kind="urls")

    assert (found["format"]["name"], found["good"], found["is_whole"]) == ("sitemap", MAX_ROWS, False)


def test_of_a_file_that_was_cut_the_last_line_does_not_count(client: FlaskClient) -> None:
    long = b"https://example.com/?" + b"x" * 100_000
    content = b"\n".join([long] * 4)

    found = preview(client, content, "urls.txt", kind="urls")

    assert (len(found["rows"]), found["rejected"], found["is_whole"]) == (2, 2, False)
    assert len(found["rows"][0]["input"]) == 1_024


def test_where_several_columns_may_be_meant_they_are_named(client: FlaskClient) -> None:
    content = b"name,one,two\na,https://example.com/,https://example.com/i.png\n"

    answer = ask(client, content)

    assert answer.status_code == 422
    assert answer.json is not None
    assert (answer.json["code"], answer.json["columns"]) == ("invalid_file", ["one", "two"])
    assert preview(client, content, column="two")["rows"][0]["input"] == "https://example.com/i.png"


def test_of_objects_the_members_are_named_by_their_paths(client: FlaskClient) -> None:
    content = b'{"id": "1", "page": {"url": "https://example.com/"}}\n'

    assert preview(client, content, "a.jsonl", kind="urls")["columns"] == ["id", "page.url"]
    assert ask(client, content, "a.jsonl", kind="urls", column="none").json["columns"] == ["id", "page.url"]  # type: ignore[index]


def test_a_table_without_a_header_has_columns_by_number(client: FlaskClient) -> None:
    assert preview(client, b"first,https://example.com/\nsecond,https://example.org/\n")["columns"] == ["1", "2"]


@pytest.mark.parametrize(
    ("file_name", "content", "status", "code"),
    [
        ("a.csv", b"", 422, "invalid_file"),
        ("a.txt", bytes(range(256)) * 4, 422, "invalid_file"),
        ("a.pdf", b"%PDF-1.7", 415, "unsupported_media_type"),
        ("a.csv", b"a,b\n1,2\n", 422, "invalid_file"),
        ("a.xlsx", b"PK\x03\x04 nonsense", 422, "invalid_file"),
        ("a.csv.gz", b"not gzip", 422, "invalid_file"),
        ("", b"https://example.com/", 422, "invalid_request"),
    ],
)
def test_nonsense_is_answered_as_the_import_answers_it(
    client: FlaskClient, file_name: str, content: bytes, status: int, code: str
) -> None:
    answers = [
        client.post(path, data={"file": (io.BytesIO(content), file_name)})
        for path in (f"{PREVIEW}?kind=urls", "/api/v1/imports?kind=urls", PREVIEW)
    ]

    assert {(each.status_code, each.json["code"]) for each in answers if each.json} == {(status, code)}
    assert answers[0].json["detail"] == answers[1].json["detail"]  # type: ignore[index]


def test_no_more_than_the_beginning_of_a_file_is_read(client: FlaskClient) -> None:
    content = b"https://example.com/\n" * HEAD_BYTES

    for length in (HEAD_BYTES + 1, HEAD_BYTES + 100_000):
        answer = client.post(PREVIEW, data={"file": (io.BytesIO(content[:length]), "urls.txt")})
        assert (answer.status_code, answer.json["code"]) == (413, "upload_too_large")  # type: ignore[index]


def test_what_an_import_refuses_unread_a_preview_does_too(client: FlaskClient) -> None:
    for options in ({"kind": "nothing"}, {"kind": "cities", "scheme": "https"}, {"column": ""}, {"size": "1"}):
        assert ask(client, TABLE, **options).status_code == 422


def test_a_limited_key_is_told_which_rows_are_beyond_its_limits(make_services: Build, settings: Settings) -> None:
    services = make_services(replace(settings, access="keys"))
    key = make_key(services, "import:example.com")
    locked = create_app(services=services).test_client()
    locked.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {key}"

    found = preview(locked, b"https://example.com/\nhttps://example.org/\n", "urls.txt")

    assert [row["code"] for row in found["rows"]] == [None, "out_of_scope"]
    assert ask(locked, b"Bern\n", "a.txt", kind="cities").status_code == 403

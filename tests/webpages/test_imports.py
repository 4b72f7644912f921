"""Imports of kind `urls`: what becomes of each row, and how a request says what its rows lack."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import InvalidUrl
from inventory.services import Services
from inventory.webpages.job_type import checked, in_text
from tests.fakes import FakeClock
from tests.imports.workbooks import workbook
from tests.jobs.actions import work_to_the_end

IMPORTS = "/api/v1/imports"


def send(client: FlaskClient, content: bytes, name: str, **options: str) -> dict[str, Any]:
    """The job that a file became."""
    file = (io.BytesIO(content), name)
    answer = client.post(IMPORTS, query_string={"kind": "urls", **options}, data={"file": file})
    assert answer.status_code == 202, answer.json
    return dict(answer.json)


def rows(client: FlaskClient, job: dict[str, Any]) -> list[dict[str, Any]]:
    return list(client.get(f"/api/v1/jobs/{job['job_id']}/rows", query_string={"limit": 200}).json["rows"])


def test_a_row_is_a_url_or_is_rejected_with_a_reason(client: FlaskClient, services: Services, clock: FakeClock) -> None:
    url = "https://example.test/"
    lines = [f"{url}1", f"{url} 2", f"{url}\x073", "example.test/4", "- nothing", f"{url}6,{url}6"]
    reasons = ["white space", "control character", "scheme=https", "not a URL", "another URL"]
    job = send(client, "\n".join(lines).encode(), "urls.txt")
    work_to_the_end(services, clock, job["job_id"])

    found = rows(client, job)

    assert [(row["outcome"], row["code"]) for row in found] == [("succeeded", None)] + [("rejected", "invalid_url")] * 5
    assert [row["input"] for row in found] == lines
    for row, said in zip(found[1:], reasons, strict=True):
        assert said in row["detail"]


def test_the_scheme_of_an_import_is_that_of_rows_without_one(
    client: FlaskClient, services: Services, clock: FakeClock
) -> None:
    job = send(client, b"example.test/a\nhttp://example.test/b\n", "urls.txt", scheme="https")
    work_to_the_end(services, clock, job["job_id"])

    records = services.records.find_all([row["record_id"] for row in rows(client, job)])

    assert sorted(record.target.key for record in records.values()) == ["http://example.test/b", "https://example.test/a"]


@pytest.mark.parametrize("query", [{"kind": "urls", "scheme": "ftp"}, {"kind": "cities", "scheme": "https"}])
def test_a_scheme_that_cannot_be_meant_is_refused(client: FlaskClient, query: dict[str, str]) -> None:
    answer = client.post(IMPORTS, query_string=query, data={"file": (io.BytesIO(b"a.example/\n"), "a.txt")})

    assert answer.status_code == 422
    assert list(answer.json["errors"]) == ["scheme"]


@pytest.mark.parametrize(
    ("content", "name", "name_of_it", "encoding", "column", "delimiter"),
    [
        (b"https://example.test/\n", "a.txt", "text", "utf-8", None, None),
        (b"url\nhttps://example.test/\n", "a.csv", "csv", "utf-8", "url", None),
        ("Nr;Webseite\n1;https://example.test/ü\n".encode("utf-16"), "a.csv", "csv", "utf-16", "Webseite", ";"),
        (b'{"a": {"url": "https://example.test/"}}\n', "a.jsonl", "json", "utf-8", "a.url", None),
        (b"<urlset><url><loc>https://example.test/</loc></url></urlset>", "a.xml", "sitemap", "utf-8", "loc", None),
        (workbook({"a": {1: ["URL"], 2: ["https://example.test/"]}}), "a.xlsx", "xlsx", "utf-8", "URL", None),
    ],
)
def test_a_job_names_what_its_file_was_taken_for(
    client: FlaskClient,
    services: Services,
    clock: FakeClock,
    content: bytes,
    name: str,
    name_of_it: str,
    encoding: str,
    column: str | None,
    delimiter: str | None,
) -> None:
    job = send(client, content, name)

    assert job["format"] == {"name": name_of_it, "encoding": encoding, "column": column, "delimiter": delimiter}
    assert work_to_the_end(services, clock, job["job_id"]).counts.succeeded == 1


def test_of_a_document_that_is_refused_nothing_is_kept(client: FlaskClient, services: Services) -> None:
    answer = client.post(IMPORTS, query_string={"kind": "urls"}, data={"file": (io.BytesIO(b"<html/>"), "a.xml")})

    assert (answer.status_code, answer.json["code"]) == (422, "invalid_file")
    assert list(services.files.names("uploads", limit=10)) == []


@pytest.mark.parametrize(
    ("line", "url"),
    [
        ("https://a.example/", "https://a.example/"),
        ("  <https://a.example/>  ", "https://a.example/"),
        ("<URL:https://a.example/>", "https://a.example/"),
        ("<https://a.example/|label>", "https://a.example/"),
        ("[3] https://a.example/", "https://a.example/"),
        ("[tech:nginx] [http] [info] https://a.example/ [1.2]", "https://a.example/"),
        ("[href] - https://a.example/", "https://a.example/"),
        ("“https://a.example/”", "https://a.example/"),
        ("`https://a.example/` - why", "https://a.example/"),
        ("12. a.example/x", "a.example/x"),
        ("   3\thttps://a.example/", "https://a.example/"),
        ("+ [a [b] c](https://a.example/(x)) # d", "https://a.example/(x)"),
        ("![](https://a.example/x.png)", "https://a.example/x.png"),
        ("https://a.example/ (Status: 200) [Size: 1]", "https://a.example/"),
        ("https://a.example/ [\x1b[32m200\x1b[0m]", "https://a.example/"),
        ("https://a.example/ | b", "https://a.example/"),
        ("https://a.example/ -- b", "https://a.example/"),
        ("https://a.example/#b", "https://a.example/#b"),
        ("https://a.example/-b", "https://a.example/-b"),
        ("https://a.example/a,b", "https://a.example/a,b"),
    ],
)
def test_a_line_may_have_a_url_with_what_lists_write_around_it(line: str, url: str) -> None:
    assert in_text(line) == url


@pytest.mark.parametrize(
    "line",
    [
        "https://a.example/ -> https://b.example/",
        "https://a.example/ https://b.example/",
        "[a](https://a.example/) and [b](https://b.example/)",
        "<https://a.example/>https://b.example/",
        '"https://a.example/"b',
        "see https://a.example/",
        "https://a.example/ b",
        "https://a.example/\thttps://b.example/",
        "[a](",
    ],
)
def test_a_line_with_more_than_a_url_stays_as_it_is(line: str) -> None:
    assert in_text(line) == line
    with pytest.raises(InvalidUrl):
        checked(line + " x", "https")


@pytest.mark.parametrize("line", ["# https://a.example/", "; a", "// a", "<!-- a -->", "-", "-----", "[", "],", "====="])
def test_a_comment_and_a_line_without_letters_are_no_row(line: str) -> None:
    assert in_text(line) == ""


@given(st.text(st.sampled_from(" \t-*<>[]()\"'#.ha:/\u00a0\u200b1"), max_size=40) | st.text(max_size=40))
def test_what_is_found_in_a_line_is_in_it_and_one_word_or_the_whole_line(line: str) -> None:
    found = in_text(line)

    assert found in line
    try:
        url = checked(found, "https")
    except InvalidUrl:
        return
    assert not any(character.isspace() for character in url)

"""What tests of files do: sniff and read one from memory, as an upload would be."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field

from inventory import create_app
from inventory.errors import InvalidRequest
from inventory.events.job_type import EventJobs
from inventory.imports.detection import detect
from inventory.imports.rows import read
from inventory.jobs.model import InputRow
from inventory.services import Services
from inventory.weather.job_type import CityJobs
from inventory.webpages.job_type import UrlJobs

FILE_ROWS = {each.name: each.file for each in (UrlJobs, CityJobs, EventJobs)}
"""The files of each job type that takes any."""


def positions(
    content: bytes, file_name: str, *, kind: str = "urls", column: str | None = None
) -> list[tuple[InputRow, int]]:
    """All rows, each with how far in the file it ends."""
    file_rows = FILE_ROWS[kind]
    file_format = detect(io.BytesIO(content), file_rows, file_name=file_name, options={"column": column})
    return list(read(io.BytesIO(content), file_format, file_rows.in_text))


def rows(content: bytes, file_name: str, *, kind: str = "urls", column: str | None = None) -> list[InputRow]:
    """All rows."""
    return [line for line, _ in positions(content, file_name, kind=kind, column=column)]


def texts(content: bytes, file_name: str, *, kind: str = "urls", column: str | None = None) -> list[str]:
    """What the rows say; none may have been rejected."""
    lines = rows(content, file_name, kind=kind, column=column)
    assert [line for line in lines if line.code] == []
    return [line.text for line in lines]


def outcomes(content: bytes, file_name: str, *, kind: str = "urls", column: str | None = None) -> list[tuple[int, str]]:
    """For each row its number, and what it says or why it was rejected."""
    return [(line.row, line.code or line.text) for line in rows(content, file_name, kind=kind, column=column)]


@dataclass(frozen=True, kw_only=True)
class Listed:
    """A file, and what it becomes: the URLs of its rows, and how many are rejected; or what its refusal says.

    `A`, `B` and `C` are URLs, `$A`, `$B` and `$C` stand for them in the content; `H` and `I` are pages of hosts.
    """

    name: str
    content: str | bytes
    urls: str = ""
    rejected: int = 0
    refused: str | None = None
    options: Mapping[str, str] = field(default_factory=dict)


LISTED_URLS = {
    "A": "https://example.com/a",
    "B": "https://example.com/b?x=1",
    "C": "https://example.org/c",
    "H": "https://example.com/",
    "I": "https://example.org/",
}


def assert_listed(services: Services, listed: Listed) -> None:
    """Upload the file and read its rows as a worker does."""
    content = listed.content
    if isinstance(content, str):
        for letter, url in LISTED_URLS.items():
            content = content.replace(f"${letter}", url)
        content = content.encode()
    client = create_app(services=services).test_client()
    file = (io.BytesIO(content), listed.name)
    answer = client.post("/api/v1/imports", query_string={"kind": "urls", **listed.options}, data={"file": file})
    body = answer.json or {}
    if listed.refused is not None:
        assert answer.status_code in (415, 422), body
        assert listed.refused in body["detail"]
        return
    assert answer.status_code == 202, body
    job, job_type = services.jobs.find(body["job_id"]), services.job_types["urls"]
    assert isinstance(job_type, UrlJobs)
    urls, rejected = list[str](), list[str]()
    for row, _ in job_type.input_rows(job):
        try:
            if row.code is not None:
                raise InvalidRequest(row.detail or "")
            urls.append(job_type.targets(job.options).target(row.text).key)
        except InvalidRequest as error:
            rejected.append(str(error))
    wanted = [LISTED_URLS.get(each, each) for each in listed.urls.split()]
    assert (urls, len(rejected)) == (wanted, listed.rejected), rejected

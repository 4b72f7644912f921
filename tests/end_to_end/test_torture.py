"""The torture upstream through the real API and the real worker: each answer ends in a record or in a recorded failure."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.end_to_end.stack import Stack, stack_on
from tests.real_mongo import ANY_STORE
from tests.upstreams.torture import Torture

DEADLINE = 2.0

STORED = {
    # script → members of the record, as `path.to.member`
    "page": {"response.status": 200},
    "no-content": {"response.status": 204, "page_source": ""},
    "error": {"response.status": 500, "page_source": "broken"},
    "500-headers": {"response.status": 200},
    "no-colon": {"response.status": 200},
    "cut-gzip": {"body.truncated": True},
    "bad-gzip": {"body.undecoded": "gzip", "body.encoding": "base64"},
    "endless-body": {"body.truncated": True, "body.size": 4 * 1024 * 1024},
    "gzip-bomb": {"body.truncated": True},
    "br-bomb": {"body.truncated": True},
    "zstd-bomb": {"body.truncated": True},
}

FAILED = {
    # script → code
    "http-0.9": "invalid_response",
    "endless-headers": "invalid_response",
    "short-body": "incomplete_response",
    "reset": "incomplete_response",
    "redirect-loop": "too_many_redirects",
    "redirect-private": "forbidden_address",
    "redirect-file": "forbidden_address",
    "header-drip": "timeout",
    "body-drip": "timeout",
    "endless-1xx": "timeout",
}


@pytest.fixture(scope="module", params=ANY_STORE)
def running(request: pytest.FixtureRequest) -> Iterator[Stack]:
    with stack_on(request.param, fetch_deadline=DEADLINE, max_attempts=1, retry_failed_after=600) as running:
        running.start()
        yield running


@pytest.fixture(scope="module")
def torture() -> Iterator[Torture]:
    with Torture() as upstream:
        yield upstream


@pytest.mark.parametrize(("script", "members"), STORED.items(), ids=STORED)
def test_an_answer_ends_in_a_record(running: Stack, torture: Torture, script: str, members: dict[str, object]) -> None:
    url = torture.url(script)
    assert running.look_up(url).status_code == 202

    record = running.wait_for(url, 200).json()

    for path, value in members.items():
        member = record
        for name in path.split("."):
            member = member[name]
        assert member == value, path


@pytest.mark.parametrize(("script", "code"), FAILED.items(), ids=FAILED)
def test_what_is_not_an_answer_ends_in_a_failure_of_the_api(
    running: Stack, torture: Torture, script: str, code: str
) -> None:
    url = torture.url(script)
    begun = time.monotonic()
    assert running.look_up(url).status_code == 202

    answer = running.wait_for(url, 502, 504)

    assert answer.json()["failure"]["code"] == code
    assert answer.status_code == (504 if code == "timeout" else 502)
    assert time.monotonic() - begun < DEADLINE + 60, "the deadline, and room for the queue"

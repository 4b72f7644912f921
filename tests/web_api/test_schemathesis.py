"""Generated requests against the served document find no fault of ours and no answer that is not documented."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as profile

from inventory import create_app
from inventory.config import Settings
from tests.conftest import Build
from tests.fakes import FakeClock

if TYPE_CHECKING:
    import schemathesis
    from schemathesis.schemas import APIOperation, BaseSchema

VERBS = {"get", "post", "put", "delete", "patch"}


@pytest.fixture
def clock() -> FakeClock:
    """A clock that goes on, because a request may ask to wait for up to 30 seconds, and nobody collects meanwhile."""
    return FakeClock(step=5.0)


@pytest.fixture
def served(make_services: Build, settings: Settings) -> BaseSchema:
    """The document of an app with room for many downloads, because schemathesis closes no response."""
    import schemathesis  # here: every process of the suite reads this module, and it takes a second

    services = make_services(replace(settings, live_streams=1_000, api_threads=1_024))
    return schemathesis.openapi.from_wsgi("/openapi.json", create_app(services=services))


def operations(served: BaseSchema) -> Iterator[APIOperation]:
    for result in served.get_all_operations():
        yield result.ok()


def test_every_operation_is_among_those_that_are_tried(served: BaseSchema) -> None:
    documented = [
        (path, method) for path, methods in served.raw_schema["paths"].items() for method in methods if method in VERBS
    ]

    assert sorted((operation.path, operation.method) for operation in operations(served)) == sorted(documented)
    assert len(documented) > 10


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", ["POSITIVE", "NEGATIVE"], ids=["fitting", "unfitting"])
def test_every_answer_is_documented(served: BaseSchema, name: str) -> None:
    from schemathesis import GenerationMode, checks
    from schemathesis.specs.openapi import checks as openapi

    mode = GenerationMode[name]
    all_checks = [
        checks.not_a_server_error,
        openapi.status_code_conformance,
        openapi.content_type_conformance,
        openapi.response_schema_conformance,
    ]
    for operation in operations(served):
        tried = 0

        @given(case=operation.as_strategy(generation_mode=mode))
        @profile(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
        def answers_as_documented(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(checks=all_checks)

        if mode is GenerationMode.NEGATIVE and not operation.query and not operation.body:
            continue  # there is nothing about it that could be unfitting
        answers_as_documented()
        assert tried

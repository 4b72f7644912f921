"""Generated requests against the served document find no fault of ours and no answer that is not documented."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode, checks
from schemathesis.schemas import APIOperation, BaseSchema
from schemathesis.specs.openapi import checks as openapi

from inventory import create_app
from inventory.wiring import Services

CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
]

VERBS = {"get", "post", "put", "delete", "patch"}


@pytest.fixture
def served(services: Services) -> BaseSchema:
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
@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE], ids=["fitting", "unfitting"])
def test_every_answer_is_documented(served: BaseSchema, mode: GenerationMode) -> None:
    for operation in operations(served):
        tried = 0

        @given(case=operation.as_strategy(generation_mode=mode))
        @settings(max_examples=80, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
        def answers_as_documented(case: schemathesis.Case) -> None:
            nonlocal tried
            tried += 1
            case.call_and_validate(checks=CHECKS)

        if mode is GenerationMode.NEGATIVE and not operation.query and not operation.body:
            continue  # there is nothing about it that could be unfitting
        answers_as_documented()
        assert tried
